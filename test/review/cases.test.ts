// SPDX-License-Identifier: Apache-2.0
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseRepo } from '#src/domain/repo.ts';
import { parseRevision } from '#src/domain/revision.ts';
import { addHeld, addLicensed, addTiny } from '#test/fake-hub/repos.ts';
import { type FakeHub, startFakeHub } from '#test/fake-hub/server.ts';
import { type House, type HouseOptions, openHouse, post, send } from '#test/support/house.ts';
import { useTemp } from '#test/support/temp.ts';
import { until } from '#test/support/until.ts';

const temp = useTemp();
const SOURCES = [
  { match: 'ask/*', mode: 'request' },
  { match: '*', mode: 'auto' },
];
const ann = { by: 'ann', reason: 'looked at it' };
const model = (id: string) => parseRepo('models', id);

let hub: FakeHub;
let houses: House[];
let folder: string;
beforeEach(async () => {
  [hub, folder, houses] = [await startFakeHub(), await temp('cases'), []];
});
afterEach(async () => {
  for (const house of houses) await house.close();
  await hub.stop();
});

async function open(cases: object = {}, more: Partial<HouseOptions> = {}): Promise<House> {
  const house = await openHouse({ folder, upstream: hub.url, ...more, config: { sources: SOURCES, cases } });
  houses.push(house);
  return house;
}

/** The text of a refusal, and the case that it names. */
async function refusal(house: House, id: string, address = '10.0.0.7'): Promise<{ text: string; case?: number }> {
  const url = `/api/models/${id}/revision/main`;
  const incoming = { url, socket: { remoteAddress: address } };
  const answer = await house.app.request(`http://mirror.test${url}`, {}, { incoming });
  const text = answer.headers.get('x-error-message') ?? '';
  const number = /\(case (\d+)\)/.exec(text)?.[1];
  return { text, ...(number && { case: Number(number) }) };
}

describe('a request for what needs a person', () => {
  it('opens one case for a source, however it is spelled and whatever is asked of it, and counts who asks', async () => {
    const house = await open();
    const asks = ['ask/tiny', 'Ask/Tiny', 'ask/tiny'].map((id, i) => refusal(house, id, `10.0.0.${i}`));
    expect((await Promise.all(asks)).map((answer) => answer.case)).toEqual([1, 1, 1]);
    await refusal(house, 'ask/tiny', '10.0.0.1');
    expect((await refusal(house, 'ask/other')).case).toBe(2);
    await house.cases.sweep();
    const row = await house.index.cases.get(1);
    expect(row).toMatchObject({ state: 'open', subject: 'source models/ask/tiny', commit: null, asked: 4 });
    expect(JSON.parse(row?.reasons ?? '')).toEqual([expect.stringMatching(/until a person approves ask\/tiny/i)]);
    const times = (await house.index.caseRequesters.list(1)).map(({ name, times }) => [name, times]);
    expect(new Map(times as [string, number][])).toEqual(
      new Map([
        ['10.0.0.0', 1],
        ['10.0.0.1', 2],
        ['10.0.0.2', 1],
      ]),
    );
    expect(house.announced).toMatchObject([
      { type: 'case-opened', case: 1, repo: { kind: 'models' } },
      { type: 'case-opened', case: 2, repo: model('ask/other') },
    ]);
    expect(hub.stats.requests).toBe(0);
  });

  it('opens one for a commit that is held, and none for what is denied, or is approved', async () => {
    const { id } = addHeld(hub, 'acme/held').head();
    addLicensed(hub, 'cc-by-nc-4.0', 'acme/nc');
    addTiny(hub);
    const house = await open();
    expect((await refusal(house, 'acme/held')).case).toBe(1);
    expect((await refusal(house, `acme/held`)).text).toContain('acme/held@');
    for (const name of ['acme/nc', 'acme/tiny']) expect((await refusal(house, name)).case).toBeUndefined();
    expect(await house.index.cases.list({ limit: 9 })).toMatchObject([{ id: 1, commit: id, repo: 'acme/held' }]);
    const pulled = await post(house, 'pull?wait=50', { repo: 'acme/held' }, undefined);
    expect(pulled.body).toMatchObject({ state: 'held', case: 1 });
  });

  it('is refused without a number when the index fails', async () => {
    const house = await open();
    const broken = { ...house.index.cases, openOf: () => Promise.reject(new Error('disk')) };
    Object.assign(house.index, { cases: broken });
    const { text } = await refusal(house, 'ask/tiny');
    expect(text).toMatch(/^\[airlock\] ask\/tiny is held: .* Ask your security team to approve this source\.$/);
    expect(house.log.some(({ msg }) => /no case was opened/.test(String(msg)))).toBe(true);
  });

  it('of a repo that upstream has under another name is about that name', async () => {
    addTiny(hub, 'acme/old');
    hub.rename('acme/old', 'ask/new');
    const house = await open();
    expect((await refusal(house, 'acme/old')).case).toBe(1);
    expect(await house.index.cases.get(1)).toMatchObject({ repo: 'ask/new', commit: null });
  });
});

