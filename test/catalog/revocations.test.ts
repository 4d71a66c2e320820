// SPDX-License-Identifier: Apache-2.0
import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Found } from '#src/catalog/catalog.ts';
import { createCatalog } from '#src/catalog/catalog.ts';
import { sha256Of } from '#src/domain/digest.ts';
import { parseRepo, type Repo } from '#src/domain/repo.ts';
import { parseRevision } from '#src/domain/revision.ts';
import { Revocations, scopeText } from '#src/domain/revocations.ts';
import type { RevocationScope } from '#src/domain/ruling.ts';
import { type House, openHouse } from '#test/support/house.ts';
import { useTemp } from '#test/support/temp.ts';
import { ann, append, commitOf, draft, MAIN, model, publish } from './drafts.ts';

const temp = useTemp();
const houses: House[] = [];
let house: House;
beforeAll(async () => {
  house = await open(await temp('revocations'));
});
afterAll(async () => {
  for (const one of houses) await one.close();
});

async function open(folder: string, indexFile?: string): Promise<House> {
  const opened = await openHouse({ folder, upstream: 'http://127.0.0.1:9', ...(indexFile ? { indexFile } : {}) });
  houses.push(opened);
  return opened;
}

const A = commitOf('a');
const B = commitOf('b');
const WEIGHTS = sha256Of('weights');
const WITHHELD = sha256Of('pickled');

async function find(at: House, repo: Repo, revision: string): Promise<Found> {
  return at.catalog.find(repo, parseRevision(revision));
}

async function revoke(at: House, scope: RevocationScope): Promise<number> {
  const ruling = await at.rulings.append({ type: 'revocation', scope }, ann, () => true);
  if (ruling === undefined) throw new Error('it was not appended');
  return ruling;
}

async function reinstate(at: House, ruling: number): Promise<void> {
  await at.rulings.append({ type: 'reinstatement', ruling }, ann, () => true);
}

describe('what a ruling revokes', () => {
  it.each<[string, RevocationScope]>([
    ['its repo', { type: 'repo', repo: model('acme/one') }],
    ['its repo, spelled another way', { type: 'repo', repo: model('ACME/One') }],
    ['its publisher', { type: 'publisher', publisher: 'Acme' }],
    ['a file that it serves', { type: 'digest', digest: WEIGHTS }],
    ['a rule that policy names in its reasons', { type: 'rule', rule: 'files.count' }],
    ['a rule that a person let through', { type: 'rule', rule: 'scan.code' }],
  ])('is refused and named nowhere, until it is reinstated: %s', async (_, scope) => {
    const repo = model('acme/one');
    await publish(house, repo, A);
    const ruling = await revoke(house, scope);
    const act = { by: 'ann', reason: 'read the evidence', ruling };
    expect(await find(house, repo, 'main')).toMatchObject({ type: 'revoked', commit: A, byRef: true, act });
    expect(await find(house, repo, A)).toMatchObject({ type: 'revoked', byRef: false, act });
    expect((await house.catalog.served(repo)).commits.size).toBe(0);
    await reinstate(house, ruling);
    expect((await find(house, repo, 'main')).type).toBe('release');
    expect((await house.catalog.served(repo)).commits.size).toBe(1);
  });

  it.each<[string, RevocationScope]>([
    ['another repo', { type: 'repo', repo: model('acme/on') }],
    ['the same id of another kind', { type: 'repo', repo: parseRepo('datasets', 'acme/two') }],
    ['a publisher whose name begins like it', { type: 'publisher', publisher: 'acm' }],
    ['a file that is withheld', { type: 'digest', digest: WITHHELD }],
    ['a rule that found nothing', { type: 'rule', rule: 'scan' }],
  ])('is nothing else: %s', async (_, scope) => {
    await publish(house, model('acme/two'), A);
    const ruling = await revoke(house, scope);
    expect((await find(house, model('acme/two'), 'main')).type).toBe('release');
    await reinstate(house, ruling);
  });

  it("is refused under every name: the asked one and upstream's own", async () => {
    const asked = model('old/name');
    const upstreamRepo = model('new/name');
    const statement = draft(asked, A);
    await house.publisher.publish({ ...statement, upstream: { ...statement.upstream, repo: upstreamRepo } });
    for (const scope of [
      { type: 'publisher', publisher: 'new' },
      { type: 'publisher', publisher: 'old' },
      { type: 'repo', repo: upstreamRepo },
    ] as const) {
      const ruling = await revoke(house, scope);
      expect((await find(house, asked, A)).type, scopeText(scope)).toBe('revoked');
      await reinstate(house, ruling);
    }
    expect((await find(house, asked, A)).type).toBe('release');
  });

  it('is refused also where it is released after the ruling', async () => {
    const ruling = await revoke(house, { type: 'publisher', publisher: 'late' });
    await publish(house, model('late/one'), A);
    expect((await find(house, model('late/one'), A)).type).toBe('revoked');
    await reinstate(house, ruling);
  });

  it('by the oldest ruling of several, and stays so until the last has ended', async () => {
    const repo = model('twice/one');
    await publish(house, repo, A);
    const first = await revoke(house, { type: 'publisher', publisher: 'twice' });
    const second = await revoke(house, { type: 'repo', repo });
    expect(await find(house, repo, A)).toMatchObject({ act: { ruling: first } });
    await reinstate(house, first);
    expect(await find(house, repo, A)).toMatchObject({ type: 'revoked', act: { ruling: second } });
    await reinstate(house, second);
    expect((await find(house, repo, A)).type).toBe('release');
  });

  it('does not open what its own journal closed', async () => {
    const repo = model('closed/one');
    await publish(house, repo, A);
    const ruling = await revoke(house, { type: 'repo', repo });
    await append(house, repo, 'revocation', A);
    await reinstate(house, ruling);
    expect((await find(house, repo, A)).type).toBe('revoked');
  });
});

