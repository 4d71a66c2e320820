// SPDX-License-Identifier: Apache-2.0
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mintReaderToken } from '#src/access/reader-token.ts';
import { addTiny } from '#test/fake-hub/repos.ts';
import { type FakeHub, startFakeHub } from '#test/fake-hub/server.ts';
import { ADMIN_TOKEN, type House, openHouse, send } from '#test/support/house.ts';
import { useTemp } from '#test/support/temp.ts';

const temp = useTemp();
const ORDER = { name: 'laptop', owner: 'ann', by: 'root' };
const FOREIGN = 'hf_personalTokenOfTheDataScientist000002';
let hub: FakeHub;
let house: House;
let token: string;
let id: string;
beforeAll(async () => {
  hub = await startFakeHub();
  addTiny(hub);
  addTiny(hub, 'acme/approved');
  house = await openHouse({
    folder: await temp('private'),
    upstream: hub.url,
    config: { access: { anonymous: false } },
  });
  const made = await house.tokens.issue(ORDER);
  token = made.token;
  id = made.info.id;
  expect((await ask('/api/models/acme/approved', bearer(token))).status).toBe(200);
});
afterAll(async () => {
  await house.close();
  await hub.stop();
});

const bearer = (text: string) => ({ headers: { authorization: `Bearer ${text}` } });

async function ask(path: string, init: RequestInit = {}, at: House = house) {
  const answer = await send(at, path, init);
  return { status: answer.status, headers: answer.headers, text: await answer.text() };
}

const CLOSED = [
  '/api/models/acme/tiny',
  '/api/models/acme/tiny/revision/main',
  '/api/models/acme/tiny/tree/main?recursive=true',
  '/api/models/acme/tiny/refs',
  '/api/models/acme/tiny/commits/main',
  '/api/models/acme/tiny/auth-check',
  '/api/models/acme/tiny/xet-read-token/main',
  '/api/models?search=tiny',
  '/api/datasets/acme/none',
  '/acme/tiny/resolve/main/config.json',
  '/acme/tiny/raw/main/config.json',
  '/acme/tiny/resolve/main/../../../../etc/passwd',
  '/acme/tiny/resolve/main/info/refs',
  '/a..b/tiny/resolve/main/config.json',
  '/no/such/address',
  '/api/no-such-thing',
  '/api/airlock/intakes',
  '/api/airlock/decisions',
  '/api/airlock/tokens',
  '/api/airlock/rescan',
  '/api/airlock/models/acme/tiny/revision/main/decision',
  '/api/airlock/models/acme/tiny/revision/main/bundle',
  '/api/airlock/models/acme/tiny/revision/main/statement',
  '/api/airlock',
  '/api/airlock/no-such-thing',
  // What is open is open under its own address and no other.
  '/api/agent-harnesses/x',
  '/api/telemetry/../models/acme/tiny',
  '/healthz/../api/models/acme/tiny',
  '//api//models//acme//tiny',
  '/api/whoami-v2/..%2fmodels/acme/tiny',
];

