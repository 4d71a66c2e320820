// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, expect, it } from 'vitest';
import { addTiny } from '#test/fake-hub/repos.ts';
import { type FakeHub, startFakeHub } from '#test/fake-hub/server.ts';
import { type House, openHouse, post, send } from '#test/support/house.ts';
import { AUDIENCE, type Issuer, signingKey, startIssuer } from '#test/support/issuer.ts';
import { useTemp } from '#test/support/temp.ts';

const temp = useTemp();
let hub: FakeHub;
let issuer: Issuer;
let house: House;
beforeAll(async () => {
  hub = await startFakeHub();
  addTiny(hub);
  issuer = await startIssuer();
  const roles = [
    { claims: { sub: 'job' }, roles: ['reader'] },
    { claims: { sub: 'ann' }, roles: ['reviewer'] },
  ];
  const access = { anonymous: false, oidc: [{ issuer: issuer.url, audience: AUDIENCE, roles }] };
  house = await openHouse({ folder: await temp('oidc'), upstream: hub.url, config: { access } });
});
afterAll(async () => {
  await house.close();
  await issuer.stop();
  await hub.stop();
});

const ask = async (path: string, token: string) => {
  const answer = await send(house, path, { headers: { authorization: `Bearer ${token}` } });
  return { status: answer.status, headers: answer.headers, text: await answer.text() };
};
const FILE = '/acme/tiny/resolve/main/config.json';

it('a job reads a private mirror with the token of its issuer, and may do no more', async () => {
  const token = await issuer.token(house.clock.now(), { sub: 'job' });
  expect((await ask(FILE, token)).status).toBe(200);
  expect((await ask('/api/airlock/decisions', token)).status).toBe(403);
  const who = await ask('/api/whoami-v2', token);
  expect([who.status, JSON.parse(who.text).name]).toEqual([200, `job at ${new URL(issuer.url).host}`]);
  expect(JSON.stringify(house.log)).not.toContain(token.split('.')[2]);
});

it('a reviewer acts in the name that the issuer vouches for', async () => {
  const token = await issuer.token(house.clock.now(), { sub: 'ann' });
  const act = { repo: 'acme/other', revision: 'c'.repeat(40), reason: 'no' };
  expect((await post(house, 'reject', { ...act, by: 'bob' }, token)).status).toBe(400);
  expect((await post(house, 'reject', act, token)).status).toBe(200);
  const { commits } = await house.journal.state({ kind: 'models', id: 'acme/other' });
  expect(commits.get('c'.repeat(40) as never)).toMatchObject({ by: `ann at ${new URL(issuer.url).host}` });
});

it('one that does not count is answered like any that is not of this mirror, and the log says why', async () => {
  const token = await issuer.token(house.clock.now(), { sub: 'eve' });
  const { status, headers } = await ask(FILE, token);
  expect([status, headers.get('x-error-code')]).toEqual([401, 'GatedRepo']);
  expect(house.log).toContainEqual(
    expect.objectContaining({ issuer: issuer.url, why: expect.stringMatching(/no rule/) }),
  );
});

it('an issuer that is down makes its own tokens wait, and hinders no other one', async () => {
  const mine = (await house.tokens.issue({ name: 'laptop', owner: 'ann', by: 'root' })).token;
  const known = await issuer.token(house.clock.now(), { sub: 'job' });
  expect((await ask(FILE, known)).status).toBe(200);
  issuer.keys = [];
  house.clock.advance(120);
  issuer.answer = (_, res) => void res.writeHead(500).end() === undefined;
  const fresh = await issuer.token(house.clock.now(), { sub: 'job' }, await signingKey('next'));
  const { status, headers, text } = await ask(FILE, fresh);
  expect([status, headers.get('retry-after')]).toEqual([503, '10']);
  expect(text).toContain(`The issuer ${issuer.url} does not tell its keys`);
  expect((await ask(FILE, mine)).status).toBe(200);
  expect((await ask(FILE, 'hf_another')).status).toBe(401);
});
