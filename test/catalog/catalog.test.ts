// SPDX-License-Identifier: Apache-2.0
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openReleaseStatement } from '#src/attest/release-statement.ts';
import { createCatalog } from '#src/catalog/catalog.ts';
import { bundleKey } from '#src/catalog/keys.ts';
import { sha256Of } from '#src/domain/digest.ts';
import type { Release } from '#src/domain/release.ts';
import type { Repo } from '#src/domain/repo.ts';
import { parseRef, parseRevision } from '#src/domain/revision.ts';
import { refusal } from '#test/attest/bundles.ts';
import { type House, openHouse } from '#test/support/house.ts';
import { useTemp } from '#test/support/temp.ts';
import { ann, append, commitOf, draft, MAIN, model, publish } from './drafts.ts';

const temp = useTemp();
const houses: House[] = [];
let house: House;
beforeAll(async () => {
  house = await open(await temp('catalog'));
});
afterAll(async () => {
  for (const open of houses) await open.close();
});

async function open(folder: string, config: object = {}): Promise<House> {
  const opened = await openHouse({ folder, upstream: 'http://127.0.0.1:9', config });
  houses.push(opened);
  return opened;
}

/** Another process on the same data: it has nothing in memory. */
const fresh = (config: object = {}) => open(house.options.folder, config);
const A = commitOf('a');
const B = commitOf('b');
const find = (at: House, repo: Repo, revision: string) => at.catalog.find(repo, parseRevision(revision));

async function releaseOf(at: House, repo: Repo, revision: string): Promise<Release> {
  const found = await find(at, repo, revision);
  if (found.type !== 'release') throw new Error(`${revision} is ${found.type}`);
  return found.release;
}

describe('what was published', () => {
  it('is found by commit, by ref and by the beginning of its commit, also by another process', async () => {
    const repo = model('org/found');
    await publish(house, repo, A);
    for (const at of [house, await fresh()])
      for (const revision of [A, 'main', 'HEAD', A.slice(0, 7), A.slice(0, 39)])
        expect((await releaseOf(at, repo, revision)).commit).toBe(A);
    const found = await releaseOf(house, repo, 'main');
    const { files, approvedAt } = draft(repo, A);
    expect([...found.files.values()].map(({ path }) => path)).toEqual(files.map(({ path }) => path).sort(byBytes));
    expect(found).toMatchObject({ repo, approvedAt, approvedBy: 'policy' });
  });

  it('is named from memory, however many commits a repo has and however few releases are kept', async () => {
    const repo = model('org/many-commits');
    const commits = ['1', '2', '3'].map(commitOf);
    for (const commit of commits) await publish(house, repo, commit);
    let reads = 0;
    const get: House['records']['get'] = (key) => {
      reads++;
      return house.records.get(key);
    };
    const records = Object.assign(Object.create(house.records), { get });
    const catalog = createCatalog({
      journal: house.journal,
      rulings: house.rulings,
      records,
      keys: house.ring.keys,
      cachedReleases: 1,
    });
    for (let round = 0; round < 2; round++) {
      expect([...(await catalog.served(repo)).commits.keys()].sort()).toEqual(commits.sort());
      expect(reads).toBe(3);
    }
  });

  it('can be verified by whoever asks for its bundles', async () => {
    const repo = model('org/found');
    const found = await releaseOf(house, repo, 'main');
    const bundle = await house.catalog.statementBundle(found);
    expect(sha256Of(bundle)).toBe(found.digest);
    expect(openReleaseStatement(bundle, house.ring.keys)).toMatchObject({ repo, commit: A });
    expect(sha256Of(await house.catalog.modelSignatureBundle(found))).toBe(found.modelSignature);
  });

  it.each(['b'.repeat(40), 'v1', 'aaaaaa', 'b'.repeat(7), `${'a'.repeat(6)}b`])('%s is not', async (revision) => {
    expect(await find(house, model('org/found'), revision)).toEqual({ type: 'unknown' });
  });

  it('belongs to one repo: other names, kinds and spellings do not have it', async () => {
    for (const repo of [
      model('org/other'),
      model('org'),
      model('Org/Found'),
      { ...model('org/found'), kind: 'datasets' } as Repo,
    ])
      expect(await find(house, repo, A)).toEqual({ type: 'unknown' });
  });

  it('the beginning of two commits is neither', async () => {
    const repo = model('org/ambiguous');
    const [first, second] = [`${'a'.repeat(39)}1`, `${'a'.repeat(39)}2`].map((text) => parseRevision(text));
    for (const revision of [first, second])
      if (revision?.type === 'commit') await house.publisher.publish(draft(repo, revision.commit));
    expect(await find(house, repo, 'aaaaaaa')).toEqual({ type: 'unknown' });
    expect((await releaseOf(house, repo, `${'a'.repeat(39)}2`)).commit).toBe(`${'a'.repeat(39)}2`);
  });

  it('may be published again: the later statement counts, in every process', async () => {
    const repo = model('org/again');
    const other = await fresh();
    await publish(house, repo, A);
    const before = await releaseOf(other, repo, 'main');
    const { files, ...rest } = draft(repo, A);
    await house.publisher.publish({ ...rest, files: files.slice(0, 2) });
    expect((await releaseOf(house, repo, 'main')).files.size).toBe(2);
    other.clock.advance(10);
    const after = await releaseOf(other, repo, 'main');
    expect(after.files.size).toBe(2);
    expect(after.digest).not.toBe(before.digest);
  });
});

