// SPDX-License-Identifier: Apache-2.0
import { cp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type JournalEntry, openJournalEntry, signJournalEntry } from '#src/attest/journal-entry.ts';
import { signReleaseStatement } from '#src/attest/release-statement.ts';
import { bundleKey, journalKey } from '#src/catalog/keys.ts';
import { sha256Of } from '#src/domain/digest.ts';
import { isAirlockError } from '#src/domain/errors.ts';
import type { Repo } from '#src/domain/repo.ts';
import { parseRevision } from '#src/domain/revision.ts';
import { refusal, tampered } from '#test/attest/bundles.ts';
import { testSigner } from '#test/attest/keys.ts';
import { release } from '#test/attest/release-fixture.ts';
import { type House, openHouse } from '#test/support/house.ts';
import { useTemp } from '#test/support/temp.ts';
import { ann, append, commitOf, draft, MAIN, model, publish } from './drafts.ts';

const temp = useTemp();
const houses: House[] = [];
let house: House;
beforeAll(async () => {
  house = await open(await temp('journal'));
});
afterAll(async () => {
  for (const opened of houses) await opened.close();
});

async function open(folder: string, indexFile?: string): Promise<House> {
  const opened = await openHouse({ folder, upstream: 'http://127.0.0.1:9', ...(indexFile ? { indexFile } : {}) });
  houses.push(opened);
  return opened;
}

/** Another process on the same data, and one whose index is new. */
const fresh = () => open(house.options.folder);
let indexes = 0;
const withoutIndex = () => open(house.options.folder, join(house.options.folder, `index-${++indexes}.sqlite`));

const A = commitOf('a');
const B = commitOf('b');
const statusOf = async (at: House, repo: Repo) => (await at.journal.state(repo)).commits.get(A)?.status;
const foundType = async (at: House, repo: Repo) => (await at.catalog.find(repo, parseRevision(A))).type;

describe('replay', () => {
  type Step = 'release' | 'approval' | 'rejection' | 'revocation';
  const CASES: [steps: Step[], status: string, found: string][] = [
    [['release'], 'approved', 'release'],
    [['approval'], 'open', 'unknown'],
    [['approval', 'release'], 'approved', 'release'],
    [['rejection'], 'rejected', 'rejected'],
    [['rejection', 'release'], 'rejected', 'rejected'],
    [['rejection', 'approval'], 'open', 'unknown'],
    [['rejection', 'approval', 'release'], 'approved', 'release'],
    [['approval', 'rejection', 'release'], 'rejected', 'rejected'],
    [['release', 'revocation'], 'revoked', 'revoked'],
    [['release', 'revocation', 'release'], 'revoked', 'revoked'],
    [['release', 'revocation', 'approval'], 'open', 'unknown'],
    [['release', 'revocation', 'approval', 'release'], 'approved', 'release'],
    [['release', 'revocation', 'approval', 'revocation', 'release'], 'revoked', 'revoked'],
    [['approval', 'release', 'revocation', 'release'], 'revoked', 'revoked'],
    [['release', 'approval', 'revocation', 'release'], 'revoked', 'revoked'],
    [['release', 'rejection'], 'rejected', 'rejected'],
    [['revocation', 'release'], 'revoked', 'revoked'],
  ];

  it.each(CASES)('%j: %s', async (steps, status, found) => {
    const repo = model(`replay/${steps.map((step) => step.slice(0, 3)).join('-')}`);
    for (const step of steps)
      if (step === 'release') await forcedRelease(repo);
      else await append(house, repo, step, A);
    for (const at of [house, await fresh()]) {
      expect(await statusOf(at, repo)).toBe(status);
      expect(await foundType(at, repo)).toBe(found);
    }
  });

  it('an intake that publishes after a revocation is told so, and writes no entry', async () => {
    const repo = model('replay/late');
    await publish(house, repo, A);
    await append(house, repo, 'revocation', A);
    const { seq } = await house.journal.state(repo);
    expect(await house.publisher.publish(draft(repo, A))).toBe(false);
    expect((await house.journal.state(repo)).seq).toBe(seq);
  });

  it('what happens to one commit says nothing about another', async () => {
    const repo = model('replay/two');
    await publish(house, repo, A);
    await house.publisher.publish(draft(repo, B));
    await append(house, repo, 'revocation', B);
    expect(await foundType(house, repo)).toBe('release');
  });
});

