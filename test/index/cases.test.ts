// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseRepo } from '#src/domain/repo.ts';
import { MAX_BATCH } from '#src/index/case-requesters.ts';
import { type Index, openIndex } from '#src/index/index.ts';
import type { CaseRow } from '#src/index/schema.ts';
import { useTemp } from '#test/support/temp.ts';

const temp = useTemp();
let file: string;
let index: Index;
beforeEach(async () => {
  file = join(await temp('cases'), 'index.sqlite');
  index = await openIndex(file);
});
afterEach(() => index.close());

const ROOMY = { maxOpen: 1000, maxOpenOfOne: undefined };
const day = (n: number) => `2026-01-${String(n).padStart(2, '0')}T00:00:00.000Z`;

function row(name: string, change: Partial<CaseRow> = {}): Omit<CaseRow, 'id'> {
  return {
    ...{
      subject: `source models/${name}`,
      kind: 'models',
      repo: name,
      commit: null,
      state: 'open',
      reasons: '["why"]',
    },
    ...{ openedAt: day(1), openedBy: 'address:10.0.0.7', asked: 0, askedAt: day(1), updatedAt: day(1) },
    ...{ assignee: null, twoPeople: 0, endedBy: null, endedReason: null },
    ...change,
  };
}

async function opened(name: string, change: Partial<CaseRow> = {}): Promise<CaseRow> {
  const found = await index.cases.open(row(name, change), ROOMY);
  if (!found) throw new Error(`no case for ${name}`);
  return found;
}

describe('a case', () => {
  it('has a number, and its subject has no second one while it is open', async () => {
    const first = await opened('a/a');
    expect(first).toEqual({ id: 1, ...row('a/a') });
    expect(await index.cases.open(row('a/a'), ROOMY)).toBeUndefined();
    expect((await opened('a/b')).id).toBe(2);
    expect(await index.cases.openOf('source models/a/a')).toEqual(first);
    const end = { state: 'rejected', by: 'ann', reason: 'no', at: day(2) } as const;
    const ended = { ...first, state: 'rejected', endedBy: 'ann', endedReason: 'no', updatedAt: day(2) };
    expect(await index.cases.end(1, end)).toEqual(ended);
    expect(await index.cases.end(1, { ...end, by: 'bob' })).toBeUndefined();
    expect(await index.cases.get(1)).toEqual(ended);
    expect(await index.cases.change(1, { assignee: 'bob', updatedAt: day(3) })).toBeUndefined();
    expect((await opened('a/a')).id).toBe(3);
  });

  it('is not opened where there is no room, in all or for one requester', async () => {
    const limits = { maxOpen: 3, maxOpenOfOne: 2 };
    for (const name of ['a/a', 'a/b']) expect(await index.cases.open(row(name), limits)).toBeDefined();
    expect(await index.cases.open(row('a/c'), limits)).toBeUndefined();
    expect(await index.cases.open(row('a/c', { openedBy: 'address:10.0.0.8' }), limits)).toBeDefined();
    expect(await index.cases.open(row('a/d', { openedBy: 'address:10.0.0.9' }), limits)).toBeUndefined();
    await index.cases.end(1, { state: 'closed', by: 'policy', reason: 'x', at: day(2) });
    expect(await index.cases.open(row('a/d'), limits)).toMatchObject({ id: 4 });
    expect(await index.cases.countOpen()).toBe(3);
  });

  it('is opened once by two processes, and each number is given once', async () => {
    const script = fileURLToPath(new URL('./open-cases.ts', import.meta.url));
    const processes = [1, 2, 3].map(() => spawn(process.execPath, [script, file, '40'], { stdio: 'inherit' }));
    const codes = await Promise.all(processes.map(async (one) => (await once(one, 'exit'))[0]));
    expect(codes).toEqual([0, 0, 0]);
    const all = await index.cases.list({ limit: 1000 });
    expect(all.map(({ id }) => id)).toEqual(Array.from({ length: 40 }, (_, i) => 40 - i));
    expect(new Set(all.map(({ subject }) => subject)).size).toBe(40);
  });

  it('is found newest first, by state and assignee, in pages', async () => {
    for (const name of ['a/a', 'a/b', 'a/c', 'a/d']) await opened(name);
    await index.cases.change(2, { assignee: 'ann', updatedAt: day(2) });
    await index.cases.end(4, { state: 'approved', by: 'ann', reason: 'x', at: day(2) });
    const ids = async (filter: object) => (await index.cases.list({ limit: 2, ...filter })).map(({ id }) => id);
    expect(await ids({})).toEqual([4, 3]);
    expect(await ids({ before: 3 })).toEqual([2, 1]);
    expect(await ids({ state: 'open' })).toEqual([3, 2]);
    expect(await ids({ assignee: 'ann' })).toEqual([2]);
    expect((await index.cases.openOfRepo(parseRepo('models', 'a/d'))).length).toBe(0);
    expect((await index.cases.openOfRepo(parseRepo('models', 'a/a'))).map(({ id }) => id)).toEqual([1]);
    expect((await index.cases.openOfRepo(parseRepo('datasets', 'a/a'))).length).toBe(0);
  });

  it('that nobody asks about is forgotten, but for one that somebody took up', async () => {
    await opened('a/a', { askedAt: day(1) });
    await opened('a/b', { askedAt: day(9) });
    await opened('a/c', { assignee: 'ann' });
    await opened('a/d', { updatedAt: day(9) });
    expect((await index.cases.forgotten(day(5), 10)).map(({ id }) => id)).toEqual([1]);
  });

  it('that ended long ago goes with all that hangs on it, and its number is not given out again', async () => {
    for (const name of ['a/a', 'a/b', 'a/c']) {
      const { id } = await opened(name);
      await index.caseNotes.add({ caseId: id, at: day(1), by: 'ann', act: 'comment', text: 'x' });
      await index.caseRequesters.count([asked(id, 'token:1')]);
      await index.cases.end(id, { state: 'closed', by: 'policy', reason: 'x', at: day(2) });
    }
    expect(await index.cases.prune(day(5), 1)).toBe(1);
    expect(await index.cases.prune(day(5), 10)).toBe(1);
    expect(await index.cases.prune(day(5), 10)).toBe(0);
    expect((await index.cases.list({ limit: 10 })).map(({ id }) => id)).toEqual([3]);
    expect([await index.caseNotes.list(1), await index.caseRequesters.list(2)]).toEqual([[], []]);
    expect(await index.caseRequesters.list(3)).toHaveLength(1);
    expect((await opened('a/d')).id).toBe(4);
  });
});

