// SPDX-License-Identifier: Apache-2.0
import { createHmac } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportSPKI, importJWK } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createOidc, type Oidc, type OidcIssuer } from '#src/access/oidc.ts';
import { TestClock } from '#test/support/house.ts';
import { AUDIENCE, type Issuer, signingKey, startIssuer } from '#test/support/issuer.ts';

let issuer: Issuer;
let clock: TestClock;
beforeEach(async () => {
  issuer = await startIssuer();
  clock = new TestClock();
});
afterEach(() => issuer.stop());

const entry = (change: Partial<OidcIssuer> = {}): OidcIssuer => ({
  issuer: issuer.url,
  audience: AUDIENCE,
  owner: 'sub',
  maxAgeSeconds: 3600,
  roles: [
    { claims: { sub: 'ann' }, roles: ['reviewer'], grants: ['acme/*'] },
    { claims: { sub: 'repo:acme/app:ref:refs/heads/main', event: 'push' }, roles: ['reader'], grants: [] },
    { claims: { groups: 'security' }, roles: ['auditor', 'reader'], grants: ['lab/*'] },
  ],
  ...change,
});
const open = (...issuers: OidcIssuer[]): Oidc =>
  createOidc({ issuers: issuers.length > 0 ? issuers : [entry()], clock, cooldownMilliseconds: 0 });
const seconds = (more = 0) => Math.floor(clock.now().getTime() / 1000) + more;
const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('a token of an issuer', () => {
  it('is its subject, with the roles and grants that the configuration gives', async () => {
    const known = await open().recognise(await issuer.token(clock.now()));
    expect(known).toMatchObject({
      type: 'live',
      actor: {
        id: expect.stringMatching(/^oidc-[0-9a-f]{12}$/),
        name: 'ann',
        owner: `ann at ${new URL(issuer.url).host}`,
        roles: ['reviewer'],
        via: 'oidc',
        grants: { patterns: ['acme/*'] },
      },
    });
  });

  it('has what all rules that match give together; a claim may be one of a list', async () => {
    const token = await issuer.token(clock.now(), { groups: ['dev', 'security'] });
    const known = await open().recognise(token);
    expect(known).toMatchObject({ actor: { roles: ['reader', 'reviewer', 'auditor'] } });
    expect(known).toMatchObject({ actor: { grants: { patterns: ['acme/*', 'lab/*'] } } });
  });

  it('is one of an audience that may be one of several', async () => {
    const token = await issuer.token(clock.now(), { aud: ['https://other.test', AUDIENCE] });
    expect((await open().recognise(token)).type).toBe('live');
  });

  it.each(['RS256', 'PS512', 'ES384', 'EdDSA'])('may be signed with %s', async (alg) => {
    issuer.keys = [await signingKey('k', alg)];
    expect((await open().recognise(await issuer.token(clock.now()))).type).toBe('live');
  });

  it('counts until it expires, from memory too, and a key is asked for once', async () => {
    const oidc = open();
    const token = await issuer.token(clock.now());
    for (let i = 0; i < 5; i++) expect((await oidc.recognise(token)).type).toBe('live');
    expect(issuer.asked).toEqual(['/.well-known/openid-configuration', '/keys']);
    clock.advance(400);
    expect(await oidc.recognise(token)).toMatchObject({ type: 'refused', why: expect.stringContaining('exp') });
  });
});

