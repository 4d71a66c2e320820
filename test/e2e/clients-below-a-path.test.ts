// SPDX-License-Identifier: Apache-2.0
import { beforeAll, expect, it } from 'vitest';
import { freePort } from '#test/support/free-port.ts';
import { listingOf } from '#test/support/listing.ts';
import { useWorld } from '#test/support/world.ts';
import { addRepo, CLIENTS, repoOf } from './clients/all.ts';
import { expectArrived } from './clients/arrived.ts';
import { OURS } from './clients/client.ts';

/** As a shared host serves it, and written as people write it: some clients then ask with two slashes. */
const port = await freePort();
const BASE = `http://127.0.0.1:${port}/shared/airlock`;
const present = CLIENTS.filter((client) => client.missing === undefined);
const world = useWorld({
  port,
  config: { publicUrl: BASE },
  repos: (hub) => {
    for (const client of present) for (const what of ['cold', 'hostile'] as const) addRepo(hub, client, what);
  },
});

// Not cold: many at once on a small machine would be told to come again.
beforeAll(async () => {
  const urls = present.map((client) => `${BASE}/api/${client.kind}/${repoOf('cold', client)}`);
  for (const answer of await Promise.all(urls.map((url) => fetch(url)))) expect(answer.status).toBe(200);
});

it.concurrent.each(present)('$name finds the mirror below a path with a slash at its end', async (client) => {
  const repo = repoOf('cold', client);
  const got = await client.get(repo, 'main', await world.person({ endpoint: `${BASE}/` }));
  expectArrived(client, got, await listingOf(world.hub.url, repo, 'main', client.kind));
});

const shown = present.filter((client) => client.refused.includes(OURS.refused));
it.concurrent.each(shown)('$name shows a link that leads there', async (client) => {
  const { seen } = await client.get(repoOf('hostile', client), 'main', await world.person({ endpoint: `${BASE}/` }));
  const link = /Details: (http\S+\/decision)/.exec(seen)?.[1] ?? '';
  expect(link.startsWith(`${BASE}/api/airlock/${client.kind}/${repoOf('hostile', client)}/`), seen).toBe(true);
  expect(await (await fetch(link)).json()).toMatchObject({ state: 'denied' });
});