describe('of several processes on one store', () => {
  it('the one that did not write it refuses within catalog.refreshSeconds', async () => {
    const folder = await temp('replicas');
    const here = await open(folder);
    const there = await open(folder, join(folder, 'other.sqlite'));
    const repo = model('acme/shared');
    await publish(here, repo, A);
    expect((await find(there, repo, 'main')).type).toBe('release');
    await revoke(here, { type: 'digest', digest: WEIGHTS });
    expect((await find(here, repo, 'main')).type).toBe('revoked');
    expect((await find(there, repo, 'main')).type).toBe('release');
    there.clock.advance(there.config.catalog.refreshSeconds);
    expect((await find(there, repo, 'main')).type).toBe('revoked');
  });

  it('an old copy of the store put back revives nothing, and neither does one without its last ruling', async () => {
    const folder = await temp('old-copy');
    const here = await open(folder);
    const repo = model('acme/old');
    await publish(here, repo, A);
    await cp(join(folder, 'store'), join(folder, 'backup'), { recursive: true });
    await revoke(here, { type: 'repo', repo });
    await rm(join(folder, 'store'), { recursive: true });
    await cp(join(folder, 'backup'), join(folder, 'store'), { recursive: true });
    const again = await open(folder);
    await expect(find(again, repo, 'main')).rejects.toMatchObject({ code: 'journal-rolled-back' });
    await expect(again.catalog.served(repo)).rejects.toMatchObject({ code: 'journal-rolled-back' });
  });
});

it('is found out once for a release and a state of the rulings: requests read nothing', async () => {
  const repo = model('quick/one');
  await publish(house, repo, A);
  const ruling = await revoke(house, { type: 'digest', digest: sha256Of('something else') });
  let reads = 0;
  const get: House['records']['get'] = (key) => {
    reads++;
    return house.records.get(key);
  };
  const records = Object.assign(Object.create(house.records), { get });
  const { journal, rulings, ring } = house;
  const catalog = createCatalog({ journal, rulings, records, keys: ring.keys, cachedReleases: 9 });
  for (let round = 0; round < 3; round++) {
    expect((await catalog.find(repo, parseRevision('main'))).type).toBe('release');
    expect((await catalog.served(repo)).commits.size).toBe(1);
  }
  // The release, and for the list of commits its name and its files.
  expect(reads).toBeLessThanOrEqual(3);
  await reinstate(house, ruling);
});

describe('a ref', () => {
  const pin = (commit: typeof A) =>
    house.publisher.pin(model('pins/one'), { ref: MAIN, kind: 'branch', commit }, { by: 'ann', reason: 'x' });
  it('remembers what it pointed to, and forgets what somebody went back from', async () => {
    const repo = model('pins/one');
    const C = commitOf('c');
    for (const commit of [A, B, C]) await publish(house, repo, commit);
    expect((await house.journal.state(repo)).history.get(MAIN)).toEqual([A, B, C]);
    await pin(B);
    expect((await house.journal.state(repo)).history.get(MAIN)).toEqual([A, B]);
    await pin(C);
    await pin(A);
    expect((await house.journal.state(repo)).history.get(MAIN)).toEqual([A]);
  });
});

describe('whatever the sequence of rulings', () => {
  const SCOPES: readonly RevocationScope[] = [
    { type: 'repo', repo: model('any/one') },
    { type: 'publisher', publisher: 'any' },
    { type: 'digest', digest: WEIGHTS },
    { type: 'rule', rule: 'scan.code' },
    { type: 'repo', repo: model('other/one') },
  ];
  const step = fc.oneof(
    fc.record({ type: fc.constant('revoke' as const), scope: fc.nat(SCOPES.length - 1) }),
    fc.record({ type: fc.constant('reinstate' as const), which: fc.nat(9) }),
    fc.record({ type: fc.constant('publish' as const) }),
    fc.record({ type: fc.constant('reopen' as const) }),
  );

  it('nothing is served whose revocation stands, by any process', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        const folder = await temp('property');
        const repo = model('any/one');
        let at = await open(folder);
        await publish(at, repo, A);
        // What should be, told without the code under test.
        const standing = new Map<number, number>();
        for (const one of steps) {
          if (one.type === 'revoke') standing.set(await revoke(at, SCOPES[one.scope] as RevocationScope), one.scope);
          if (one.type === 'publish') await publish(at, repo, B);
          if (one.type === 'reopen') at = await open(folder);
          const numbers = [...standing.keys()];
          const ended = one.type === 'reinstate' ? numbers[one.which % Math.max(1, numbers.length)] : undefined;
          if (ended !== undefined) {
            await reinstate(at, ended);
            standing.delete(ended);
          }
          const stopped = [...standing.values()].some((scope) => scope !== 4);
          for (const revision of [A, 'main'])
            expect((await find(at, repo, revision)).type).toBe(stopped ? 'revoked' : 'release');
        }
      }),
      { numRuns: 15 },
    );
  });
});

it('a legacy repo without a namespace belongs to no publisher', () => {
  const ruling = { number: 1, at: '', by: '', reason: '' };
  const revocations = new Revocations([
    { ...ruling, event: { type: 'revocation', scope: { type: 'publisher', publisher: 'gpt2' } } },
  ]);
  expect(revocations.ofNames([model('gpt2')])).toBeUndefined();
  expect(revocations.ofNames([model('gpt2/gpt2')])?.number).toBe(1);
});
