// SPDX-License-Identifier: Apache-2.0
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { parseCommitSha } from '#src/domain/revision.ts';
import { addLicensed, addTiny } from '#test/fake-hub/repos.ts';
import { type FakeHub, startFakeHub } from '#test/fake-hub/server.ts';
import { safetensors } from '#test/fake-hub/weights.ts';
import { useTemp } from '#test/support/temp.ts';
import { type House, openHouse, repo, revisionOf } from './house.ts';

const temp = useTemp();
let a: FakeHub;
let b: FakeHub;
let houses: House[];
let data: string;

beforeEach(async () => {
  [a, b] = [await startFakeHub(), await startFakeHub()];
  houses = [];
  data = await temp('upstreams');
});
afterEach(async () => {
  for (const house of houses) await house.stop();
  await Promise.all([a.stop(), b.stop()]);
});

async function houseWith(upstreams: object[], sources: object[] = [{ match: '*', mode: 'auto' }]): Promise<House> {
  const usual = { tries: 1, requestTimeoutSeconds: 5 };
  const config = {
    upstreams: upstreams.map((entry) => ({ ...usual, ...entry })),
    sources,
    intake: { minFreeBytes: 1 },
  };
  const house = await openHouse({ hub: 'http://nowhere.invalid', data, config });
  houses.push(house);
  return house;
}

const reasonsOf = (outcome: Awaited<ReturnType<House['ask']>>) =>
  outcome.type === 'refused' ? outcome.decision.reasons.map(({ rule, effect }) => `${rule} ${effect}`) : outcome.type;

it('holds a repo whose releases came from another upstream, until a person lets it in', async () => {
  const ours = addTiny(a);
  const before = await houseWith([{ name: 'a', url: a.url }]);
  expect(await before.ask('acme/tiny')).toMatchObject({ type: 'approved' });
  await before.stop();
  houses.pop();

  const theirs = addTiny(b);
  theirs.move('main', { 'config.json': '{}' });
  const now = await houseWith([{ name: 'b', url: b.url }]);
  const outcome = await now.ask('acme/tiny', theirs.head().id);
  expect(reasonsOf(outcome)).toEqual(['upstream-changed hold']);
  // What was approved is served as before.
  expect(
    (await now.catalog.find(repo('acme/tiny'), { type: 'commit', commit: parseCommitSha(ours.head().id) })).type,
  ).toBe('release');
  expect(await now.quarantined()).toEqual([]);

  const act = { by: 'rita', reason: 'we moved' };
  const commit = parseCommitSha(theirs.head().id);
  await now.review.approve(repo('acme/tiny'), { type: 'commit', commit }, act, false);
  expect(await now.ask('acme/tiny', commit)).toMatchObject({ type: 'approved' });
  const next = theirs.move('main', { 'config.json': '{"next": true}' });
  expect(await now.ask('acme/tiny', next)).toMatchObject({ type: 'approved' });
  const statement = await now.catalog.statement(repo('acme/tiny'), parseCommitSha(next));
  expect(statement?.upstream.url).toBe(`${b.url}/acme/tiny`);
});

it('lets what the house made itself in without a license, and nobody else', async () => {
  addLicensed(a, undefined, 'acme/plain');
  addLicensed(b, undefined, 'other/plain');
  const house = await houseWith([
    { name: 'a', url: a.url, match: ['acme/*'], trust: 'own' },
    { name: 'b', url: b.url },
  ]);
  expect(await house.ask('acme/plain')).toMatchObject({ type: 'approved' });
  expect(reasonsOf(await house.ask('other/plain'))).toEqual(['license-missing hold']);
});

it('brings a folder of the house in, and serves it when the folder is gone', async () => {
  const root = await temp('folder');
  const folder = join(root, 'models/acme/tiny');
  await mkdir(folder, { recursive: true });
  for (const [path, content] of Object.entries({
    'config.json': '{}',
    'model.safetensors': safetensors(Buffer.alloc(2 ** 21)),
  }))
    await writeFile(join(folder, path), content);
  const house = await houseWith([{ name: 'in-house', folder: root, trust: 'own' }]);
  const first = await house.ask('acme/tiny');
  expect(first).toMatchObject({ type: 'approved' });
  if (first.type !== 'approved') return;
  const statement = await house.catalog.statement(repo('acme/tiny'), first.commit);
  expect(statement?.upstream.url).toBe('folder://in-house/acme/tiny');
  expect(statement?.files.map(({ path, lfs }) => [path, lfs !== undefined])).toEqual([
    ['config.json', false],
    ['model.safetensors', true],
  ]);

  await writeFile(join(folder, 'config.json'), '{"next": true}');
  expect(await house.ask('acme/tiny')).toMatchObject({ type: 'approved' });
  await symlink('/etc/passwd', join(folder, 'link'));
  expect(await house.ask('acme/tiny')).toMatchObject({ type: 'failed', error: { code: 'upstream-listing-invalid' } });
  await rm(root, { recursive: true });
  expect(await house.ask('acme/other')).toMatchObject({ type: 'failed', error: { code: 'upstream-unavailable' } });
  expect((await house.catalog.find(repo('acme/tiny'), revisionOf('main'))).type).toBe('release');
});

it('brings nothing in from an upstream that the source is not bound to', async () => {
  addTiny(b);
  const sources = [
    { match: 'acme/*', mode: 'auto', upstreams: ['a'] },
    { match: '*', mode: 'auto' },
  ];
  const house = await houseWith(
    [
      { name: 'b', url: b.url },
      { name: 'a', url: a.url },
    ],
    sources,
  );
  expect(await house.ask('acme/tiny')).toMatchObject({ type: 'failed', error: { code: 'upstream-repo-not-found' } });
  expect(b.stats.log).toEqual([]);
});
