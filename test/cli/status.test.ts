// SPDX-License-Identifier: Apache-2.0
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { addHeld, addHostile, addMixed, addTiny } from '#test/fake-hub/repos.ts';
import { ask } from '#test/support/http.ts';
import { airlock } from '#test/support/mirror.ts';
import { useWorld } from '#test/support/world.ts';
import { runCli } from './run-cli.ts';

const world = useWorld({
  repos: (hub) => {
    addTiny(hub);
    addMixed(hub);
    addHeld(hub);
    addHostile(hub);
  },
  config: { sources: [{ match: '*', mode: 'auto', exclude: ['sub/*'] }] },
});
const status = (...args: string[]) => airlock(['status', ...args], world.mirror);
const head = (id: string) => world.hub.repo(id).head().id;

beforeAll(async () => {
  for (const name of ['tiny', 'mixed', 'held', 'hostile']) await ask(world.mirror.url, `/api/models/acme/${name}`);
});

describe('airlock status', () => {
  it('says how recent intakes ended, what is held and why', async () => {
    const { status: code, stdout } = await status();
    expect(code).toBe(0);
    expect(stdout).toContain(`Held for review: 1\n  acme/held@${head('acme/held')}\n    hold: "pytorch_model.bin"`);
    expect(stdout).not.toContain('Denied');
    for (const [name, outcome] of [
      ['tiny', 'approved'],
      ['mixed', 'approved'],
      ['held', 'held'],
      ['hostile', 'denied'],
    ])
      expect(stdout).toContain(`acme/${name}@${head(`acme/${name}`)}  ${outcome}\n`);
  });

  it('lists denials where they are asked for', async () => {
    const { stdout } = await status('--denied');
    expect(stdout).toContain(`Denied: 1\n  acme/hostile@${head('acme/hostile')}\n    deny: "pytorch_model.bin"`);
    const json = JSON.parse((await status('--denied', '--json')).stdout);
    expect(json).toMatchObject({ denied: [{ repo: 'acme/hostile' }], held: [{ repo: 'acme/held' }], running: [] });
  });
});

describe('airlock status REPO@REV', () => {
  it('of a release: what is served, what is not and why, by whose word', async () => {
    const { stdout } = await status('acme/mixed');
    expect(stdout).toContain(`acme/mixed@${head('acme/mixed')}: approved\n  approved  20`);
    expect(stdout).toContain(' by policy\n');
    expect(stdout).toMatch(/^ {2}statement sha256:[0-9a-f]{64}$/m);
    expect(stdout).toContain('  license   apache-2.0 (README.md)\n');
    expect(stdout).toContain('  files     6 served, 1 withheld, 3 excluded\n');
    expect(stdout).toMatch(/^ {2}withheld {2}pytorch_model\.bin: .*acme\.layers.*\[verdict-review\]$/m);
    expect(stdout).toContain('  excluded  sub/notes.txt: exclude: sub/*\n');
  });

  it('of a refusal: every reason, and what was found where', async () => {
    const { stdout } = await status(`acme/hostile@${head('acme/hostile')}`);
    expect(stdout).toContain(`acme/hostile@${head('acme/hostile')}: denied\n`);
    expect(stdout).toMatch(/^ {2}deny {6}"pytorch_model\.bin" .*\[verdict-block\]$/m);
    expect(stdout).toMatch(/^ {2}file {6}pytorch_model\.bin: block\n {12}block: .*os\.system/m);
  });

  it('as JSON, and of what nobody asked for', async () => {
    expect(JSON.parse((await status('acme/mixed', '--json')).stdout)).toMatchObject({
      state: 'approved',
      withheldCount: 1,
    });
    expect((await status('acme/nobody')).stdout).toBe('acme/nobody: unknown\n');
  });
});

it('airlock approve of what upstream does not have says so', async () => {
  const { status: code, output } = await airlock(['approve', 'acme/unknown', '--reason', 'x'], world.mirror);
  expect([code, output]).toEqual([70, 'airlock: acme/unknown was not found upstream.\n']);
});

it('paths start where npm was called', async () => {
  const [caller, checkout] = [await world.temp('caller'), await world.temp('checkout')];
  await mkdir(join(caller, 'x'));
  await writeFile(join(caller, 'x/config.json'), '{}');
  const env = { INIT_CWD: caller, npm_lifecycle_event: 'airlock' };
  expect(await runCli(['scan', './x'], checkout, env)).toMatchObject({ status: 0, stdout: './x: pass\n' });
  expect(await runCli(['scan', './x'], caller, {})).toMatchObject({ status: 0 });
  expect(await runCli(['scan', './x'], checkout, { INIT_CWD: caller })).toMatchObject({ status: 64 });
});
