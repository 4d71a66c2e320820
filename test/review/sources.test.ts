// SPDX-License-Identifier: Apache-2.0
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { addHeld, addTiny } from '#test/fake-hub/repos.ts';
import { type FakeHub, startFakeHub } from '#test/fake-hub/server.ts';
import { ADMIN_TOKEN, type House, openHouse, post, send } from '#test/support/house.ts';
import { useTemp } from '#test/support/temp.ts';

const temp = useTemp();
const ann = { by: 'ann', reason: 'we know them' };
const bob = { by: 'bob', reason: 'we do not know them' };
const SOURCES = [
  { match: 'never/*', mode: 'deny', reason: 'by contract' },
  { match: 'free/*', mode: 'auto' },
  { match: 'ask/*', mode: 'request', exclude: ['*.txt'] },
];

let hub: FakeHub;
let house: House;
beforeEach(async () => {
  hub = await startFakeHub();
  for (const id of ['ask/one', 'ask/two', 'never/one', 'free/one']) addTiny(hub, id);
  house = await openHouse({ folder: await temp('sources'), upstream: hub.url, config: { sources: SOURCES } });
});
afterEach(async () => {
  await house.close();
  await hub.stop();
});

async function pull(id: string): Promise<{ status: number; text: string }> {
  const answer = await send(house, `/api/models/${id}/revision/main`);
  return { status: answer.status, text: answer.headers.get('x-error-message') ?? '' };
}

async function read(path: string): Promise<Record<string, unknown> & Record<string, unknown>[]> {
  const answer = await send(house, `/api/airlock/${path}`, { headers: { authorization: `Bearer ${ADMIN_TOKEN}` } });
  return (await answer.json()) as Record<string, unknown> & Record<string, unknown>[];
}

describe('a case about a source', () => {
  it('that is approved lets the repo in, and no other; the configuration still leaves its files out', async () => {
    expect((await pull('ask/one')).text).toContain('airlock case approve 1 --reason');
    expect((await pull('ask/two')).text).toContain('(case 2)');
    const answer = await post(house, 'cases/1/approve', ann);
    expect(answer).toMatchObject({ status: 200, body: { repo: 'ask/one', state: 'approved', case: 1, ruling: 1 } });
    expect(await read('cases/1')).toMatchObject({ state: 'approved', endedBy: 'ann', endedReason: ann.reason });
    expect((await pull('ask/one')).status).toBe(200);
    expect((await pull('ask/two')).text).toContain('(case 2)');
    const left = await send(house, '/ask/one/resolve/main/sub/notes.txt');
    expect([left.status, left.headers.get('x-error-code')]).toEqual([404, 'EntryNotFound']);
    expect(house.announced.map(({ type }) => type)).toEqual(['case-opened', 'case-opened', 'case-decided']);
  });

  it('that is approved for the organisation, to be reviewed, ends every case of it', async () => {
    await pull('ask/one');
    await pull('ask/two');
    expect(await post(house, 'cases/1/approve', { ...ann, match: 'ask/*', mode: 'review' })).toMatchObject({
      status: 200,
    });
    expect(await read('cases?state=open')).toEqual([]);
    expect((await pull('ask/two')).text).toMatch(/a person reviews every commit.*airlock case approve 3/);
  });

  it('is not answered by a ruling on another one', async () => {
    await pull('ask/one');
    for (const match of ['free/*', 'ask/two', 'ask'])
      expect((await post(house, 'cases/1/approve', { ...ann, match })).status).toBe(400);
    expect([await read('cases/1'), (await house.rulings.state()).seq]).toMatchObject([{ state: 'open' }, 0]);
  });

  it('that is rejected stays denied, with who and why, until somebody rules anew', async () => {
    await pull('ask/one');
    expect(await post(house, 'cases/1/reject', bob)).toMatchObject({ status: 200, body: { state: 'rejected' } });
    const { status, text } = await pull('ask/one');
    expect([status, text]).toEqual([403, expect.stringMatching(/is denied: .*we do not know them \(bob, ruling 1\)/)]);
    expect(await read('cases?state=open')).toEqual([]);
    expect(await post(house, 'cases/1/approve', ann)).toMatchObject({
      status: 400,
      body: { error: expect.stringContaining('Case 1 is rejected already, by bob') },
    });
    expect(await post(house, 'sources', { ...ann, match: 'Ask/One', kind: 'models', mode: 'auto' })).toMatchObject({
      body: { ruling: 2 },
    });
    expect((await pull('ask/one')).status).toBe(200);
    expect((await read('sources')).map(({ match, ruling }) => [match, ruling])).toEqual([
      ['Ask/One', 2],
      ['never/*', undefined],
      ['free/*', undefined],
      ['ask/*', undefined],
    ]);
  });
});