describe('a journal that was tampered with serves nothing', () => {
  /** Four entries: a release, its pin, a revocation, and the release of another commit. */
  async function fourEntries(repo: Repo): Promise<Buffer[]> {
    await publish(house, repo, A);
    await append(house, repo, 'revocation', A);
    await house.publisher.publish(draft(repo, B));
    return Promise.all([1, 2, 3, 4].map((seq) => read(repo, seq)));
  }
  type Entries = readonly [Buffer, Buffer, Buffer, Buffer];
  type Damage = (repo: Repo, entries: Entries) => Promise<void>;
  const CASES: [name: string, damage: Damage][] = [
    ['an edited entry', (repo, [, , third]) => write(repo, 3, edited(third))],
    ['an entry that is no JSON', (repo) => write(repo, 3, Buffer.from('{'))],
    ['an empty entry', (repo) => write(repo, 3, Buffer.alloc(0))],
    ['a removed first entry', (repo) => remove(repo, 1)],
    ['a removed entry in between', (repo) => remove(repo, 3)],
    ['two entries that changed places', (repo, [, second, third]) => swap(repo, second, third)],
    ['an entry twice', (repo, [, second]) => write(repo, 3, second)],
    ["another repo's entry in its place", async (repo) => write(repo, 3, await othersEntry(3))],
    ['an entry that a stranger signed', (repo, entries) => resigned(repo, entries, 'stranger', 'stranger')],
    ['a revocation that the approval key signed', (repo, entries) => resigned(repo, entries, 'approval', 'approval')],
    ['an entry with a gap before it', (repo, [, , third]) => moved(repo, 3, 6, third)],
  ];

  it.each(CASES)('%s', async (name, damage) => {
    const repo = model(`tamper/case-${CASES.findIndex(([other]) => other === name)}`);
    await damage(repo, (await fourEntries(repo)) as unknown as Entries);
    // Also where the index was lost, so that nothing but the chain itself can tell.
    for (const at of [await fresh(), await withoutIndex()]) await expectRefused(at, repo);
  });

  it('an entry that was rewritten by the holder of the key is noticed by whoever saw the first one', async () => {
    const repo = model('tamper/rewritten');
    await publish(house, repo, A);
    const old = openJournalEntry(await read(repo, 2), house.ring.keys);
    await write(repo, 2, await signJournalEntry(house.ring.signers, { ...old, reason: 'another reason' }));
    expect((await refusal(async () => (await fresh()).journal.state(repo))).code).toBe('journal-rolled-back');
  });

  it('a removed last entry is noticed by whoever saw it', async () => {
    const repo = model('tamper/last');
    await publish(house, repo, A);
    await append(house, repo, 'revocation', A);
    await remove(repo, 3);
    const at = await fresh();
    expect((await refusal(() => at.journal.state(repo))).code).toBe('journal-rolled-back');
    expect((await at.app.request(`/${repo.id}/resolve/${A}/README.md`)).status).toBe(500);
    // Nor does anybody write on top of it.
    expect((await refusal(() => at.publisher.publish(draft(repo, A)))).code).toBe('journal-rolled-back');
  });

  it('a head that somebody raised in the index refuses, and serves nothing', async () => {
    const repo = model('tamper/head');
    await publish(house, repo, A);
    const database = new DatabaseSync(house.indexFile);
    database.prepare('update heads set seq = seq + 5 where repoKey = ?').run(`models/${repo.id}`);
    database.close();
    expect((await refusal(async () => (await fresh()).journal.state(repo))).code).toBe('journal-rolled-back');
  });

  it('a removed whole journal is noticed by whoever saw it: the repo is not simply unknown', async () => {
    const repo = model('tamper/whole');
    await publish(house, repo, A);
    for (const seq of [1, 2]) await remove(repo, seq);
    expect((await refusal(async () => foundType(await fresh(), repo))).code).toBe('journal-rolled-back');
  });

  async function expectRefused(at: House, repo: Repo): Promise<void> {
    const outcome = await at.journal.state(repo).catch((error: unknown) => error);
    expect(isAirlockError(outcome) && outcome.security, String(outcome)).toBe(true);
    for (const commit of [A, B])
      for (const path of [`/${repo.id}/resolve/${commit}/README.md`, `/api/models/${repo.id}/revision/${commit}`])
        expect([path, (await at.app.request(path)).status]).toEqual([path, 500]);
  }

  async function swap(repo: Repo, second: Buffer, third: Buffer): Promise<void> {
    await write(repo, 2, third);
    await write(repo, 3, second);
  }

  async function moved(repo: Repo, from: number, to: number, bytes: Buffer): Promise<void> {
    await remove(repo, from);
    await house.records.create(journalKey(repo, to), bytes);
  }

  async function othersEntry(seq: number): Promise<Buffer> {
    const other = model('tamper/other');
    if ((await house.journal.state(other)).seq === 0) await fourEntries(other);
    return read(other, seq);
  }

  /** The third entry, a revocation, signed by another key: the key's own role lets it sign, the reader must not. */
  async function resigned(repo: Repo, [, , third]: Entries, signer: string, as: string): Promise<void> {
    const entry: JournalEntry = openJournalEntry(third, house.ring.keys);
    const stranger = testSigner('evidence', signer);
    const approval = {
      ...house.ring.signers.approval,
      key: { ...house.ring.signers.approval.key, role: 'evidence' },
    } as const;
    const evidence = as === 'approval' ? approval : stranger;
    await write(repo, 3, await signJournalEntry({ ...house.ring.signers, evidence }, entry));
  }
});

