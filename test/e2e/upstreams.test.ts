// SPDX-License-Identifier: Apache-2.0
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { addTiny, card, tinyFiles } from '#test/fake-hub/repos.ts';
import { type FakeHub, startFakeHub } from '#test/fake-hub/server.ts';
import { hf } from '#test/support/clients.ts';
import { filesBelow } from '#test/support/files.ts';
import { ask } from '#test/support/http.ts';
import { airlock, type Mirror, startMirror } from '#test/support/mirror.ts';
import { useTemp } from '#test/support/temp.ts';
import { until } from '#test/support/until.ts';

const temp = useTemp();
let hub: FakeHub;
let mirrors: Mirror[];

beforeEach(async () => {
  hub = await startFakeHub();
  mirrors = [];
});
afterEach(async () => {
  for (const mirror of mirrors.reverse()) await mirror.stop();
  await hub.stop();
});

async function mirrorOf(upstreams: object[], more: object = {}): Promise<Mirror> {
  const dataDir = join(await temp('mirror'), 'data');
  const patience = { tries: 1, requestTimeoutSeconds: 20 };
  const config = { upstreams: upstreams.map((entry) => ({ ...patience, ...entry })), ...more };
  const mirror = await startMirror({ dataDir, config });
  mirrors.push(mirror);
  return mirror;
}

async function writeRepo(folder: string): Promise<void> {
  for (const [path, content] of Object.entries({ ...tinyFiles(), 'README.md': '# Ours\n' })) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content as unknown as Uint8Array);
  }
}

async function download(mirror: Mirror, id: string) {
  const home = await temp('home');
  const args = ['download', id, '--local-dir', join(home, 'local')];
  const result = await hf('2.4', args, { endpoint: mirror.url, home });
  return { ...result, files: await filesBelow(join(home, 'local')) };
}

it('a model of the house goes from its folder to a client, and goes on when the folder is gone', async () => {
  const root = await temp('in-house');
  await writeRepo(join(root, 'models/house/tiny'));
  const mirror = await mirrorOf([
    { name: 'in-house', folder: root, match: ['house/*'], trust: 'own' },
    { name: 'public', url: hub.url },
  ]);
  // Somebody has registered the name of the house on the public hub.
  addTiny(hub, 'house/tiny').move('main', { 'config.json': '{"evil": true}' });
  addTiny(hub, 'house/secret');

  const first = await download(mirror, 'house/tiny');
  expect(first.output).not.toContain('[airlock]');
  expect(first.status).toBe(0);
  expect(first.files.find(({ path }) => path === 'README.md')?.bytes.toString()).toBe('# Ours\n');

  const missing = await download(mirror, 'house/secret');
  expect(missing.status).not.toBe(0);
  expect(missing.output).toContain('house/secret was not found in the upstream "in-house", which owns that name here');

  await rm(root, { recursive: true });
  const offline = await download(mirror, 'house/tiny');
  expect(offline.status).toBe(0);
  expect(offline.files.find(({ path }) => path === 'config.json')?.bytes.toString()).not.toContain('evil');
  expect((await download(mirror, 'house/other')).output).toContain('The upstream "in-house" can not be reached');
  expect(hub.stats.log).toEqual([]);
});

it('a mirror of a mirror takes what the other one has signed, and keeps that statement', async () => {
  addTiny(hub);
  const other = await mirrorOf([{ name: 'public', url: hub.url }]);
  const key = join(await temp('key'), 'other.pub');
  await writeFile(key, (await ask(other.url, '/api/airlock/key')).body);
  const mirror = await mirrorOf([{ name: 'other', url: other.url, key }]);

  expect((await download(mirror, 'acme/tiny')).status).toBe(0);
  const at = `/api/airlock/models/acme/tiny/revision/main`;
  const theirs = await ask(other.url, `${at}/statement`);
  expect((await ask(mirror.url, `${at}/upstream-statement`)).body).toEqual(theirs.body);
  expect((await ask(other.url, `${at}/upstream-statement`)).status).toBe(404);

  // Without a key it is a hub like any other.
  const trusting = await mirrorOf([{ name: 'other', url: other.url }]);
  expect((await download(trusting, 'acme/tiny')).status).toBe(0);
  expect((await ask(trusting.url, `${at}/upstream-statement`)).status).toBe(404);
});

it('a mirror of a mirror takes nothing under the key of another, and everything anew once that is put right', async () => {
  hub.repo('acme/tiny').commit({ ...tinyFiles(), 'README.md': card('mit') });
  const other = await mirrorOf([{ name: 'public', url: hub.url }]);
  const wrong = join(await temp('key'), 'wrong.pub');
  // The evidence key signs what is a no.
  await writeFile(wrong, (await ask(other.url, '/api/airlock/key?role=evidence')).body);
  const mirror = await mirrorOf([{ name: 'other', url: other.url, key: wrong }]);
  const refused = await download(mirror, 'acme/tiny');
  expect(refused.status).not.toBe(0);
  expect(refused.output).toContain('has no valid release statement');
  expect((await airlock(['status', 'acme/tiny'], mirror)).output).toContain('denied');

  await mirror.stop();
  await writeFile(wrong, (await ask(other.url, '/api/airlock/key')).body);
  const again = await startMirror(mirror.options);
  mirrors.push(again);
  expect((await download(again, 'acme/tiny')).status).toBe(0);
});

it('a branch that upstream rewrote, and a release that another mirror revoked, are alerts; what is approved stays', async () => {
  const tiny = addTiny(hub);
  const refs = { refs: { watchMinutes: 1 } };
  const other = await mirrorOf([{ name: 'public', url: hub.url }], refs);
  const key = join(await temp('key'), 'other.pub');
  await writeFile(key, (await ask(other.url, '/api/airlock/key')).body);
  const mirror = await mirrorOf([{ name: 'other', url: other.url, key }], refs);
  expect((await download(mirror, 'acme/tiny')).status).toBe(0);

  const before = tiny.head().id;
  tiny.forcePush({ ...tinyFiles(), 'config.json': '{"rewritten": true}' });
  await until(
    'the rewritten branch is told',
    async () => told(other, 'force-push: main of acme/tiny was rewritten'),
    60,
  );
  expect(
    (await download(other, 'acme/tiny')).files.find(({ path }) => path === 'config.json')?.bytes.toString(),
  ).not.toContain('rewritten');
  const ack = await airlock(['alerts', 'ack', '1', '--reason', 'they cleaned up', '--by', 'ann'], other);
  expect(ack.stdout).toContain('(ann: they cleaned up)');
  expect((await airlock(['alerts'], other)).stdout).toBe('no alert is open\n');

  const revoked = await airlock(['revoke', `acme/tiny@${before}`, '--reason', 'poisoned', '--by', 'ann'], other);
  expect(revoked.status).toBe(0);
  await until('the revocation is told', async () => told(mirror, 'commit-withdrawn: acme/tiny@'), 150);
  expect((await airlock(['alerts'], mirror)).stdout).toContain('poisoned');
  expect((await download(mirror, 'acme/tiny')).status).toBe(0);
}, 300_000);

async function told(mirror: Mirror, words: string): Promise<boolean> {
  return (await airlock(['alerts'], mirror)).stdout.includes(words);
}