describe('a ruling', () => {
  it.each(['never/one', 'never/*', 'nobody/x'])(
    'on %s opens nothing that the configuration does not',
    async (match) => {
      const answer = await post(house, 'sources', { ...ann, match, mode: 'auto' });
      expect([answer.status, answer.body.error]).toEqual([
        400,
        expect.stringMatching(/configuration denies|No entry of/),
      ]);
      expect((await house.rulings.state()).seq).toBe(0);
    },
  );

  it.each(['*', 'ask', 'a*/x', 'ask/o*', '../x', 'ask/*/x'])(
    'on %j is refused: it names no repo and no organisation',
    async (match) => {
      expect((await post(house, 'sources', { ...ann, match, mode: 'auto' })).status).toBe(400);
    },
  );

  it('can close what the configuration lets in, and what was approved before is served on', async () => {
    expect((await pull('free/one')).status).toBe(200);
    await post(house, 'sources', { ...bob, match: 'free/*', mode: 'deny' });
    expect((await pull('free/one')).status).toBe(200);
    addTiny(hub, 'free/two');
    expect((await pull('free/two')).text).toContain('we do not know them');
  });

  it('that ended is as if it had never been; ending it again is refused', async () => {
    await post(house, 'sources', { ...ann, match: 'ask/two', mode: 'auto' });
    expect(await post(house, 'sources/1/end', bob)).toMatchObject({ status: 200, body: { state: 'ended' } });
    expect((await pull('ask/two')).text).toContain('(case 1)');
    expect((await post(house, 'sources/1/end', bob)).status).toBe(400);
  });

  it('holds for so long as it says', async () => {
    const soon = new Date(Date.parse('2026-03-01T12:00:00Z') + 3600_000).toISOString();
    await post(house, 'sources', { ...ann, match: 'ask/one', mode: 'auto', expiresAt: soon });
    house.clock.advance(3700);
    expect((await pull('ask/one')).text).toContain('(case 1)');
    expect((await post(house, 'sources', { ...ann, match: 'ask/one', mode: 'auto', expiresAt: soon })).status).toBe(
      400,
    );
  });
});

describe('the evidence of a case', () => {
  it('about a source is what upstream says, asked while somebody looks', async () => {
    await pull('ask/one');
    expect(hub.stats.requests).toBe(0);
    const { evidence } = await read('cases/1');
    expect(evidence).toMatchObject({
      source: { commit: hub.repo('ask/one').head().id, gated: false },
      files: { count: expect.any(Number), bytes: expect.any(Number) },
    });
    expect(hub.stats.count('cdn', 'resolve')).toBe(0);
  });

  it('closes the case of a repo that upstream does not have', async () => {
    await pull('ask/nobody');
    expect(await read('cases/1')).toMatchObject({
      state: 'closed',
      endedBy: 'policy',
      endedReason: 'upstream has no such repo',
      evidence: { problem: expect.any(String) },
    });
  });

  it('about a commit has findings, what they mean, and what changed since the approved one', async () => {
    const repo = addHeld(hub, 'free/held');
    const first = repo.head().id;
    await pull('free/held');
    const alone = (await read('cases/1')).evidence as Record<string, unknown>;
    expect(alone).toMatchObject({
      decision: { outcome: 'held' },
      findings: [{ verdict: 'review', findings: [{ rule: 'pickle-unknown-import', offset: expect.any(Number) }] }],
      rules: { 'pickle-unknown-import': { means: expect.any(String) } },
    });
    expect(alone).not.toHaveProperty('difference');
    await post(house, 'cases/1/approve', ann);
    const second = repo.move('main', { 'config.json': '{"changed": true}\n' });
    await send(house, `/api/models/free/held/revision/${second}`);
    expect((await read('cases/2')).evidence).toMatchObject({
      difference: {
        since: first,
        files: { added: { count: 0 }, removed: { count: 0 }, changed: { count: 1, first: [{ path: 'config.json' }] } },
        weights: { changed: false },
        code: 'none',
        license: { changed: false },
        findings: { new: { count: 0 }, gone: { count: 0 } },
      },
    });
  });
});

describe('a case about a commit', () => {
  it('is approved and rejected by its number', async () => {
    const { id } = addHeld(hub, 'free/held').head();
    addHeld(hub, 'free/other');
    expect((await pull('free/held')).text).toContain('airlock case approve 1 --reason');
    expect(await post(house, 'cases/1/approve', ann)).toMatchObject({
      body: { repo: 'free/held', commit: id, state: 'approved', case: 1 },
    });
    expect((await send(house, `/api/models/free/held/revision/${id}`)).status).toBe(200);
    await pull('free/other');
    expect(await post(house, 'cases/2/reject', bob)).toMatchObject({ body: { state: 'rejected', endedBy: 'bob' } });
    expect((await pull('free/other')).text).toContain('was rejected by bob');
  });

  it('that policy denies meanwhile is closed when somebody looks', async () => {
    addHeld(hub, 'free/held');
    await pull('free/held');
    const [row] = await house.index.decisions.list({ limit: 1 });
    if (row) await house.index.decisions.put({ ...row, outcome: 'denied' });
    expect(await read('cases/1')).toMatchObject({ state: 'closed', endedBy: 'policy' });
    expect((await post(house, 'cases/1/approve', ann)).status).toBe(400);
  });
});

it('people say who looks into a case, and what they think of it', async () => {
  await pull('ask/one');
  await post(house, 'cases/1/assign', { by: 'ann', assignee: 'bob' });
  await post(house, 'cases/1/comment', { by: 'bob', text: 'asked the publisher' });
  expect(await read('cases?assignee=bob')).toMatchObject([{ case: 1, asked: 0 }]);
  expect(await read('cases/1')).toMatchObject({
    assignee: 'bob',
    notes: [
      { by: 'ann', act: 'assign', text: 'bob' },
      { by: 'bob', act: 'comment', text: 'asked the publisher' },
    ],
  });
  expect((await post(house, 'cases/9/comment', { by: 'bob', text: 'x' })).status).toBe(404);
  expect((await post(house, 'cases/x/comment', { by: 'bob', text: 'x' })).status).toBe(400);
});