it('a store that was put back to an older copy is refused while the index knows better', async () => {
  const folder = await temp('rollback');
  const repo = model('org/rolled');
  const before = await open(folder);
  await publish(before, repo, A);
  await cp(join(folder, 'store'), join(folder, 'backup'), { recursive: true });
  await append(before, repo, 'revocation', A);
  await before.close();
  await rm(join(folder, 'store'), { recursive: true, force: true });
  await cp(join(folder, 'backup'), join(folder, 'store'), { recursive: true });
  const after = await open(folder);
  const said = await refusal(() => after.catalog.find(repo, parseRevision('main')));
  expect(said.code).toBe('journal-rolled-back');
  expect(said.message).toContain('The store has 2 entries of the journal of models/org/rolled, and 3 were seen');
  for (const path of [
    `/${repo.id}/resolve/main/README.md`,
    `/${repo.id}/raw/${A}/README.md`,
    `/api/models/${repo.id}/refs`,
  ]) {
    const answer = await after.app.request(path);
    expect(answer.status).toBe(500);
    expect(await answer.text()).toContain('rolled back');
  }
  expect(after.log.some(({ code, security }) => code === 'journal-rolled-back' && security === true)).toBe(true);
});

describe('several writers', () => {
  it('appending at the same time all get their entry, without a gap', async () => {
    const repo = model('org/writers');
    const writers = [house, await fresh(), await withoutIndex()];
    const commits = ['1', '2', '3', '4'].map(commitOf);
    await Promise.all(writers.flatMap((at) => commits.map((commit) => append(at, repo, 'rejection', commit))));
    for (const at of [...writers, await fresh()]) {
      at.clock.advance(10);
      const state = await at.journal.state(repo);
      expect([state.seq, state.commits.size]).toEqual([12, 4]);
    }
    expect(await entriesOf(repo)).toHaveLength(12);
  });

  it('of two that want the same, one is told that it is done', async () => {
    const repo = model('org/once');
    const once = (at: House) =>
      at.journal.append(repo, { type: 'rejection', commit: A }, ann, (state) => !state.commits.has(A));
    const done = await Promise.all([once(house), once(await fresh()), once(house)]);
    expect(done.filter(Boolean)).toHaveLength(1);
    expect(await entriesOf(repo)).toHaveLength(1);
  });

  it('see what the others wrote at the latest after refreshSeconds', async () => {
    const repo = model('org/refreshed');
    const other = await fresh();
    await publish(house, repo, A);
    expect(await foundType(other, repo)).toBe('release');
    await append(house, repo, 'revocation', A);
    expect(await foundType(house, repo)).toBe('revoked');
    expect(await foundType(other, repo)).toBe('release');
    other.clock.advance(house.config.catalog.refreshSeconds);
    expect(await foundType(other, repo)).toBe('revoked');
  });

  it('a clock that was put back does not keep an old state', async () => {
    const repo = model('org/clock');
    const other = await fresh();
    await publish(house, repo, A);
    expect(await foundType(other, repo)).toBe('release');
    await append(house, repo, 'revocation', A);
    other.clock.advance(-3600);
    expect(await foundType(other, repo)).toBe('revoked');
  });
});

