// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseReaderToken } from '#src/access/reader-token.ts';
import { ADMIN_TOKEN, type House, openHouse, post, send } from '#test/support/house.ts';
import { useTemp } from '#test/support/temp.ts';

const temp = useTemp();
const ADMIN = { authorization: `Bearer ${ADMIN_TOKEN}` };
let house: House;
beforeAll(async () => {
  house = await openHouse({ folder: await temp('admin-tokens'), upstream: 'http://127.0.0.1:9' });
});
afterAll(() => house.close());

async function ask(method: string, path: string, headers: Record<string, string> = ADMIN) {
  const answer = await send(house, `/api/airlock/${path}`, { method, headers });
  const body: unknown = await answer.json().catch(() => undefined);
  return { status: answer.status, headers: answer.headers, body: body as Record<string, unknown> };
}

const ci = { name: 'ci', owner: 'ann' };

describe('giving out a token', () => {
  it('answers with it this once, and nobody may keep the answer', async () => {
    const answer = await send(house, '/api/airlock/tokens', {
      method: 'POST',
      headers: { ...ADMIN, 'content-type': 'application/json' },
      body: JSON.stringify({ ...ci, expiresDays: 3, by: 'root' }),
    });
    const made = (await answer.json()) as Record<string, string>;
    expect([answer.status, answer.headers.get('cache-control')]).toEqual([201, 'no-store']);
    expect(made).toMatchObject({
      ...ci,
      roles: ['reader'],
      grants: [],
      state: 'active',
      createdBy: 'root',
      lastUsedAt: null,
    });
    expect(parseReaderToken(made.token)).toBe(made.token);
    const listed = (await ask('GET', 'tokens')).body as unknown as Record<string, unknown>[];
    const { token: _, ...rest } = made;
    expect(listed.find(({ id }) => id === made.id)).toEqual(rest);
    expect(JSON.stringify(listed)).not.toContain(made.token);
    expect(house.log.find(({ msg, tokenId }) => msg === 'token given out' && tokenId === made.id)).toMatchObject({
      by: 'root',
      owner: 'ann',
    });
    expect(JSON.stringify(house.log)).not.toContain(made.token);
  });

  it.each([
    ['', 'Invalid input'],
    ['[]', 'Invalid input'],
    [{}, 'name'],
    [{ name: 'ci' }, 'owner'],
    [{ ...ci, name: '' }, 'name'],
    [{ ...ci, name: 'a b' }, 'letters, digits'],
    [{ ...ci, name: '-x' }, 'letters, digits'],
    [{ ...ci, name: '[x]' }, 'letters, digits'],
    [{ ...ci, name: 'DEFAULT' }, 'reserved by the clients'],
    [{ ...ci, name: 'x'.repeat(65) }, 'at most 64'],
    [{ ...ci, owner: ' ' }, 'owner'],
    [{ ...ci, owner: 'a\u0007b' }, 'control characters'],
    [{ ...ci, owner: 'a\u202eb' }, 'control characters'],
    [{ ...ci, owner: 'x'.repeat(201) }, 'owner'],
    [{ ...ci, expiresDays: 0 }, 'expiresDays'],
    [{ ...ci, expiresDays: 1.5 }, 'expiresDays'],
    [{ ...ci, expiresDays: '90d' }, 'expiresDays'],
    [{ ...ci, expiresDays: 1e9 }, 'expiresDays'],
    [{ ...ci, expiresDays: 366 }, '365 days at most'],
    [{ ...ci, expiresDays: null }, '365 days at most'],
    [{ ...ci, by: 'policy' }, 'reserved'],
    [{ ...ci, role: 'administrator' }, 'role'],
    [{ ...ci, roles: ['administrator'] }, 'roles'],
    [{ ...ci, roles: [] }, 'roles'],
    [{ ...ci, roles: 'admin' }, 'roles'],
    [{ ...ci, grants: [''] }, 'a grant is'],
    [{ ...ci, grants: ['acme/[x]'] }, 'a grant is'],
    [{ ...ci, grants: ['a\u0000b'] }, 'a grant is'],
  ])('%j is refused, and nothing is given out', async (body, says) => {
    const before = (await house.tokens.list(100)).length;
    const answer = await post(house, 'tokens', body);
    expect(answer.status).toBe(400);
    expect(String(answer.body.error)).toContain(says);
    expect((await house.tokens.list(100)).length).toBe(before);
  });

  it('a name may be used again, and an owner may be written in any script', async () => {
    const ids = new Set<unknown>();
    for (const owner of ['ann', 'Jos\u00e9', '\u5c71\u7530'])
      ids.add((await post(house, 'tokens', { ...ci, owner })).body.id);
    expect(ids.size).toBe(3);
  });
});

