// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, open, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { sha256Of } from '#src/domain/digest.ts';
import { isAirlockError } from '#src/domain/errors.ts';
import { parseRepo } from '#src/domain/repo.ts';
import { parseCommitSha, parseRef } from '#src/domain/revision.ts';
import { type Index, openIndex } from '#src/index/index.ts';
import type { DecisionRow, IntakeRow, RefRow, TokenRow } from '#src/index/schema.ts';
import { sqliteError } from '#src/index/sqlite.ts';

const REPO = parseRepo('models', 'org/name');
const COMMIT = parseCommitSha('a'.repeat(40));
const OTHER = parseCommitSha('b'.repeat(40));
const DIGEST = sha256Of('x');

let folder: string;
let file: string;
let index: Index;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'airlock-index-'));
  file = join(folder, 'index.db');
  index = await openIndex(file);
});
afterEach(async () => {
  await index.close();
  await rm(folder, { recursive: true, force: true });
});

function intake(change: Partial<IntakeRow> = {}): IntakeRow {
  return {
    id: randomUUID(),
    kind: 'models',
    repo: 'org/name',
    commit: COMMIT,
    ref: parseRef('main'),
    stage: 'pull',
    state: 'running',
    bytesDone: 0,
    bytesTotal: 500_000_000_000,
    filesDone: 0,
    filesTotal: 30,
    errorCode: null,
    errorMessage: null,
    startedAt: '2026-01-01T00:00:00.000Z',
    updatedAt: '2026-01-01T00:00:00.000Z',
    ...change,
  };
}

function decision(change: Partial<DecisionRow> = {}): DecisionRow {
  return {
    kind: 'models',
    repo: 'org/name',
    commit: COMMIT,
    outcome: 'held',
    policyDigest: DIGEST,
    rulesVersion: '1',
    body: '{"reasons":[]}',
    complete: true,
    decidedAt: '2026-01-01T00:00:00.000Z',
    ...change,
  };
}

describe('opening', () => {
  test('keeps what was written, and runs no migration twice', async () => {
    await index.facts.put(DIGEST, 'pickle-1', '{}');
    await index.close();
    index = await openIndex(file);
    expect(await index.facts.get(DIGEST, 'pickle-1')).toBe('{}');
  });

  test('makes a file that only its owner may read, in WAL mode', async () => {
    for (const name of [file, `${file}-wal`]) expect((await stat(name)).mode & 0o777).toBe(0o600);
  });

  test('by four processes at once makes the tables once, and loses no write', async () => {
    const fresh = join(folder, 'fresh.db');
    const script = fileURLToPath(new URL('./open-then-write.ts', import.meta.url));
    const ends = ['one', 'two', 'three', 'four'].map((name) =>
      once(spawn(process.execPath, [script, fresh, name, '25'], { stdio: 'inherit' }), 'exit'),
    );
    for (const [code] of await Promise.all(ends)) expect(code).toBe(0);
    const opened = await openIndex(fresh);
    for (const name of ['one', 'two', 'three', 'four', 'shared'])
      expect((await opened.heads.get(`models/${name}`))?.seq).toBe(25);
    await opened.close();
  });

  test('a file that is no database names the file and says that it can be rebuilt', async () => {
    const damaged = join(folder, 'damaged.db');
    await writeFile(damaged, randomBytes(10_000));
    const error = await openIndex(damaged).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'store-unavailable', subject: { path: damaged } });
    expect(String(error)).toContain(damaged);
    expect(String(error)).toContain('rebuilt');
  });

  test('a page damaged while the index is closed is found when it is read, with the same advice', async () => {
    for (let i = 0; i < 200; i++) await index.facts.put(sha256Of(`${i}`), 'v', 'x'.repeat(1000));
    await index.close();
    const { length } = await readFile(file);
    const handle = await open(file, 'r+');
    // Everything behind the first page: the header stays valid, so that opening alone sees nothing.
    await handle.write(randomBytes(length - 4096), 0, length - 4096, 4096);
    await handle.close();
    const use = async (): Promise<unknown> => {
      index = await openIndex(file);
      return index.facts.get(sha256Of('5'), 'v');
    };
    const error = await use().catch((thrown: unknown) => thrown);
    expect(isAirlockError(error, 'store-unavailable')).toBe(true);
    expect(String(error)).toContain('can be rebuilt');
  });

  test('an index that a newer version wrote is refused and not changed', async () => {
    await index.close();
    const raw = new DatabaseSync(file);
    raw.exec(`INSERT INTO kysely_migration (name, timestamp) VALUES ('9999-future', '2030-01-01T00:00:00.000Z')`);
    raw.close();
    await expect(openIndex(file)).rejects.toMatchObject({ code: 'store-unavailable' });
  });

  test('a folder that is missing, or a folder in place of the file, is unavailable', async () => {
    const unavailable = { code: 'store-unavailable' };
    await expect(openIndex(join(folder, 'missing', 'index.db'))).rejects.toMatchObject(unavailable);
    await expect(openIndex(folder)).rejects.toMatchObject(unavailable);
  });

  test('a query after close is unavailable', async () => {
    await index.close();
    await index.close();
    await expect(index.intakes.running()).rejects.toMatchObject({ code: 'store-unavailable' });
  });

  test('a full disk is store-full', () => {
    expect(sqliteError(Object.assign(new Error('full'), { errcode: 13 }), file)).toMatchObject({ code: 'store-full' });
  });
});