describe('a private mirror, to a stranger', () => {
  it('answers every address that could name a repo in the same way, starts nothing, and asks upstream nothing', async () => {
    const before = hub.stats.requests;
    const intakes = (await house.index.intakes.recent(100)).length;
    for (const path of CLOSED)
      for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS'])
        for (const init of [{}, bearer(FOREIGN), bearer(mintReaderToken())]) {
          const answer = await ask(path, { method, ...init });
          expect([method, path, answer.status]).toEqual([method, path, 401]);
          expect(answer.headers.get('x-error-message')).toMatch(/^\[airlock\] This mirror [\x20-\x7e]{50,780}$/);
          expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer realm="/);
          expect(answer.headers.get('cache-control')).toBe('no-store');
          const type = method === 'HEAD' ? 'text/plain; charset=utf-8' : 'application/json; charset=utf-8';
          expect(answer.headers.get('content-type')).toBe(type);
          if (method !== 'HEAD') expect(JSON.parse(answer.text)).toHaveProperty('error');
        }
    expect(hub.stats.requests).toBe(before);
    expect((await house.index.intakes.recent(100)).length).toBe(intakes);
  });

  it('says the same of what is here, what is not, and what can not be', async () => {
    const answers = await Promise.all(
      ['acme/approved', 'acme/tiny', 'no/such', 'a..b/c'].map(async (repo) => {
        const { status, headers, text } = await ask(`/api/models/${repo}`);
        return { status, text, headers: [...headers].filter(([name]) => name !== 'x-request-id') };
      }),
    );
    for (const answer of answers) expect(answer).toEqual(answers[0]);
  });

  it('every route of the app is closed, but those that are open on purpose', async () => {
    const open = ['/', '/healthz', '/readyz', '/api/agent-harnesses', '/api/telemetry/*'];
    open.push('/api/airlock/key', '/api/airlock/openapi.json');
    const routes = house.app.routes.filter(({ method }) => method !== 'ALL');
    expect(routes.length).toBeGreaterThan(12);
    for (const { method, path } of routes) {
      const { status } = await ask(path.replace(/:\w+(\{[^}]*\})?/g, 'x'), { method });
      expect([method, path, status === 401]).toEqual([method, path, !open.includes(path)]);
    }
  });

  it.each([
    ['/', 200],
    ['/healthz', 200],
    ['/readyz', 200],
    ['/api/agent-harnesses', 200],
    ['/api/telemetry/x', 204],
    ['/api/airlock/key', 200],
    ['/api/airlock/key?role=evidence', 200],
    ['/api/airlock/openapi.json', 200],
    // git and ollama would ask for a password after a 401.
    ['/acme/approved/info/refs?service=git-upload-pack', 403],
    ['/v2/acme/approved/manifests/latest', 403],
    ['/api/collections', 403],
  ])('answers %s all the same', async (path, status) => {
    expect((await ask(path)).status).toBe(status);
    const of = async (repo: string) => (await ask(path.replace('acme/approved', repo))).text.replaceAll(repo, '');
    expect(await of('acme/approved')).toBe(await of('no/such'));
  });

  it('says what is missing, and how to get it', async () => {
    const { headers, text } = await ask('/api/models/acme/tiny');
    expect(headers.get('x-error-code')).toBe('GatedRepo');
    expect(headers.get('x-hf-warning')).toBe(`airlock-token-missing; ${headers.get('x-error-message')}`);
    for (const word of ['none was sent', 'airlock token create', 'hf auth login', 'HF_TOKEN', 'http://mirror.test'])
      expect(JSON.parse(text).error).toContain(word);
    const other = JSON.parse((await ask('/api/models/acme/tiny', bearer(FOREIGN))).text).error;
    expect(other).toContain('does not accept the one that was sent');
    const admin = JSON.parse((await ask('/api/airlock/intakes')).text).error;
    expect(admin).toContain('AIRLOCK_ADMIN_TOKEN');
  });
});

describe('a private mirror, to a reader', () => {
  it('answers as an open one does', async () => {
    for (const [path, status] of [
      ['/api/models/acme/approved', 200],
      ['/acme/approved/resolve/main/config.json', 200],
      ['/acme/approved/resolve/main/nope', 404],
      ['/api/airlock/intakes', 200],
      ['/api/airlock/models/acme/approved/revision/main/decision', 200],
      ['/api/airlock/models/acme/approved/revision/main/bundle', 200],
      ['/a..b/tiny/resolve/main/config.json', 400],
    ] as const)
      for (const given of [token, ADMIN_TOKEN])
        expect([path, (await ask(path, bearer(given))).status]).toEqual([path, status]);
    expect((await ask('/api/airlock/decisions', bearer(token))).status).toBe(403);
    expect((await ask('/api/airlock/decisions', bearer(ADMIN_TOKEN))).status).toBe(200);
  });

  it('keeps HEAD, ranges and 304 as they are', async () => {
    const path = '/acme/approved/resolve/main/config.json';
    const headers = { authorization: `Bearer ${token}` };
    const head = await ask(path, { method: 'HEAD', headers });
    const etag = head.headers.get('etag') ?? '';
    expect(head.status).toBe(200);
    expect((await ask(path, { headers: { ...headers, 'if-none-match': etag } })).status).toBe(304);
    expect((await ask(path, { headers: { ...headers, range: 'bytes=0-0' } })).status).toBe(206);
    expect((await ask(path, { headers: { 'if-none-match': etag } })).status).toBe(401);
    expect((await ask(path, { headers: { range: 'bytes=0-0' } })).status).toBe(401);
  });

  it('is named in the log of each request by the id of the token', async () => {
    await ask('/api/models/acme/approved', bearer(token));
    const lines = house.log.filter(({ msg, reader }) => msg === 'request' && reader === id);
    expect(lines.length).toBeGreaterThan(0);
    expect(JSON.stringify(house.log)).not.toContain(token);
  });

  it('tells who has an expired token that it is expired; a revoked one is like one that never was', async () => {
    const { token: old } = await house.tokens.issue({ ...ORDER, name: 'old', days: 1 });
    const { token: stolen, info } = await house.tokens.issue({ ...ORDER, name: 'stolen' });
    const both = await house.tokens.issue({ ...ORDER, name: 'both', days: 1 });
    await house.tokens.revoke(info.id, 'bob');
    await house.tokens.revoke(both.info.id, 'bob');
    house.clock.advance(86_400);
    const path = '/api/models/acme/approved';
    const expired = await ask(path, bearer(old));
    expect([expired.status, JSON.parse(expired.text).error]).toEqual([
      401,
      expect.stringMatching(/Your token "old" of this mirror expired on 2026-03-02\..*a new one/),
    ]);
    const unknown = await ask(path, bearer(mintReaderToken()));
    for (const given of [stolen, both.token]) {
      const revoked = await ask(path, bearer(given));
      expect([revoked.status, revoked.text]).toEqual([unknown.status, unknown.text]);
      expect(revoked.headers.get('x-hf-warning')).toBe(unknown.headers.get('x-hf-warning'));
    }
    expect(house.log).toContainEqual(expect.objectContaining({ tokenId: info.id, why: 'revoked' }));
    for (const given of [old, stolen, both.token]) expect(JSON.stringify(house.log)).not.toContain(given);
  });
});