describe('revoking a token', () => {
  it('says so in the list and in the log; the second time changes nothing', async () => {
    const { body } = await post(house, 'tokens', ci);
    const { token, revokedAt: _, ...made } = body;
    const first = await ask('DELETE', `tokens/${made.id}?by=bob`);
    expect([first.status, first.body]).toMatchObject([200, { ...made, state: 'revoked', revokedBy: 'bob' }]);
    const second = await ask('DELETE', `tokens/${made.id}`);
    expect(second.body).toEqual(first.body);
    expect(JSON.stringify([first.body, second.body])).not.toContain(token);
    expect(house.log.find(({ msg, tokenId }) => msg === 'token revoked' && tokenId === made.id)).toMatchObject({
      by: 'bob',
    });
  });

  it.each(['nobody', '%00', 'a%20b', `${'x'.repeat(5000)}`, '..%2Ftokens'])('%s is not found', async (id) => {
    expect((await ask('DELETE', `tokens/${id}`)).status).toBe(404);
  });

  it('in the name of the mirror itself is refused', async () => {
    expect((await ask('DELETE', 'tokens/x?by=policy')).status).toBe(400);
  });
});

describe('without the administrative token', () => {
  it.each([
    ['GET', 'tokens'],
    ['DELETE', 'tokens/x'],
  ])('%s %s is a 401', async (method, path) => {
    for (const headers of [{}, { authorization: 'Bearer wrong' }])
      expect((await ask(method, path, headers)).status).toBe(401);
  });

  it('the token of a reader gives out, lists and revokes nothing', async () => {
    const { body } = await post(house, 'tokens', ci);
    const reader = String(body.token);
    expect((await post(house, 'tokens', ci, reader)).status).toBe(403);
    expect((await ask('GET', 'tokens', { authorization: `Bearer ${reader}` })).status).toBe(403);
    expect((await ask('DELETE', `tokens/${body.id}`, { authorization: `Bearer ${reader}` })).status).toBe(403);
    expect((await house.tokens.list(1))[0]).toMatchObject({ id: body.id, state: 'active' });
  });
});

it('a token does what its roles allow together, and no more', async () => {
  const { body } = await post(house, 'tokens', { ...ci, roles: ['auditor', 'requester'], grants: ['acme/*'] });
  expect(body).toMatchObject({ roles: ['requester', 'auditor'], grants: ['acme/*'] });
  const headers = { authorization: `Bearer ${body.token}` };
  expect((await ask('GET', 'decisions', headers)).status).toBe(200);
  expect((await ask('GET', 'tokens', headers)).status).toBe(403);
  const admin = (await post(house, 'tokens', { ...ci, owner: 'eve', roles: ['admin'] })).body;
  const own = await post(house, 'tokens', ci, String(admin.token));
  expect([own.status, own.body.createdBy]).toEqual([201, 'eve']);
  expect((await post(house, 'tokens', { ...ci, by: 'bob' }, String(admin.token))).status).toBe(400);
});

it('a list has a limit, newest first', async () => {
  for (let i = 0; i < 3; i++) await post(house, 'tokens', { ...ci, name: `n${i}` });
  const { body } = await ask('GET', 'tokens?limit=2');
  expect((body as unknown as { name: string }[]).map(({ name }) => name)).toEqual(['n2', 'n1']);
  for (const limit of ['0', 'x', '5001']) expect((await ask('GET', `tokens?limit=${limit}`)).status).toBe(400);
});
