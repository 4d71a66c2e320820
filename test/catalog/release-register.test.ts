// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createReleaseRegister } from '#src/catalog/release-register.ts';
import type { Repo } from '#src/domain/repo.ts';
import type { CommitSha } from '#src/domain/revision.ts';
import { type House, openHouse } from '#test/support/house.ts';
import { useTemp } from '#test/support/temp.ts';
import { append, commitOf, draft, model } from './drafts.ts';

const temp = useTemp();
const BASE = model('org/base');
let house: House;
beforeAll(async () => {
  house = await openHouse({ folder: await temp('register'), upstream: 'http://127.0.0.1:9', config: {} });
});
afterAll(() => house.close());

const registerOf = (log: object[] = []) =>
  createReleaseRegister({ ...house, log: { warn: (details) => void log.push(details) } });
const publish = (repo: Repo, commit: CommitSha, bases: readonly Repo[] = []) =>
  house.publisher.publish({
    ...draft(repo, commit),
    lineage: bases.map((base) => ({ repo: base, relation: 'finetune' })),
  });
const derived = async (base: Repo) =>
  (await house.index.releaseParts.derivedFrom(base)).map(({ repo, commit }) => `${repo}@${commit[0]}`).sort();

it('releases are found by their base in any spelling and by their blobs, also those that were revoked', async () => {
  const register = registerOf();
  await publish(model('me/one'), commitOf('a'), [BASE]);
  await publish(model('me/one'), commitOf('b'), [BASE, model('org/other')]);
  await publish(model('me/two'), commitOf('c'), [model('Org/Base')]);
  await publish(model('me/three'), commitOf('d'));
  await append(house, model('me/two'), 'revocation', commitOf('c'));
  expect(await derived(BASE)).toEqual([]);
  await register.catchUp();
  expect(await derived(BASE)).toEqual(['me/one@a', 'me/one@b', 'me/two@c']);
  expect(await derived(model('ORG/BASE'))).toEqual(await derived(BASE));
  const [first] = draft(BASE, commitOf('a')).files;
  const holding = await house.index.releaseParts.holding(first ? [first.sha256] : []);
  expect(holding.map(({ repo }) => repo).sort()).toEqual(['me/one', 'me/one', 'me/three', 'me/two']);
  await register.stop();
});

it('what is published later is noted, and read once', async () => {
  let reads = 0;
  const catalog = Object.assign(Object.create(house.catalog), {
    statement: (repo: Repo, commit: CommitSha) => {
      reads++;
      return house.catalog.statement(repo, commit);
    },
  });
  const register = createReleaseRegister({ catalog, index: house.index, log: { warn: () => {} } });
  await publish(model('me/late'), commitOf('e'), [BASE]);
  register.note(model('me/late'));
  await register.catchUp();
  await register.catchUp();
  expect(await derived(BASE)).toContain('me/late@e');
  expect(reads).toBe(1);
  await register.stop();
});

it('made again from the statements it is the same, and what somebody took out is back', async () => {
  const register = registerOf();
  await register.catchUp();
  const before = await derived(BASE);
  await house.index.releaseParts.clear();
  expect(await derived(BASE)).toEqual([]);
  await register.catchUp({ afresh: true });
  expect(await derived(BASE)).toEqual(before);
  await register.stop();
  await expect(register.catchUp()).rejects.toThrow();
});
