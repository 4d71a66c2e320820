// SPDX-License-Identifier: Apache-2.0
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { addTiny } from '#test/fake-hub/repos.ts';
import { hf } from '#test/support/clients.ts';
import { airlock, startMirror } from '#test/support/mirror.ts';
import { until } from '#test/support/until.ts';
import { useWorld } from '#test/support/world.ts';

// A running mirror gets new scanner rules, by the command line and by a signal.
const world = useWorld({ repos: (hub) => void addTiny(hub) });
const ID = 'acme/tiny';

/** The mirror once more, with a folder of rules of its own. */
async function withOwnRules(): Promise<string> {
  const folder = await world.temp('rules');
  const { options } = world.mirror;
  await world.mirror.stop();
  world.mirror = await startMirror({ ...options, config: { scan: { rules: folder } } });
  return join(folder, 'own.yaml');
}

const stateOf = async () => JSON.parse((await airlock(['status', `${ID}@main`, '--json'], world.mirror)).stdout).state;

it('changed rules quarantine a release, tell the client and the reviewer why, and let it go again', async () => {
  const file = await withOwnRules();
  const somebody = await world.person();
  const first = await hf('2.4', ['download', ID], somebody);
  expect(first.status, first.output).toBe(0);

  await writeFile(file, 'formats:\n  safetensors: { as: program }\n');
  const rescan = await airlock(['rescan'], world.mirror);
  expect(rescan.status, rescan.output).toBe(2);
  expect(rescan.stdout).toContain(`quarantined: models/${ID}@`);
  const last = await airlock(['rescan', '--last'], world.mirror);
  expect(last.status, last.output).toBe(2);
  expect(last.stdout).toMatch(/^rescan \S+ finished under scanner rules [0-9a-f]{12}: 1 releases/);
  const begun = await airlock(['rescan', '--no-wait'], world.mirror);
  expect([begun.status, begun.stdout]).toEqual([0, expect.stringMatching(/^rescan \S+ runs under/)]);
  expect((await airlock(['rescan', '--malware', 'some'], world.mirror)).status).toBe(64);
  const unasked = await airlock(['rescan', '--malware'], world.mirror);
  expect([unasked.status, unasked.output]).toEqual([70, expect.stringContaining('scan.clamav')]);
  const refused = await hf('2.4', ['download', ID], await world.person());
  expect(refused.status).not.toBe(0);
  expect(refused.output).toContain('was quarantined by policy');
  expect(refused.output).toContain('no longer pass it');
  const commit = world.hub.repo(ID).head().id;
  const weights = await fetch(`${world.mirror.url}/${ID}/resolve/${commit}/model.safetensors`);
  expect(weights.status).toBe(403);
  const status = await airlock(['status', `${ID}@main`], world.mirror);
  expect(status.stdout).toContain('quarantined');
  expect(status.stdout).toContain('executable');
  const approve = await airlock(['approve', `${ID}@main`, '--even-denied', '--reason', 'please'], world.mirror);
  expect(approve.status).not.toBe(0);
  expect(approve.output).toContain('Nobody can accept that');

  await writeFile(file, 'formats: [');
  const broken = await airlock(['rescan'], world.mirror);
  expect(broken.status).not.toBe(0);
  expect(broken.output).toContain('The scanner rules can not be used');
  expect(await stateOf()).toBe('quarantined');

  await rm(file);
  process.kill(world.mirror.pid, 'SIGHUP');
  await until('it is served again', async () => (await stateOf()) === 'approved');
  const again = await hf('2.4', ['download', ID], await world.person());
  expect(again.status, again.output).toBe(0);
});

it('rules that are broken stop the start, and a signal with broken rules stops nothing', async () => {
  const file = await withOwnRules();
  await writeFile(file, 'problems:\n  zip-crc: { level: warn, reason: x }\n');
  process.kill(world.mirror.pid, 'SIGHUP');
  await until('the log says so', () => world.mirror.logs().includes('The rules in force stay'));
  expect(await stateOf()).toBe('approved');
  await world.mirror.stop();
  await expect(startMirror(world.mirror.options)).rejects.toThrow('zip-crc');
  await rm(file);
  world.mirror = await startMirror(world.mirror.options);
});

it('rules that changed while the mirror was down judge its releases at the start', async () => {
  const file = await withOwnRules();
  await mkdir(join(file, '..'), { recursive: true });
  expect((await airlock(['rescan'], world.mirror)).status).toBe(0);
  await writeFile(file, 'formats:\n  safetensors: { as: unread }\n');
  await world.restart();
  await until('it is quarantined', async () => (await stateOf()) === 'quarantined');
  await rm(file);
  expect((await airlock(['rescan', '--json'], world.mirror)).stdout).toContain('"released":["models/acme/tiny@');
});