describe('is refused:', () => {
  const refused: [what: string, token: () => Promise<string>, why: RegExp][] = [
    ['one that expired', () => issuer.token(clock.now(), { exp: seconds(-60) }), /"exp"/],
    ['one without an end', () => issuer.token(clock.now(), { exp: undefined }), /"exp"/],
    ['one that does not say when it was made', () => issuer.token(clock.now(), { iat: undefined }), /"iat"/],
    [
      'one that is older than the configuration allows',
      () => issuer.token(clock.now(), { iat: seconds(-3700) }),
      /"iat"/,
    ],
    ['one of tomorrow', () => issuer.token(clock.now(), { iat: seconds(86_400), exp: seconds(90_000) }), /"iat"/],
    ['one that does not hold yet', () => issuer.token(clock.now(), { nbf: seconds(100) }), /"nbf"/],
    ['one for another service', () => issuer.token(clock.now(), { aud: 'https://other.test' }), /"aud"/],
    [
      'one for a service whose name begins alike',
      () => issuer.token(clock.now(), { aud: `${AUDIENCE}.evil` }),
      /"aud"/,
    ],
    ['one without an audience', () => issuer.token(clock.now(), { aud: undefined }), /"aud"/],
    ['one without a subject', () => issuer.token(clock.now(), { sub: undefined }), /"sub"/],
    ['one of nobody that is named', () => issuer.token(clock.now(), { sub: 'bob' }), /no rule/],
    ['a subject that the named one begins with', () => issuer.token(clock.now(), { sub: 'an' }), /no rule/],
    ['a subject that begins with the named one', () => issuer.token(clock.now(), { sub: 'ann.evil' }), /no rule/],
    ['a subject in another case', () => issuer.token(clock.now(), { sub: 'Ann' }), /no rule/],
    ['one with a part of what a rule asks for', () => ci({ event: undefined }), /no rule/],
    ['one with a list where a text is asked for that is not in it', () => ci({ event: ['pushed'] }), /no rule/],
    [
      'one with a name that is no line of text',
      () => issuer.token(clock.now(), { sub: 'a\nb', groups: 'security' }),
      /no name/,
    ],
    [
      "one with a key that is not the issuer's",
      async () => issuer.token(clock.now(), {}, await signingKey('first')),
      /signature/,
    ],
    [
      'one with a key that the issuer does not have',
      async () => issuer.token(clock.now(), {}, await signingKey('new')),
      /no applicable key/,
    ],
    ['one with algorithm none', async () => unsigned(), /alg/i],
    ['one with HS256 and the public key as its secret', async () => withPublicKeyAsSecret('pem'), /alg/i],
    ['one with HS256 and the published key as its secret', async () => withPublicKeyAsSecret('jwk'), /alg/i],
    ['one whose claims were changed', async () => changed(), /signature/],
  ];
  const ci = (claims: object) =>
    issuer.token(clock.now(), { sub: 'repo:acme/app:ref:refs/heads/main', event: 'push', ...claims });
  const claims = () => ({ iss: issuer.url, aud: AUDIENCE, sub: 'ann', iat: seconds(), exp: seconds(300) });

  function unsigned(): string {
    return `${encoded({ alg: 'none', typ: 'JWT' })}.${encoded(claims())}.`;
  }

  async function withPublicKeyAsSecret(form: 'pem' | 'jwk'): Promise<string> {
    const jwk = issuer.keys[0]?.jwk ?? {};
    const secret =
      form === 'jwk'
        ? JSON.stringify(jwk)
        : await exportSPKI((await importJWK(jwk, 'ES256', { extractable: true })) as CryptoKey);
    const text = `${encoded({ alg: 'HS256', kid: 'first', typ: 'JWT' })}.${encoded(claims())}`;
    return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
  }

  async function changed(): Promise<string> {
    const [header, , signature] = (await issuer.token(clock.now(), { sub: 'bob' })).split('.');
    return `${header}.${encoded(claims())}.${signature}`;
  }

  it.each(refused)('%s', async (_, make, why) => {
    const oidc = open();
    expect((await oidc.recognise(await issuer.token(clock.now()))).type).toBe('live');
    const known = await oidc.recognise(await make());
    expect(known).toEqual({ type: 'refused', issuer: issuer.url, why: expect.stringMatching(why) });
  });

  it('an issuer that nobody named is none, whatever it signs; neither is what is no JWT', async () => {
    const other = await startIssuer();
    try {
      for (const token of [
        await other.token(clock.now()),
        await issuer.token(clock.now(), { iss: `${issuer.url}/` }),
        await issuer.token(clock.now(), { iss: `${issuer.url}.evil` }),
        await issuer.token(clock.now(), { iss: undefined }),
        'hf_personalToken',
        'a.b.c',
        '..',
        `${'a'.repeat(20_000)}.b.c`,
      ])
        expect(await open().recognise(token)).toEqual({ type: 'none' });
      // Signed by another issuer in the name of this one.
      const forged = await other.token(clock.now(), { iss: issuer.url });
      expect(await open().recognise(forged)).toMatchObject({
        type: 'refused',
        why: expect.stringMatching(/signature/),
      });
      expect(other.asked).toEqual([]);
    } finally {
      await other.stop();
    }
  });
});

describe('keys', () => {
  it('that are new are found, and those that are gone count no longer', async () => {
    const oidc = open();
    const [old] = issuer.keys;
    expect((await oidc.recognise(await issuer.token(clock.now()))).type).toBe('live');
    issuer.keys = [await signingKey('second')];
    expect((await oidc.recognise(await issuer.token(clock.now(), { jti: 'a' }))).type).toBe('live');
    expect((await oidc.recognise(await issuer.token(clock.now(), { jti: 'b' }, old))).type).toBe('refused');
  });

  it('are not asked for anew for every token with an unknown one', async () => {
    const oidc = createOidc({ issuers: [entry()], clock, cooldownMilliseconds: 60_000 });
    expect((await oidc.recognise(await issuer.token(clock.now()))).type).toBe('live');
    const stranger = await signingKey('unknown');
    for (let i = 0; i < 5; i++)
      expect((await oidc.recognise(await issuer.token(clock.now(), { jti: `${i}` }, stranger))).type).toBe('refused');
    expect(issuer.asked.filter((path) => path === '/keys').length).toBe(1);
  });
});