describe('the header', () => {
  const path = '/api/models/acme/approved';
  const status = async (authorization: string) => (await ask(path, { headers: { authorization } })).status;

  it.each(['Bearer T', 'bearer T', 'BEARER T', 'Bearer     T'])('%j opens', async (form) => {
    expect(await status(form.replace('T', token))).toBe(200);
  });

  it.each([
    'T',
    'Bearer',
    'BearerT',
    'Bearer\tT',
    'Bearer Tx',
    'Bearer xT',
    'Bearer T T',
    'Bearer T, Bearer T',
    'Bearer "T"',
    'Bearer <T>',
    'Bearer T;',
    'Bearer T\u00e9',
    'Basic T',
    'Token T',
    'Digest T',
    'Bearer Bearer T',
    `Bearer ${'T'.repeat(100)}`,
  ])('%j does not', async (form) => {
    expect(await status(form.replaceAll('T', token))).toBe(401);
  });

  it('of Basic, however it is put together, does not', async () => {
    for (const text of [`x:${token}`, `${token}:`, token, `:${token}`])
      expect(await status(`Basic ${Buffer.from(text).toString('base64')}`)).toBe(401);
  });

  it('and no other place opens: cookie, query, another header', async () => {
    for (const name of ['cookie', 'x-authorization', 'proxy-authorization', 'x-hf-token', 'authentication'])
      expect((await ask(path, { headers: { [name]: `Bearer ${token}` } })).status).toBe(401);
    for (const query of [`?token=${token}`, `?access_token=${token}`, `?authorization=Bearer ${token}`])
      expect((await ask(`${path}${query}`)).status).toBe(401);
  });

  it('whatever it is, opens only with a live token, and is never a 5xx', async () => {
    const near = fc
      .tuple(fc.nat(token.length - 1), fc.constantFrom(...'09AZaz_- .'))
      .map(([at, letter]) => token.slice(0, at) + letter + token.slice(at + 1));
    const part = fc.tuple(fc.nat(60), fc.nat(60)).map(([a, b]) => token.slice(Math.min(a, b), Math.max(a, b)));
    const secret = fc.oneof(
      near,
      part,
      fc.string({ maxLength: 80 }),
      fc.constant(token),
      fc.constant(mintReaderToken()),
    );
    const scheme = fc.oneof(fc.constantFrom('Bearer ', 'bearer ', 'Basic ', '', 'Bearer', ' Bearer '), fc.string());
    await fc.assert(
      fc.asyncProperty(scheme, secret, fc.constantFrom('', ' ', ',', '\t', '=', '\u00ff'), async (a, b, c) => {
        const authorization = a + b + c;
        const headers = headersOf(authorization);
        fc.pre(headers !== undefined);
        const { status } = await ask(path, { headers });
        const opens = /^bearer +(\S+)$/i.exec(headers.get('authorization') ?? '')?.[1] === token;
        expect([authorization, status]).toEqual([authorization, opens ? 200 : 401]);
      }),
      { numRuns: 500 },
    );
  });
});

