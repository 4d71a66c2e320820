// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { addHostile, addTiny } from '#test/fake-hub/repos.ts';
import { ask } from '#test/support/http.ts';
import { run } from '#test/support/run.ts';
import { until } from '#test/support/until.ts';
import { useWorld } from '#test/support/world.ts';
import { OURS } from './clients/client.ts';

/** What depends on the options that people give to curl; the rest of it is in `clients.test.ts`. */
const world = useWorld({
  config: { intake: { holdApiSeconds: 1 } },
  repos: (hub) => {
    addHostile(hub);
    addTiny(hub, 'acme/slow');
    hub.faults.add({ fault: 'latency', ms: 3000, class: 'resolve', repo: 'acme/slow', path: 'model.safetensors' });
  },
});
beforeAll(async () => {
  const refused = async () => (await ask(world.mirror.url, '/api/models/acme/hostile')).status === 403;
  await until('acme/hostile is refused', refused);
});
const curl = (path: string, ...options: string[]) => run('curl', ['-sSL', ...options, `${world.mirror.url}/${path}`]);

it('with --fail-with-body it fails, and prints the reason as JSON', async () => {
  const result = await curl('acme/hostile/resolve/main/config.json', '--fail-with-body');
  expect(result.status).toBe(22);
  expect(JSON.parse(result.stdout)).toMatchObject({ error: expect.stringMatching(OURS.refused) });
});

it('without -f it succeeds, and what is saved is the reason and no model', async () => {
  const file = join(await world.temp('curl'), 'pytorch_model.bin');
  const result = await curl('acme/hostile/resolve/main/pytorch_model.bin', '-o', file);
  expect(result.status).toBe(0);
  expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({ error: expect.stringMatching(OURS.refused) });
});

it('with --retry it comes back when it was told to, and has the file', async () => {
  const file = join(await world.temp('curl'), 'model.safetensors');
  const started = performance.now();
  const result = await curl('acme/slow/resolve/main/model.safetensors', '-f', '--retry', '5', '-o', file);
  expect(result.status, result.output).toBe(0);
  // Retry-After is 5 at least, and curl's own first pause is one second.
  expect(performance.now() - started).toBeGreaterThan(5000);
  const { content } = world.hub.repo('acme/slow').file('model.safetensors');
  expect((await readFile(file)).equals(Buffer.concat([...content.read(0, content.size)]))).toBe(true);
});
