// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import { ask } from '#test/support/http.ts';
import { listingOf } from '#test/support/listing.ts';
import { until } from '#test/support/until.ts';
import { useWorld } from '#test/support/world.ts';
import { addRepo, CLIENTS, repoOf } from './clients/all.ts';
import { expectArrived } from './clients/arrived.ts';
import type { Client } from './clients/client.ts';

const present = CLIENTS.filter((client) => client.missing === undefined);
const world = useWorld({
  config: {
    intake: { holdApiSeconds: 1, holdResolveSeconds: 1, concurrent: 2 * CLIENTS.length },
  },
  repos: (hub) => {
    for (const client of present)
      for (const what of ['slow', 'slow-hostile'] as const) {
        addRepo(hub, client, what);
        for (const path of [lateFile(client), client.kind === 'models' ? 'pytorch_model.bin' : 'data/cache.pkl'])
          hub.faults.add({ fault: 'latency', ms: 4000, class: 'resolve', repo: repoOf(what, client), path });
      }
  },
});

const lateFile = ({ kind, takes }: Client) =>
  kind === 'models' || takes === 'all' ? 'model.safetensors' : (takes[0] ?? '');

// At the same time: they wait.
it.concurrent.each(present)('$name says that a model is being fetched, and has it in the end', async (client) => {
  const repo = repoOf('slow', client);
  const person = await world.person();
  const first = await client.get(repo, 'main', person);
  for (const text of client.waiting) expect(first.seen).toMatch(text);
  expect(first.ok, first.seen).toBe(client.patient);
  const promised = () => listingOf(world.hub.url, repo, 'main', client.kind);
  if (client.patient) return expectArrived(client, first, await promised());
  expect(first.files).toEqual({});
  const prefix = client.kind === 'models' ? '' : `/${client.kind}`;
  const url = `${prefix}/${repo}/resolve/main/${lateFile(client)}`;
  await until('it is served', async () => (await ask(world.mirror.url, url, { method: 'HEAD' })).status === 200, 90);
  expectArrived(client, await client.get(repo, 'main', person), await promised());
});

const patient = present.filter((client) => client.patient);
it.concurrent.each(patient)('$name stops to wait when the model is refused, and shows why', async (client) => {
  const { ok, files, seen } = await client.get(repoOf('slow-hostile', client), 'main', await world.person());
  expect(ok).toBe(false);
  for (const text of [...client.waiting, ...client.refused]) expect(seen).toMatch(text);
  expect(files).toEqual({});
});