it('an entry holds who and why as they were given, and the act of nobody else', async () => {
  const repo = model('org/words');
  const act = { by: 'Ann <ann@example.org>', reason: 'two\nlines, "quotes" and 日本語', repo: 'x/y', seq: 9 };
  await house.journal.append(repo, { type: 'rejection', commit: A }, act, () => true);
  const entry = openJournalEntry(await read(repo, 1), house.ring.keys);
  expect(entry).toMatchObject({ repo, seq: 1, previous: null, by: act.by, reason: act.reason });
  await house.journal.append(repo, { type: 'pin', ref: MAIN, refKind: 'branch', commit: A }, ann, () => true);
  expect(await foundType(house, repo)).toBe('rejected');
  expect(await house.catalog.find(repo, parseRevision('main'))).toMatchObject({ type: 'rejected', byRef: true });
});

/** A release whatever the state says, as a process would write it that knows no better. */
async function forcedRelease(repo: Repo): Promise<void> {
  const { signers } = house.ring;
  const statement = await signReleaseStatement(signers.approval, { ...release, repo, commit: A });
  const digest = sha256Of(statement);
  await house.records.create(bundleKey(repo, A, digest), statement);
  await house.journal.append(repo, { type: 'release', commit: A, statement: digest }, ann, () => true);
}

async function read(repo: Repo, seq: number): Promise<Buffer> {
  const record = await house.records.get(journalKey(repo, seq));
  if (!record) throw new Error(`no entry ${seq}`);
  return record.bytes;
}

async function write(repo: Repo, seq: number, bytes: Buffer): Promise<void> {
  await remove(repo, seq);
  await house.records.create(journalKey(repo, seq), bytes);
}

async function remove(repo: Repo, seq: number): Promise<void> {
  await house.records.remove(journalKey(repo, seq));
}

/** Its payload says another reason; the signature is the old one. */
function edited(bytes: Buffer): Buffer {
  return tampered(bytes, (bundle) => {
    const payload = Buffer.from(bundle.dsseEnvelope.payload, 'base64').toString();
    bundle.dsseEnvelope.payload = Buffer.from(payload.replace('read the evidence', 'read no evidence')).toString(
      'base64',
    );
  });
}

async function entriesOf(repo: Repo): Promise<string[]> {
  const place = join(house.options.folder, 'store', 'records', 'journal', repo.kind, repo.id.replace('/', '='));
  return readdir(place);
}
