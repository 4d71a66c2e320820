// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { sha256Of } from '#src/domain/digest.ts';
import { parseRepo } from '#src/domain/repo.ts';
import { addTiny, card, tinyFiles } from '#test/fake-hub/repos.ts';
import { type FakeHub, startFakeHub } from '#test/fake-hub/server.ts';
import { safetensors } from '#test/fake-hub/weights.ts';
import { type House, openHouse, post, send } from '#test/support/house.ts';
import { useTemp } from '#test/support/temp.ts';

const temp = useTemp();
let hub: FakeHub;
let house: House;
let n = 0;
beforeAll(async () => {
  hub = await startFakeHub();
  house = await openHouse({ folder: await temp('revoking'), upstream: hub.url });
});
afterAll(async () => {
  await house.close();
  await hub.stop();
  expect(hub.stats.violations).toEqual([]);
});
beforeEach(() => {
  n += 1;
});

const ann = { by: 'ann', reason: 'it steals keys' };

/** What a client gets for a file of the repo. */
async function pull(id: string, revision = 'main') {
  const answer = await send(house, `/${id}/resolve/${revision}/config.json`);
  await answer.arrayBuffer();
  const { headers, status } = answer;
  return {
    status,
    code: headers.get('x-error-code'),
    text: headers.get('x-error-message') ?? '',
    commit: headers.get('x-repo-commit'),
  };
}

/** A repo of a publisher of its own: brought in at a first commit, then at a second one. */
async function twoCommits(): Promise<{ id: string; publisher: string; first: string; second: string }> {
  const publisher = `pub${n}`;
  const id = `${publisher}/model`;
  const repo = addTiny(hub, id);
  const weights = { 'model.safetensors': safetensors(Buffer.from(`weights ${n}`)) };
  const first = repo.commit({ ...tinyFiles(), ...weights, 'config.json': '{"first": true}' });
  expect((await pull(id)).status).toBe(200);
  const second = repo.commit({ ...tinyFiles(), ...weights, 'config.json': `{"second": ${n}}` });
  expect((await pull(id, second)).status).toBe(200);
  await post(house, 'pin', { repo: id, ref: 'main', commit: second, ...ann });
  expect((await pull(id)).commit).toBe(second);
  return { id, publisher, first, second };
}

const digestOf = (text: string) => sha256Of(text);

async function revoke(scope: object, more: object = {}) {
  return post(house, 'revocations', { scope, ...ann, ...more });
}