describe('pins', () => {
  it('move by an entry, and only to what is approved', async () => {
    const repo = model('org/pins');
    await publish(house, repo, A);
    const pin = (commit: typeof A) => house.publisher.pin(repo, { ref: MAIN, kind: 'branch', commit }, ann);
    expect(await pin(B)).toBe(false);
    expect((await releaseOf(house, repo, 'main')).commit).toBe(A);
    await house.publisher.publish(draft(repo, B));
    expect((await releaseOf(house, repo, 'main')).commit).toBe(A);
    expect(await pin(B)).toBe(true);
    expect((await releaseOf(house, repo, 'main')).commit).toBe(B);
    const { seq } = await house.journal.state(repo);
    expect(await pin(B)).toBe(true);
    expect((await house.journal.state(repo)).seq).toBe(seq);
    await append(house, repo, 'revocation', B);
    expect(await find(house, repo, 'main')).toMatchObject({ type: 'revoked', commit: B, byRef: true });
    expect(await pin(B)).toBe(false);
    expect(await pin(A)).toBe(true);
    expect((await releaseOf(house, repo, 'main')).commit).toBe(A);
  });

  it('a branch goes before a commit that begins like it', async () => {
    const repo = model('org/hexname');
    await publish(house, repo, A);
    await house.publisher.publish(draft(repo, B));
    const ref = parseRef('aaaaaaa');
    await house.publisher.pin(repo, { ref, kind: 'branch', commit: B }, ann);
    expect((await releaseOf(house, repo, 'aaaaaaa')).commit).toBe(B);
  });
});

describe('a damaged bundle is an error, and never "not found"', () => {
  const CASES: [name: string, damage: (bytes: Buffer, other: Buffer) => Buffer | undefined][] = [
    ['one bit differs', (bytes) => flip(bytes)],
    ['it is gone', () => undefined],
    ["another repo's is in its place", (_, other) => other],
    ['it is empty', () => Buffer.alloc(0)],
  ];

  it.each(CASES)('%s', async (name, damage) => {
    const repo = model(`org/damaged-${CASES.findIndex(([other]) => other === name)}`);
    await publish(house, repo, A);
    const other = await house.catalog.statementBundle(await releaseOf(house, model('org/found'), 'main'));
    await overwrite(bundleKey(repo, A, (await releaseOf(house, repo, A)).digest), (bytes) => damage(bytes, other));
    const at = await fresh();
    for (const revision of ['main', A])
      expect((await refusal(() => find(at, repo, revision))).code).toBe('record-invalid');
    const paths = ['resolve/main', `resolve/${A}`, `raw/${A}`].map((path) => `/${repo.id}/${path}/README.md`);
    for (const path of [...paths, `/api/models/${repo.id}`, `/api/models/${repo.id}/tree/main`])
      expect([path, (await at.app.request(path)).status]).toEqual([path, 500]);
    expect(at.log.filter(({ security }) => security === true).length).toBe(5);
    // Another repo is not concerned.
    expect((await releaseOf(at, model('org/found'), 'main')).commit).toBe(A);
  });

  it('a model signature of which one byte differs is not handed out', async () => {
    const repo = model('org/damaged-model-signature');
    await publish(house, repo, A);
    const found = await releaseOf(house, repo, 'main');
    await overwrite(bundleKey(repo, A, found.modelSignature), flip);
    expect((await refusal(() => house.catalog.modelSignatureBundle(found))).code).toBe('record-invalid');
  });

  it('an entry that names a statement of another repo, signed by our own key, makes no release', async () => {
    const repo = model('org/borrowed');
    const other = await releaseOf(house, model('org/found'), 'main');
    const bytes = await house.catalog.statementBundle(other);
    await house.records.create(bundleKey(repo, A, other.digest), bytes);
    await house.journal.append(repo, { type: 'release', commit: A, statement: other.digest }, ann, () => true);
    const said = await refusal(() => find(house, repo, A));
    expect(said).toMatchObject({
      code: 'record-invalid',
      message: expect.stringContaining('speaks of models/org/found'),
    });
  });
});

