// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import { ask } from '#test/support/http.ts';
import { until } from '#test/support/until.ts';
import { useWorld } from '#test/support/world.ts';
import { addRepo, CLIENTS, repoOf } from './clients/all.ts';

const present = CLIENTS.filter((client) => client.missing === undefined);
const world = useWorld({
  config: {
    intake: { holdApiSeconds: 1, holdResolveSeconds: 1, concurrent: CLIENTS.length },
  },
  repos: (hub) => {
    for (const client of present) {
      addRepo(hub, client, 'slow');
      hub.faults.add({
        fault: 'latency',
        ms: 4000,
        class: 'resolve',
        repo: repoOf('slow', client),
        path: last(client),
      });
    }
  },
});

/** The file that comes late. */
const last = ({ kind, takes }: (typeof CLIENTS)[number]) =>
  kind === 'models' || takes === 'all' ? 'model.safetensors' : (takes[0] ?? '');

// At the same time: they wait.
it.concurrent.each(present)('$name says that a model is being fetched, and has it in the end', async (client) => {
  const repo = repoOf('slow', client);
  const person = await world.person();
  const first = await client.get(repo, 'main', person);
  for (const text of client.waiting) expect(first.seen).toMatch(text);
  expect(first.ok, first.seen).toBe(client.patient);
  if (client.patient) return;
  expect(first.files).toEqual({});
  const prefix = client.kind === 'models' ? '' : `/${client.kind}`;
  const url = `${prefix}/${repo}/resolve/main/${last(client)}`;
  await until('it is served', async () => (await ask(world.mirror.url, url, { method: 'HEAD' })).status === 200, 90);
  const again = await client.get(repo, 'main', person);
  expect(again.ok, again.seen).toBe(true);
});