describe('a revocation', () => {
  it('is told to clients with its reason and number: 404 on a branch, 403 by commit', async () => {
    const { id, publisher, second } = await twoCommits();
    const { status, body } = await revoke({ type: 'publisher', publisher });
    expect([status, body]).toMatchObject([200, { subject: `publisher ${publisher}`, state: 'revoked', moved: [] }]);
    const by = `was revoked by ann on 2026-03-01 (ruling ${body.ruling}): it steals keys. Delete copies that you have`;
    expect(await pull(id)).toMatchObject({ status: 404, code: 'RevisionNotFound', text: expect.stringContaining(by) });
    expect(await pull(id, second)).toMatchObject({ status: 403, code: 'GatedRepo', text: expect.stringContaining(by) });
    for (const leaf of ['refs', 'commits/main', 'tree/main', 'revision/main'])
      expect((await send(house, `/api/models/${id}/${leaf}`)).status, leaf).toBe(404);
    const list = await (await send(house, `/api/models?author=${publisher}`)).json();
    expect(list).toEqual([]);
    expect((await send(house, `/api/airlock/models/${id}/revision/${second}/statement`)).status).toBe(404);
    expect(house.announced.at(-1)).toMatchObject({ type: 'revoked', ruling: body.ruling, subject: body.subject });

    const ended = await post(house, `revocations/${body.ruling}/reinstate`, { by: 'bob', reason: 'a false alarm' });
    expect([ended.status, ended.body.state]).toEqual([200, 'reinstated']);
    expect((await pull(id)).status).toBe(200);
    expect((await pull(id, second)).status).toBe(200);
  });

  it('stops new intakes of the publisher before upstream is asked, and they come in once it ends', async () => {
    const id = `pub${n}/new`;
    addTiny(hub, id);
    const { body } = await revoke({ type: 'publisher', publisher: `pub${n}` });
    const before = hub.stats.requests;
    const refused = await pull(id);
    expect(refused).toMatchObject({ status: 404, code: 'RevisionNotFound' });
    expect(refused.text).toContain(`publisher pub${n} was revoked by ann on 2026-03-01 (ruling ${body.ruling})`);
    expect(hub.stats.requests).toBe(before);
    await post(house, `revocations/${body.ruling}/reinstate`, ann);
    expect((await pull(id)).status).toBe(200);
  });

  it('of a content refuses a new commit that has it, before its weights are pulled, and after that is over lets it in', async () => {
    const id = `pub${n}/weights`;
    const bytes = safetensors(Buffer.from(`revoked weights ${n}`));
    const repo = hub.repo(id);
    repo.commit({
      'README.md': card('mit'),
      'config.json': '{}',
      '.gitattributes': ATTRIBUTES,
      'model.safetensors': bytes,
    });
    const { body } = await revoke({ type: 'digest', digest: `sha256:${sha256Of(bytes)}` });
    const refused = await pull(id);
    expect(refused.text).toContain(`which was revoked by ann on 2026-03-01 (ruling ${body.ruling})`);
    expect(hub.stats.sent(`${id}/model.safetensors`)).toBe(0);
    // Nobody can accept it.
    const approval = await post(house, 'approve', { repo: id, ...ann, evenDenied: true });
    expect([approval.status, String(approval.body.error)]).toEqual([
      400,
      expect.stringContaining(`while it stands: airlock reinstate ${body.ruling}`),
    ]);
    await post(house, `revocations/${body.ruling}/reinstate`, ann);
    expect((await pull(id)).status).toBe(200);
  });

  it('of a content outside of LFS refuses a new commit once its bytes are here', async () => {
    const id = `pub${n}/small`;
    hub.repo(id).commit({ 'README.md': card('mit'), 'config.json': `{"n": ${n}}` });
    await revoke({ type: 'digest', digest: digestOf(`{"n": ${n}}`) });
    expect((await pull(id)).text).toContain('"config.json" is sha256:');
  });

  it('of a rule refuses what the rule speaks against, whoever would accept it', async () => {
    const id = `pub${n}/unlicensed`;
    hub.repo(id).commit({ 'README.md': card(), 'config.json': '{}' });
    expect((await pull(id)).text).toContain('is held');
    expect((await post(house, 'approve', { repo: id, ...ann })).body.state).toBe('approved');
    expect((await pull(id)).status).toBe(200);
    const { body } = await revoke({ type: 'rule', rule: 'license-missing' });
    expect(await pull(id)).toMatchObject({ status: 404, text: expect.stringContaining('ruling') });
    const other = `pub${n}/another`;
    hub.repo(other).commit({ 'README.md': card(), 'config.json': '{}' });
    expect((await pull(other)).text).toContain('rule license-missing was revoked');
    await post(house, `revocations/${body.ruling}/reinstate`, ann);
    expect((await pull(id)).status).toBe(200);
    expect((await pull(other)).text).toContain('is held');
  });

  it('is made once, and ended once', async () => {
    const scope = { type: 'repo', repo: `pub${n}/once` };
    const { body } = await revoke(scope);
    const again = await revoke(scope);
    expect([again.status, again.body.error]).toEqual([400, expect.stringContaining(`by ruling ${body.ruling}`)]);
    const end = () => post(house, `revocations/${body.ruling}/reinstate`, ann);
    expect([(await end()).status, (await end()).status]).toEqual([200, 400]);
    expect((await post(house, 'revocations/999999/reinstate', ann)).status).toBe(400);
  });
});

const ATTRIBUTES = '*.safetensors filter=lfs diff=lfs merge=lfs -text\n';