describe('an issuer that gives no usable answer', () => {
  const answers: [what: string, answer: NonNullable<Issuer['answer']>][] = [
    ['fails', (_, res) => void res.writeHead(500).end() === undefined],
    ['says no JSON', (_, res) => void res.end('<html>') === undefined],
    [
      'says it is another one',
      (_, res) =>
        void res.end(JSON.stringify({ issuer: 'https://x.test', jwks_uri: `${issuer.url}/keys` })) === undefined,
    ],
    [
      'has its keys behind plain http elsewhere',
      (_, res) => void res.end(JSON.stringify({ issuer: issuer.url, jwks_uri: 'http://192.0.2.1/keys' })) === undefined,
    ],
    [
      'sends people elsewhere',
      (_, res) => void res.writeHead(302, { location: 'http://192.0.2.1/' }).end() === undefined,
    ],
    ['never ends', (_, res) => void endless(res) === undefined],
    ['has no keys', (req, res) => req.url === '/keys' && void res.end('{}') === undefined],
    [
      'sends its keys elsewhere',
      (req, res) => req.url === '/keys' && void res.writeHead(302, { location: '/other' }).end() === undefined,
    ],
  ];

  function endless(res: import('node:http').ServerResponse): void {
    const more = (): void => {
      while (!res.destroyed && res.write('x'.repeat(65_536)));
      if (!res.destroyed) res.once('drain', more);
    };
    more();
  }

  it.each(answers)('because it %s, refuses its tokens for now, and comes back', async (_, answer) => {
    const oidc = open();
    const token = await issuer.token(clock.now());
    issuer.answer = answer;
    await expect(oidc.recognise(token)).rejects.toMatchObject({ code: 'issuer-unavailable' });
    const asked = issuer.asked.length;
    expect(asked).toBeGreaterThan(0);
    issuer.answer = undefined;
    clock.advance(6);
    expect((await oidc.recognise(token)).type).toBe('live');
  });

  it('is not asked again for every token', async () => {
    const oidc = open();
    const token = await issuer.token(clock.now());
    issuer.answer = (_, res) => void res.writeHead(500).end() === undefined;
    for (let i = 0; i < 5; i++)
      await expect(oidc.recognise(token)).rejects.toMatchObject({ code: 'issuer-unavailable' });
    expect(issuer.asked.length).toBe(1);
  });

  it('does not hinder another one', async () => {
    const other = await startIssuer();
    try {
      const oidc = open(entry(), entry({ issuer: other.url }));
      issuer.answer = (_, res) => void res.writeHead(500).end() === undefined;
      await expect(oidc.recognise(await issuer.token(clock.now()))).rejects.toThrow();
      expect((await oidc.recognise(await other.token(clock.now()))).type).toBe('live');
    } finally {
      await other.stop();
    }
  });
});

describe('a provider that others wrote', () => {
  let server: Server;
  afterEach(() => new Promise<void>((done) => void server.close(() => done())));

  it('issues tokens to CI that count here', async () => {
    server = createServer();
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const { default: Provider } = await import('oidc-provider');
    const jwk = await signingKey('rsa', 'RS256').then(async ({ privateKey }) =>
      (await import('jose')).exportJWK(privateKey),
    );
    const provider = new Provider(url, {
      jwks: { keys: [{ ...jwk, kid: 'rsa', alg: 'RS256', use: 'sig' }] },
      clients: [
        {
          client_id: 'ci',
          client_secret: 'secret-of-the-test',
          grant_types: ['client_credentials'],
          redirect_uris: [],
          response_types: [],
        },
      ],
      features: {
        devInteractions: { enabled: false },
        clientCredentials: { enabled: true },
        resourceIndicators: {
          enabled: true,
          defaultResource: () => AUDIENCE,
          getResourceServerInfo: () => ({
            scope: 'read',
            audience: AUDIENCE,
            accessTokenFormat: 'jwt',
            jwt: { sign: { alg: 'RS256' } },
          }),
        },
      },
    });
    server.on('request', provider.callback());
    const answer = await fetch(`${url}/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from('ci:secret-of-the-test').toString('base64')}` },
      body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'read', resource: AUDIENCE }),
    });
    const { access_token: token } = (await answer.json()) as { access_token: string };
    const now = { now: () => new Date() };
    const roles = [{ claims: { client_id: 'ci' }, roles: ['reader'], grants: [] }] as const;
    const oidc = (change: Partial<OidcIssuer> = {}) =>
      createOidc({ issuers: [entry({ issuer: url, roles, ...change })], clock: now });
    expect(await oidc().recognise(token)).toMatchObject({ type: 'live', actor: { name: 'ci', roles: ['reader'] } });
    expect((await oidc({ audience: 'https://other.test' }).recognise(token)).type).toBe('refused');
    expect(
      (await oidc({ roles: [{ claims: { client_id: 'c' }, roles: ['reader'], grants: [] }] }).recognise(token)).type,
    ).toBe('refused');
  });
});