describe('intakes', () => {
  test('one commit has one running intake, and a new one after that has ended', async () => {
    const first = intake();
    expect(await index.intakes.begin(first)).toBe(true);
    expect(await index.intakes.begin(intake())).toBe(false);
    expect(await index.intakes.begin(intake({ commit: OTHER }))).toBe(true);
    expect(await index.intakes.begin(intake({ kind: 'datasets' }))).toBe(true);
    expect(await index.intakes.update(first.id, { state: 'failed', errorCode: 'upstream-timeout' })).toBe(true);
    expect(await index.intakes.begin(intake())).toBe(true);
    expect(await index.intakes.begin(first)).toBe(false);
  });

  test('of twenty that begin at the same time over two connections one does', async () => {
    const second = await openIndex(file);
    const began = await Promise.all(
      Array.from({ length: 20 }, (_, i) => (i % 2 ? index : second).intakes.begin(intake())),
    );
    expect(began.filter(Boolean)).toHaveLength(1);
    await second.close();
  });

  test('an update changes what it names and nothing else', async () => {
    const row = intake();
    await index.intakes.begin(row);
    const patch = { stage: 'scan', bytesDone: 499_999_999_999, updatedAt: '2026-01-01T00:01:00.000Z' };
    expect(await index.intakes.update(row.id, patch)).toBe(true);
    expect(await index.intakes.update(row.id, {})).toBe(true);
    expect(await index.intakes.recent(1)).toEqual([{ ...row, ...patch }]);
    expect(await index.intakes.update(randomUUID(), { stage: 'x' })).toBe(false);
  });

  test('running is oldest first and leaves out what has ended; recent is newest first', async () => {
    const at = (hour: number) => `2026-01-01T0${hour}:00:00.000Z`;
    const rows = [3, 1, 2].map((hour) =>
      intake({ commit: parseCommitSha(String(hour).repeat(40)), startedAt: at(hour) }),
    );
    for (const row of rows) await index.intakes.begin(row);
    await index.intakes.update(rows[2]?.id ?? '', { state: 'done' });
    expect((await index.intakes.running()).map((row) => row.startedAt)).toEqual([at(1), at(3)]);
    expect((await index.intakes.recent(2)).map((row) => row.startedAt)).toEqual([at(3), at(2)]);
  });

  test('a state that is none is refused by the database', async () => {
    const wrong = { state: 'sleeping' } as unknown as Partial<IntakeRow>;
    await expect(index.intakes.begin(intake(wrong))).rejects.toMatchObject({ code: 'store-unavailable' });
  });
});

describe('decisions', () => {
  test('a later decision for a commit takes the place of the earlier', async () => {
    await index.decisions.put(decision());
    expect(await index.decisions.get(REPO, COMMIT)).toEqual(decision());
    const later = decision({ outcome: 'denied', complete: false, decidedAt: '2026-01-02T00:00:00.000Z' });
    await index.decisions.put(later);
    expect(await index.decisions.get(REPO, COMMIT)).toEqual(later);
    expect(await index.decisions.list({ limit: 10 })).toEqual([later]);
  });

  test('a list is newest first, by outcome, and at most as long as asked for', async () => {
    const rows = ['1', '2', '3'].map((n) =>
      decision({
        commit: parseCommitSha(n.repeat(40)),
        outcome: n === '2' ? 'approved' : 'held',
        decidedAt: `2026-01-0${n}T00:00:00.000Z`,
      }),
    );
    for (const row of rows) await index.decisions.put(row);
    expect(await index.decisions.list({ limit: 2 })).toEqual([rows[2], rows[1]]);
    expect(await index.decisions.list({ outcome: 'held', limit: 10 })).toEqual([rows[2], rows[0]]);
    expect(await index.decisions.list({ outcome: 'denied', limit: 10 })).toEqual([]);
  });

  test('a removed decision is gone, and its neighbours stay', async () => {
    await index.decisions.put(decision());
    await index.decisions.put(decision({ commit: OTHER }));
    await index.decisions.remove(REPO, COMMIT);
    await index.decisions.remove(REPO, COMMIT);
    expect(await index.decisions.get(REPO, COMMIT)).toBeUndefined();
    expect(await index.decisions.get(REPO, OTHER)).toBeDefined();
    expect(await index.decisions.get(parseRepo('datasets', 'org/name'), OTHER)).toBeUndefined();
  });
});