describe('with --rollback', () => {
  it('branches that pointed to it go back to their last good commit, and say so', async () => {
    const { id, first, second } = await twoCommits();
    const { body } = await revoke({ type: 'digest', digest: digestOf(`{"second": ${n}}`) }, { rollback: true });
    expect(body.moved).toEqual([{ repo: id, ref: 'main', from: second, to: first }]);
    expect(await pull(id)).toMatchObject({ status: 200, commit: first });
    const pin = (await house.journal.state(parseRepo('models', id))).pins.values().next().value;
    expect(pin).toMatchObject({ ...ann, commit: first });
  });

  it('where there is no good commit the branch is refused', async () => {
    const { id, publisher, second } = await twoCommits();
    const { body } = await revoke({ type: 'publisher', publisher }, { rollback: true });
    expect(body.moved).toEqual([{ repo: id, ref: 'main', from: second }]);
    expect((await pull(id)).status).toBe(404);
  });

  it('may be asked for later, where the first time was cut short after the record', async () => {
    const { id, first, second } = await twoCommits();
    const scope = { type: 'digest', digest: digestOf(`{"second": ${n}}`) };
    const cut = await revoke(scope);
    expect((await pull(id)).status).toBe(404);
    const { body } = await revoke(scope, { rollback: true });
    expect(body).toMatchObject({ ruling: cut.body.ruling, moved: [{ from: second, to: first }] });
    expect((await pull(id)).commit).toBe(first);
  });

  it('a commit is revoked and its branch moves, and other branches stay', async () => {
    const { id, first, second } = await twoCommits();
    await post(house, 'pin', { repo: id, ref: 'stable', commit: first, ...ann });
    const { status, body } = await post(house, 'revoke', { repo: id, ...ann, rollback: true });
    expect([status, body]).toMatchObject([
      200,
      { state: 'revoked', moved: [{ ref: 'main', from: second, to: first }] },
    ]);
    expect(await pull(id)).toMatchObject({ status: 200, commit: first });
    expect(await pull(id, 'stable')).toMatchObject({ status: 200, commit: first });
  });
});

describe('rollback by hand', () => {
  it('goes back one step at a time, or to a commit, and no further than there is something good', async () => {
    const { id, first, second } = await twoCommits();
    const back = (more: object = {}) => post(house, 'rollback', { repo: id, ...ann, ...more });
    expect((await back()).body).toMatchObject({ repo: id, ref: 'main', from: second, to: first });
    expect((await pull(id)).commit).toBe(first);
    expect([(await back()).status, (await back({ ref: 'none' })).status]).toEqual([400, 400]);
    expect((await back({ to: second })).body).toMatchObject({ from: first, to: second });
    expect((await back({ to: 'f'.repeat(40) })).status).toBe(400);
    expect((await back({ to: 'main' })).status).toBe(400);
  });
});

describe('what nobody can revoke is not recorded', () => {
  it.each<[object, number]>([
    [{ type: 'repo', repo: '../x' }, 400],
    [{ type: 'repo', repo: 'a/b', kind: 'things' }, 400],
    [{ type: 'digest', digest: 'abc' }, 400],
    [{ type: 'digest', digest: `${'A'.repeat(64)}` }, 400],
    [{ type: 'publisher', publisher: '' }, 400],
    [{ type: 'publisher', publisher: 'a/b' }, 400],
    [{ type: 'publisher', publisher: 'x'.repeat(97) }, 400],
    [{ type: 'publisher', publisher: 'ac\u0000me' }, 400],
    [{ type: 'rule', rule: 'Bad Rule' }, 400],
    [{ type: 'rule', rule: 'x'.repeat(101) }, 400],
    [{ type: 'everything' }, 400],
  ])('%j', async (scope, status) => {
    const before = (await house.rulings.state()).seq;
    expect((await revoke(scope)).status).toBe(status);
    expect((await house.rulings.state()).seq).toBe(before);
  });

  it.each([[{ reason: '' }], [{ by: 'policy' }], [{ reason: 'x'.repeat(2001) }]])('%j', async (more) => {
    expect((await revoke({ type: 'repo', repo: 'a/b' }, more)).status).toBe(400);
  });
});
