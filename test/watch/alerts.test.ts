// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ADMIN_TOKEN, type House, openHouse, post, send } from '#test/support/house.ts';
import { useTemp } from '#test/support/temp.ts';

const temp = useTemp();
let house: House;
beforeAll(async () => {
  house = await openHouse({ folder: await temp('alerts'), upstream: 'http://127.0.0.1:9' });
});
afterAll(() => house.close());

function raise(fact: string, raisedAt = '2026-03-01T12:00:00.000Z') {
  const about = { kind: 'models', repo: 'acme/tiny', ref: null, commit: null } as const;
  return house.index.alerts.raise({ ...about, fact, type: 'repo-vanished', message: `${fact} is gone`, raisedAt });
}

async function list(query = '') {
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
  const answer = await send(house, `/api/airlock/alerts${query}`, { headers });
  return (await answer.json()) as { id: number; acknowledgedBy: string | null; words: string | null }[];
}

it('a fact is kept once, whoever finds it out and however often', async () => {
  const both = await Promise.all([raise('one'), raise('one')]);
  expect(both.filter((row) => row !== undefined)).toHaveLength(1);
  expect(await raise('one', '2026-03-02T12:00:00.000Z')).toBeUndefined();
  expect((await raise('two'))?.id).toBe(2);
  expect((await list()).map(({ id }) => id)).toEqual([2, 1]);
  expect((await list('?before=2')).map(({ id }) => id)).toEqual([1]);
  expect(JSON.stringify(await list())).not.toContain('"fact"');
});

it('an alert that a person acknowledges with words is no longer open, and is told no second time', async () => {
  const { status, body } = await post(house, 'alerts/1/acknowledge', { by: 'ann', reason: 'they told us' });
  expect([status, body]).toEqual([200, expect.objectContaining({ acknowledgedBy: 'ann', words: 'they told us' })]);
  expect((await list()).map(({ id }) => id)).toEqual([2]);
  expect((await list('?all=true')).map(({ id, words }) => [id, words])).toEqual([
    [2, null],
    [1, 'they told us'],
  ]);
  const again = await post(house, 'alerts/1/acknowledge', { by: 'ben', reason: 'me too' });
  expect(again.status).toBe(400);
  expect(again.body.error).toContain('ann has acknowledged it already');
  expect(await raise('one')).toBeUndefined();
});

it.each<[string, unknown, number]>([
  ['alerts/9/acknowledge', { by: 'ann', reason: 'x' }, 404],
  ['alerts/x/acknowledge', { by: 'ann', reason: 'x' }, 400],
  ['alerts/2/acknowledge', { by: 'ann', reason: ' ' }, 400],
  ['alerts/2/acknowledge', { by: 'policy', reason: 'x' }, 400],
])('%s with %j is refused', async (path, body, status) => {
  expect((await post(house, path, body)).status).toBe(status);
  expect((await list()).map(({ id }) => id)).toEqual([2]);
});
