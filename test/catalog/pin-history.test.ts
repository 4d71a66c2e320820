// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, expect, it } from 'vitest';
import { journalKey } from '#src/catalog/keys.ts';
import { pinHistory } from '#src/catalog/pin-history.ts';
import type { Ref } from '#src/domain/revision.ts';
import { ADMIN_TOKEN, type House, openHouse, send } from '#test/support/house.ts';
import { useTemp } from '#test/support/temp.ts';
import { append, commitOf, model } from './drafts.ts';

const temp = useTemp();
let house: House;
beforeAll(async () => {
  house = await openHouse({ folder: await temp('pins'), upstream: 'http://127.0.0.1:9' });
});
afterAll(() => house.close());

const [A, B, C] = [commitOf('a'), commitOf('b'), commitOf('c')];
const repo = model('acme/pins');

async function pin(ref: string, commit: typeof A, by: string, at = repo): Promise<void> {
  const event = { type: 'pin', ref: ref as Ref, refKind: 'branch', commit } as const;
  await house.journal.append(at, event, { by, reason: `${by} wants it` }, () => true);
}

it('tells each move of each ref, newest first: who, when, why, from where', async () => {
  await pin('main', A, 'policy');
  await append(house, repo, 'rejection', C);
  await pin('dev', B, 'policy');
  await pin('main', B, 'ann');
  await pin('main', A, 'ben');
  const { moves, next } = await pinHistory(house.journal, repo, { limit: 50 });
  expect(next).toBeUndefined();
  expect(moves.map(({ ref, from, to, by }) => [ref, from, to, by])).toEqual([
    ['main', B, A, 'ben'],
    ['main', A, B, 'ann'],
    ['dev', null, B, 'policy'],
    ['main', null, A, 'policy'],
  ]);
  expect(moves[0]).toMatchObject({ seq: 5, kind: 'branch', reason: 'ben wants it', at: expect.stringMatching(/Z$/) });
  const dev = await pinHistory(house.journal, repo, { ref: 'dev' as Ref, limit: 50 });
  expect(dev.moves.map(({ to }) => to)).toEqual([B]);
  expect((await pinHistory(house.journal, model('acme/none'), { limit: 50 })).moves).toEqual([]);
});

it('comes in pages that lose and repeat nothing, each move with where it began', async () => {
  const whole = (await pinHistory(house.journal, repo, { limit: 50 })).moves;
  for (const limit of [1, 2, 3, 4]) {
    const paged = [];
    for (let before: number | undefined; ; ) {
      const page = await pinHistory(house.journal, repo, { limit, before });
      expect(page.moves.length).toBeLessThanOrEqual(limit);
      paged.push(...page.moves);
      if (page.next === undefined) break;
      before = page.next;
    }
    expect(paged, String(limit)).toEqual(whole);
  }
});

it('reads so many entries at a time, however many lie between two moves', async () => {
  const busy = model('acme/busy');
  await pin('main', A, 'policy', busy);
  for (let i = 0; i < 501; i++) await append(house, busy, 'rejection', C);
  const first = await pinHistory(house.journal, busy, { limit: 10 });
  expect(first).toEqual({ moves: [], next: 3 });
  expect((await pinHistory(house.journal, busy, { limit: 10, before: first.next })).moves).toHaveLength(1);
});

it('refuses an entry that was put in the place of another', async () => {
  const other = model('acme/altered');
  for (const commit of [A, B, C]) await pin('main', commit, 'policy', other);
  await house.journal.state(other);
  const first = await house.records.get(journalKey(other, 1));
  const second = await house.records.get(journalKey(other, 2));
  if (!first || !second) throw new Error('no entries');
  await house.records.replace(journalKey(other, 2), first.bytes, second.version);
  await expect(pinHistory(house.journal, other, { limit: 50 })).rejects.toMatchObject({ code: 'record-invalid' });
});

it('is told by the API, page by page, to who may inspect', async () => {
  const path = '/api/airlock/pins/history?repo=acme/pins&limit=1';
  expect((await send(house, path)).status).toBe(401);
  const answer = await send(house, path, { headers: { authorization: `Bearer ${ADMIN_TOKEN}` } });
  expect(await answer.json()).toMatchObject({ moves: [{ ref: 'main', from: B, to: A, by: 'ben' }], next: 5 });
  const bad = await send(house, `${path}&before=0`, { headers: { authorization: `Bearer ${ADMIN_TOKEN}` } });
  expect(bad.status).toBe(400);
});