const asked = (caseId: number, who: string, times = 1, at = day(3)) => ({
  ...{ caseId, who, name: `name of ${who}`, times, firstAt: at, lastAt: at },
});

describe('who asks', () => {
  it('is counted, and the case has the sum and the last time', async () => {
    await opened('a/a');
    await opened('a/b');
    await index.caseRequesters.count([asked(1, 'token:1', 2), asked(1, 'address:1', 1, day(5)), asked(2, 'token:1')]);
    await index.caseRequesters.count([asked(1, 'token:1', 3, day(4)), asked(99, 'token:1')]);
    expect(await index.caseRequesters.list(1)).toEqual([
      { ...asked(1, 'token:1', 5), lastAt: day(4), why: null },
      { ...asked(1, 'address:1', 1, day(5)), why: null },
    ]);
    expect(await index.cases.get(1)).toMatchObject({ asked: 6, askedAt: day(5) });
    expect(await index.cases.get(2)).toMatchObject({ asked: 1, askedAt: day(3) });
    expect(await index.caseRequesters.list(99)).toEqual([]);
  });

  it('is named up to a bound, and the others are one', async () => {
    await opened('a/a');
    for (let batch = 0; batch < 3; batch++) {
      const rows = Array.from({ length: 40 }, (_, i) => asked(1, `address:${batch}-${i}`));
      await index.caseRequesters.count(rows);
    }
    const all = await index.caseRequesters.list(1);
    expect(all.length).toBeLessThanOrEqual(81);
    expect(all[0]).toMatchObject({ who: 'others', name: 'others', times: 40 });
    expect((await index.cases.get(1))?.asked).toBe(120);
    await index.caseRequesters.count([asked(1, 'address:0-0', 60)]);
    expect((await index.caseRequesters.list(1))[0]).toMatchObject({ who: 'address:0-0', times: 61 });
  });

  it('is written in full batches', async () => {
    for (let i = 0; i < 20; i++) await opened(`a/${i}`);
    const rows = Array.from({ length: MAX_BATCH }, (_, i) => asked((i % 20) + 1, `token:${i}`));
    await index.caseRequesters.count(rows);
    expect((await index.cases.get(20))?.asked).toBe(MAX_BATCH / 20);
  });

  it('and says why, stands first, and says it anew', async () => {
    await opened('a/a');
    await index.caseRequesters.count([asked(1, 'token:1', 9)]);
    await index.caseRequesters.say({ ...asked(1, 'token:2'), why: 'for the demo' });
    await index.caseRequesters.say({ ...asked(1, 'token:2'), why: 'for the product' });
    expect(await index.caseRequesters.list(1)).toMatchObject([
      { who: 'token:2', why: 'for the product', times: 2 },
      { who: 'token:1', why: null },
    ]);
  });
});

describe('notes', () => {
  it('stand in their order, and no case has them without end', async () => {
    await opened('a/a');
    const note = (text: string) => ({ caseId: 1, at: day(1), by: 'ann', act: 'comment', text });
    for (const text of ['first', 'second']) expect(await index.caseNotes.add(note(text))).toBe(true);
    expect(await index.caseNotes.list(1)).toEqual([
      { ...note('first'), seq: 1 },
      { ...note('second'), seq: 2 },
    ]);
    expect(await index.caseNotes.add({ ...note('x'), caseId: 2 })).toBe(false);
    for (let i = 2; i < 500; i++) await index.caseNotes.add(note(`${i}`));
    expect(await index.caseNotes.add(note('too many'))).toBe(false);
    expect(await index.caseNotes.list(1)).toHaveLength(500);
  });
});