describe('refs', () => {
  const row = (name: string, change: Partial<RefRow> = {}): RefRow => ({
    kind: 'models',
    repo: 'org/name',
    ref: parseRef(name),
    refKind: 'branch',
    commit: COMMIT,
    checkedAt: '2026-01-01T00:00:00.000Z',
    ...change,
  });

  test('the newest answer of upstream is kept', async () => {
    await index.refs.put(row('main'));
    const moved = row('main', { commit: OTHER, checkedAt: '2026-01-02T00:00:00.000Z' });
    await index.refs.put(moved);
    expect(await index.refs.get(REPO, parseRef('main'))).toEqual(moved);
    expect(await index.refs.get(REPO, parseRef('other'))).toBeUndefined();
  });

  test('all are of one repo, by name; due are the longest unchecked first', async () => {
    await index.refs.put(row('v2', { refKind: 'tag', checkedAt: '2026-01-03T00:00:00.000Z' }));
    await index.refs.put(row('main', { checkedAt: '2026-01-02T00:00:00.000Z' }));
    await index.refs.put(row('main', { repo: 'org/other' }));
    expect((await index.refs.all(REPO)).map((found) => found.ref)).toEqual(['main', 'v2']);
    const due = await index.refs.due('2026-01-03T00:00:00.000Z', 10);
    expect(due.map((found) => found.repo)).toEqual(['org/other', 'org/name']);
    expect(await index.refs.due('2026-01-03T00:00:00.000Z', 1)).toHaveLength(1);
  });
});

describe('heads', () => {
  test('move forward, and ignore what is older', async () => {
    expect(await index.heads.get('models/org/name')).toBeUndefined();
    await index.heads.advance('models/org/name', 2, sha256Of('2'));
    await index.heads.advance('models/org/name', 5, sha256Of('5'));
    await index.heads.advance('models/org/name', 5, sha256Of('5'));
    await index.heads.advance('models/org/name', 3, sha256Of('another 3'));
    expect(await index.heads.get('models/org/name')).toEqual({
      repoKey: 'models/org/name',
      seq: 5,
      digest: sha256Of('5'),
    });
  });

  test('another entry at the same place is a security error with both sides, and changes nothing', async () => {
    await index.heads.advance('models/org/name', 5, sha256Of('5'));
    const error = await index.heads
      .advance('models/org/name', 5, sha256Of('forged'))
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'journal-rolled-back',
      security: true,
      subject: { seq: 5, expected: sha256Of('5'), actual: sha256Of('forged') },
    });
    expect((await index.heads.get('models/org/name'))?.digest).toBe(sha256Of('5'));
    await index.heads.advance('models/org/name', 6, sha256Of('6'));
  });

  test('advanced at the same time in any order end at the highest', async () => {
    const second = await openIndex(file);
    const order = Array.from({ length: 40 }, (_, i) => ((i * 7) % 40) + 1);
    await Promise.all(
      order.map((seq, i) => (i % 2 ? index : second).heads.advance('models/a', seq, sha256Of(`${seq}`))),
    );
    expect((await index.heads.get('models/a'))?.seq).toBe(40);
    await second.close();
  });
});

test('facts belong to a digest and an extractor version', async () => {
  await index.facts.put(DIGEST, 'pickle-1', '{"calls":[]}');
  await index.facts.put(DIGEST, 'pickle-1', '{"calls":["os.system"]}');
  expect(await index.facts.get(DIGEST, 'pickle-1')).toBe('{"calls":["os.system"]}');
  expect(await index.facts.get(DIGEST, 'pickle-2')).toBeUndefined();
  expect(await index.facts.get(sha256Of('y'), 'pickle-1')).toBeUndefined();
});