describe('a case closes by itself', () => {
  it.each([
    ['approve', 'approved', { type: 'case-decided', outcome: 'approved', by: 'ann' }],
    ['reject', 'rejected', { type: 'case-decided', outcome: 'rejected', by: 'ann' }],
  ] as const)('when a person says %s', async (verb, state, announced) => {
    const { id } = addHeld(hub, 'acme/held').head();
    const house = await open();
    await refusal(house, 'acme/held');
    await post(house, verb, { repo: 'acme/held', revision: id, ...ann });
    const row = await until('it is closed', async () => {
      const found = await house.index.cases.get(1);
      return found?.state !== 'open' && found;
    });
    expect(row).toMatchObject({ state, endedBy: 'ann', endedReason: 'looked at it' });
    expect(house.announced.at(-1)).toMatchObject({ ...announced, case: 1, commit: id });
  });

  it('when another process has it decided', async () => {
    const { id } = addHeld(hub, 'acme/held').head();
    const house = await open();
    await refusal(house, 'acme/held');
    const other = await open();
    await other.review.reject(model('acme/held'), parseRevision(id), ann);
    await until('it is closed', async () => (await house.index.cases.get(1))?.state === 'rejected');
  });

  it('when nobody asks any more; who asks again opens another', async () => {
    const house = await open({ quietDays: 30 });
    expect((await refusal(house, 'ask/tiny')).case).toBe(1);
    house.clock.advance(29 * 86_400);
    await house.cases.sweep();
    expect(await house.index.cases.get(1)).toMatchObject({ state: 'open' });
    house.clock.advance(2 * 86_400);
    await house.cases.sweep();
    expect(await house.index.cases.get(1)).toMatchObject({ state: 'closed', endedBy: 'policy' });
    expect((await refusal(house, 'ask/tiny')).case).toBe(2);
  });
});

describe('strangers', () => {
  it('open so many cases from one address, half of all together, and leave room for who has a token', async () => {
    const house = await open({ maxOpen: 6, maxOpenPerAddress: 2 });
    const opened = async (name: string, address: string) => (await refusal(house, `ask/${name}`, address)).case;
    expect([await opened('a', '10.0.0.1'), await opened('b', '10.0.0.1')]).toEqual([1, 2]);
    expect(await opened('c', '10.0.0.1')).toBeUndefined();
    expect([await opened('c', '10.0.0.2'), await opened('d', '10.0.0.2')]).toEqual([3, undefined]);
    const { token } = await house.tokens.issue({ name: 'laptop', owner: 'bob', by: 'root', days: 1 });
    const headers = { authorization: `Bearer ${token}` };
    const answer = await send(house, '/api/models/ask/e/revision/main', { headers });
    expect(answer.headers.get('x-error-message')).toContain('(case 4)');
    await house.cases.sweep();
    expect(await house.index.caseRequesters.list(4)).toMatchObject([{ name: 'bob', times: 1 }]);
  });

  it('lose the longest forgotten ones where it gets crowded', async () => {
    const house = await open({ maxOpen: 4, maxOpenPerAddress: 4 });
    await refusal(house, 'ask/a');
    await refusal(house, 'ask/b');
    const mark = async (name: string) => {
      const row = await house.index.cases.openOf(`source models/ask/${name}`);
      return row?.state;
    };
    const { token } = await house.tokens.issue({ name: 'laptop', owner: 'bob', by: 'root', days: 9 });
    const headers = { authorization: `Bearer ${token}` };
    for (const name of ['c', 'd']) await send(house, `/api/models/ask/${name}/revision/main`, { headers });
    house.clock.advance(2 * 86_400);
    await refusal(house, 'ask/a');
    await house.cases.sweep();
    expect([await mark('a'), await mark('b'), await mark('c'), await mark('d')]).toEqual([
      'open',
      undefined,
      'open',
      'open',
    ]);
  });
});

it('who asks often costs the index nothing but a batch', async () => {
  const house = await open();
  await refusal(house, 'ask/tiny');
  let questions = 0;
  const openOf = house.index.cases.openOf;
  const counted = (key: string) => {
    questions++;
    return openOf(key);
  };
  Object.assign(house.index.cases, { openOf: counted });
  for (let i = 0; i < 200; i++) await refusal(house, 'ask/tiny');
  expect(questions).toBe(0);
  house.clock.advance(6);
  await refusal(house, 'ask/tiny');
  expect(questions).toBe(1);
  await house.cases.sweep();
  expect((await house.index.cases.get(1))?.asked).toBe(202);
});
