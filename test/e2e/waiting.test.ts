// SPDX-License-Identifier: Apache-2.0
import { afterEach, expect, it } from 'vitest';
import { addBig } from '#test/fake-hub/repos.ts';
import { hf } from '#test/support/clients.ts';
import { ask } from '#test/support/http.ts';
import { airlock } from '#test/support/mirror.ts';
import { until } from '#test/support/until.ts';
import { useWorld } from '#test/support/world.ts';

const MIB = 2 ** 20;
const NAMES = ['patient', 'file', 'told', 'watched', 'abandoned', 'held-open'];
const world = useWorld({
  config: { intake: { holdApiSeconds: 1, holdResolveSeconds: 1, holdLlamaCppSeconds: 1 } },
  repos: (hub) => {
    for (const name of NAMES) addBig(hub, 8, `acme/${name}`);
  },
});
afterEach(() => world.hub.faults.clear());

/** About `seconds` for the weights of 8 MiB. */
const slow = (name: string, seconds: number) =>
  world.hub.faults.add({ fault: 'bandwidth', repo: `acme/${name}`, bytesPerSecond: (8 * MIB) / seconds });

it('hf download 2.4 goes on by itself over several waits, and succeeds', async () => {
  slow('patient', 8);
  const result = await hf('2.4', ['download', 'acme/patient'], await world.person());
  expect(result.status, result.output).toBe(0);
  expect(result.output).toMatch(/\[airlock\] acme\/patient@[0-9a-f]{7} is being fetched/);
});

it('hf download of one file goes on by itself as well', async () => {
  slow('file', 6);
  const result = await hf('2.4', ['download', 'acme/file', 'model.safetensors'], await world.person());
  expect(result.status, result.output).toBe(0);
});

it('a wait is a 503 with a Retry-After in digits and one line that says how far it is', async () => {
  slow('told', 8);
  for (const url of ['/api/models/acme/told', '/api/models/acme/told/tree/main', '/acme/told/resolve/main/config.json'])
    for (const method of ['GET', 'HEAD']) {
      const answer = await ask(world.mirror.url, url, { method });
      expect(answer.status, url).toBe(503);
      expect(answer.headers['retry-after']).toMatch(/^\d{1,3}$/);
      expect(answer.headers['x-error-message']).toMatch(/^\[airlock\] acme\/told@[0-9a-f]{7} is being fetched/);
      expect(answer.headers['cache-control']).toBe('no-store');
      expect(answer.headers.etag).toBeUndefined();
    }
  expect(world.hub.stats.log.filter((row) => row.repo === 'acme/told' && row.class === 'cdn')).toHaveLength(1);
});

it('airlock status and the API show stage and bytes while an intake runs', async () => {
  slow('watched', 10);
  const waiting = hf('2.4', ['download', 'acme/watched'], await world.person());
  await until('a part of the weights was sent', () => world.hub.stats.sent('acme/watched') > 2 * MIB);
  const listed = await ask(world.mirror.url, '/api/airlock/intakes');
  const rows = JSON.parse(listed.text) as unknown;
  expect(listed.status).toBe(200);
  expect(JSON.stringify(rows)).toContain('acme/watched');
  const status = await airlock(['status'], world.mirror);
  expect(status.status, status.output).toBe(0);
  expect(status.stdout).toContain('acme/watched');
  expect((await waiting).status).toBe(0);
});

it('an intake outlives the client that asked for it', async () => {
  slow('abandoned', 4);
  const gone = new AbortController();
  const client = hf('2.4', ['download', 'acme/abandoned'], { ...(await world.person()), signal: gone.signal });
  await until('a part of the weights was sent', () => world.hub.stats.sent('acme/abandoned/model.safetensors') > MIB);
  gone.abort();
  await client;
  await until('the weights are served', async () => {
    const answer = await ask(world.mirror.url, '/acme/abandoned/resolve/main/model.safetensors', { method: 'HEAD' });
    return answer.status === 200;
  });
  expect(world.hub.stats.sent('acme/abandoned/model.safetensors')).toBe(8 * MIB);
});