describe('tokens', () => {
  const token = (id: string, change: Partial<TokenRow> = {}): TokenRow => ({
    id,
    digest: sha256Of(id),
    name: 'ci',
    owner: 'ann',
    roles: '["reader"]',
    grants: '[]',
    seal: 'x',
    createdAt: '2026-01-01T00:00:00.000Z',
    createdBy: 'root',
    expiresAt: null,
    lastUsedAt: null,
    revokedAt: null,
    revokedBy: null,
    ...change,
  });
  const at = (minute: number) => `2026-01-01T00:${String(minute).padStart(2, '0')}:00.000Z`;

  test('are found by their digest; an id or a digest that is taken adds nothing', async () => {
    expect(await index.tokens.add(token('a'))).toBe(true);
    expect(await index.tokens.add(token('a', { digest: sha256Of('other') }))).toBe(false);
    expect(await index.tokens.add(token('b', { digest: sha256Of('a') }))).toBe(false);
    expect(await index.tokens.byDigest(sha256Of('a'))).toEqual(token('a'));
    expect(await index.tokens.byDigest(sha256Of('other'))).toBeUndefined();
    expect(await index.tokens.list(10)).toEqual([token('a')]);
  });

  test('are revoked once: who was first, and when, stays', async () => {
    await index.tokens.add(token('a'));
    expect(await index.tokens.revoke('a', at(1), 'bob')).toEqual(token('a', { revokedAt: at(1), revokedBy: 'bob' }));
    expect(await index.tokens.revoke('a', at(2), 'eve')).toEqual(token('a', { revokedAt: at(1), revokedBy: 'bob' }));
    expect(await index.tokens.revoke('b', at(2), 'eve')).toBeUndefined();
  });

  test('remember their last use, which never moves back; of many, each its own', async () => {
    const many = Array.from({ length: 1201 }, (_, i) => `t${i}`);
    for (const id of many) await index.tokens.add(token(id));
    await index.tokens.used(new Map([...many.map((id, i) => [id, at(i % 60)] as const), ['unknown', at(1)]]));
    const listed = new Map((await index.tokens.list(2000)).map((row) => [row.id, row.lastUsedAt]));
    expect(listed).toEqual(new Map(many.map((id, i) => [id, at(i % 60)])));
    await index.tokens.used(new Map([['t30', at(10)]]));
    await index.tokens.used(new Map([['t31', at(40)]]));
    await index.tokens.used(new Map());
    expect((await index.tokens.byDigest(sha256Of('t30')))?.lastUsedAt).toBe(at(30));
    expect((await index.tokens.byDigest(sha256Of('t31')))?.lastUsedAt).toBe(at(40));
  });

  test('come to an index that an earlier version made', async () => {
    await index.close();
    const raw = new DatabaseSync(file);
    const early = `'intakes', 'decisions', 'refs', 'heads', 'facts', 'rescans'`;
    const tables = `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'kysely%' AND name NOT IN (${early})`;
    for (const { name } of raw.prepare(tables).all()) raw.exec(`DROP TABLE "${name}"`);
    raw.exec(`DELETE FROM kysely_migration WHERE name >= '0003'`);
    raw.close();
    index = await openIndex(file);
    expect(await index.tokens.add(token('a'))).toBe(true);
  });
});

describe('listings', () => {
  const row = (repo: string, seq: number, body: string | null = '{}') => ({ kind: 'models' as const, repo, seq, body });

  test('come in pages by name, each kind for itself', async () => {
    await index.listings.put([row('b', 1), row('a', 2, null), row('c', 3), { ...row('d', 4), kind: 'datasets' }]);
    expect(await index.listings.page('models', '', 2)).toEqual([row('a', 2, null), row('b', 1)]);
    expect(await index.listings.page('models', 'b', 2)).toEqual([row('c', 3)]);
    expect(await index.listings.page('models', 'c', 2)).toEqual([]);
    expect(await index.listings.page('datasets', '', 2)).toEqual([{ ...row('d', 4), kind: 'datasets' }]);
  });

  test('take the place of earlier ones, also many at once and none', async () => {
    const many = Array.from({ length: 500 }, (_, i) => row(`repo-${String(i).padStart(3, '0')}`, i));
    await index.listings.put(many);
    await index.listings.put(many.map((one) => ({ ...one, seq: one.seq + 1, body: null })));
    await index.listings.put([]);
    expect(await index.listings.page('models', '', 1000)).toEqual(
      many.map((one) => ({ ...one, seq: one.seq + 1, body: null })),
    );
  });
});