it('releases are kept in memory up to the configured number', async () => {
  const repos = Array.from({ length: 5 }, (_, i) => model(`org/bounded-${i}`));
  for (const repo of repos) await publish(house, repo, A);
  const small = await fresh({ catalog: { releases: 2, refreshSeconds: 3600 } });
  for (const repo of repos) await releaseOf(small, repo, A);
  // What left the memory is read again, and so finds out that the record is gone; what is in memory does not.
  for (const repo of repos) await house.records.remove(bundleKey(repo, A, (await releaseOf(house, repo, A)).digest));
  const codes: string[] = [];
  for (const repo of [...repos].reverse())
    codes.push(
      await find(small, repo, A).then(
        ({ type }) => type,
        (error: { code: string }) => error.code,
      ),
    );
  expect(codes).toEqual(['release', 'release', 'record-invalid', 'record-invalid', 'record-invalid']);
});

it('edited rows of the index make nothing servable', async () => {
  const repo = model('org/sql');
  await append(house, repo, 'rejection', A);
  const { digest } = await releaseOf(house, model('org/found'), 'main');
  const row = { kind: repo.kind, repo: repo.id, commit: A } as const;
  await house.index.decisions.put({
    ...row,
    ...{
      outcome: 'approved',
      policyDigest: digest,
      rulesVersion: '1',
      complete: true,
      decidedAt: '2026-01-01T00:00:00.000Z',
    },
    body: '{}',
  });
  await house.index.refs.put({ ...row, ref: MAIN, refKind: 'branch', checkedAt: '2026-01-01T00:00:00.000Z' });
  for (const at of [house, await fresh()]) {
    expect(await find(at, repo, A)).toMatchObject({ type: 'rejected' });
    expect(await find(at, repo, 'main')).toEqual({ type: 'unknown' });
    for (const revision of [A, 'main'])
      expect((await at.app.request(`/${repo.id}/resolve/${revision}/README.md`)).status).toBe(403);
  }
});

it('the index can be lost: everything is found again from the store', async () => {
  const repo = model('org/no-index');
  await publish(house, repo, A);
  await publish(house, repo, B);
  await append(house, repo, 'revocation', A);
  const folder = house.options.folder;
  const elsewhere = await openHouse({ folder, upstream: 'http://127.0.0.1:9', indexFile: join(folder, 'new.sqlite') });
  houses.push(elsewhere);
  expect((await releaseOf(elsewhere, repo, 'main')).commit).toBe(B);
  expect(await find(elsewhere, repo, A)).toMatchObject({ type: 'revoked' });
  const { seq, head } = await elsewhere.journal.state(repo);
  expect(await elsewhere.index.heads.get('models/org/no-index')).toMatchObject({ seq, digest: head });
  await rm(join(folder, 'new.sqlite'), { force: true });
});

/** Undefined removes it. */
async function overwrite(key: string, change: (bytes: Buffer) => Buffer | undefined): Promise<void> {
  const record = await house.records.get(key);
  if (!record) throw new Error(`no record ${key}`);
  const bytes = change(Buffer.from(record.bytes));
  if (bytes === undefined) await house.records.remove(key);
  else if (!(await house.records.replace(key, bytes, record.version))) throw new Error('somebody was faster');
}

/** One bit, in the middle. */
function flip(bytes: Buffer): Buffer {
  const at = Math.floor(bytes.length / 2);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  return bytes;
}

function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