/** Undefined for what no header can carry. */
function headersOf(authorization: string): Headers | undefined {
  try {
    return new Headers({ authorization });
  } catch {
    return undefined;
  }
}

describe('whoami-v2', () => {
  it('says whose the token is, in the words of the Hub', async () => {
    const { status, headers, text } = await ask('/api/whoami-v2', bearer(token));
    expect([status, headers.get('cache-control')]).toEqual([200, 'no-store']);
    expect(JSON.parse(text)).toMatchObject({
      type: 'user',
      id: expect.stringMatching(/^[0-9a-f]{24}$/),
      name: 'ann',
      fullname: 'ann',
      orgs: [],
      auth: {
        type: 'access_token',
        expiresAt: expect.stringMatching(/^2026-05-30T12:00:/),
        accessToken: { displayName: 'laptop', role: 'read', createdAt: expect.stringMatching(/Z$/) },
      },
    });
    expect(text).not.toContain(token);
    expect(JSON.parse((await ask('/api/whoami-v2', bearer(ADMIN_TOKEN))).text)).toMatchObject({
      name: 'administrator',
      auth: { accessToken: { displayName: 'administrator', role: 'read' } },
    });
  });

  it.each([{}, bearer(FOREIGN), bearer('x'), { headers: { authorization: 'Basic eDp5' } }])(
    'to %j is the 401 that clients know, with what to do in the warning',
    async (init) => {
      const { status, headers, text } = await ask('/api/whoami-v2', init);
      expect([status, text]).toEqual([401, '{"error":"Invalid username or password."}']);
      expect(headers.get('x-error-message')).toBe('Invalid username or password.');
      expect(headers.get('x-error-code')).toBeNull();
      expect(headers.get('x-hf-warning')).toMatch(
        /^airlock-token-(missing|unknown); \[airlock\] .*airlock token create/,
      );
    },
  );
});

describe('an open mirror', () => {
  let open: House;
  beforeAll(async () => {
    open = await openHouse({ folder: await temp('open'), upstream: hub.url });
  });
  afterAll(() => open.close());

  it('takes no offence at the token of another service, or at any other header', async () => {
    for (const authorization of [`Bearer ${FOREIGN}`, `Bearer ${mintReaderToken()}`, 'Basic eDp5', 'nonsense', ''])
      expect((await ask('/api/models/acme/tiny', { headers: { authorization } }, open)).status).toBe(200);
    expect((await ask('/api/whoami-v2', bearer(FOREIGN), open)).status).toBe(401);
  });

  it('knows its readers, and notes when they came', async () => {
    const made = await open.tokens.issue(ORDER);
    expect((await ask('/api/models/acme/tiny', bearer(made.token), open)).status).toBe(200);
    expect(open.log).toContainEqual(expect.objectContaining({ msg: 'request', reader: made.info.id }));
    expect((await open.tokens.list(1))[0]?.lastUsedAt).not.toBeNull();
    await open.tokens.revoke(made.info.id, 'bob');
    expect((await ask('/api/models/acme/tiny', bearer(made.token), open)).status).toBe(200);
    expect((await ask('/api/whoami-v2', bearer(made.token), open)).status).toBe(401);
    expect(open.log).toContainEqual(expect.objectContaining({ tokenId: made.info.id, why: 'revoked' }));
  });
});

it('where tokens can not be looked up, a private mirror lets nobody in, and an open one goes on', async () => {
  for (const [anonymous, status] of [
    [false, 503],
    [true, 200],
  ] as const) {
    const broken = await openHouse({
      folder: await temp('broken'),
      upstream: hub.url,
      config: { access: { anonymous } },
    });
    const made = await broken.tokens.issue(ORDER);
    expect((await ask('/api/models/acme/tiny', bearer(made.token), broken)).status).toBe(200);
    broken.clock.advance(10);
    const raw = new DatabaseSync(broken.indexFile);
    raw.exec('DROP TABLE tokens');
    raw.close();
    const answer = await ask('/api/agent-harnesses', bearer(made.token), broken);
    expect(answer.status).toBe(200);
    const read = await ask('/acme/tiny/resolve/main/config.json', bearer(made.token), broken);
    expect([anonymous, read.status]).toEqual([anonymous, status]);
    if (!anonymous) expect((await ask('/acme/tiny/resolve/main/config.json', {}, broken)).status).toBe(401);
    await broken.close();
  }
});
