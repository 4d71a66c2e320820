// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { firstAdminToken, withdrawFirstAdmin } from '#src/access/first-admin.ts';
import { mintReaderToken } from '#src/access/reader-token.ts';
import {
  createTokenLookup,
  type Revocations,
  type TokenLookup,
  type TokenLookupDeps,
} from '#src/access/token-lookup.ts';
import { createTokenSeal } from '#src/access/token-seal.ts';
import { createTokens, type Tokens } from '#src/access/tokens.ts';
import { configSchema } from '#src/config/schema.ts';
import { sha256Of } from '#src/domain/digest.ts';
import { type Index, openIndex } from '#src/index/index.ts';
import type { TokenRow } from '#src/index/schema.ts';
import { administersByIssuer } from '#src/main/readers.ts';
import { filesBelow } from '#test/support/files.ts';
import { TestClock } from '#test/support/house.ts';
import { useTemp } from '#test/support/temp.ts';

const temp = useTemp();
const order = { name: 'ci', owner: 'ann', by: 'root' };
let clock: TestClock;
let folder: string;
let index: Index;
let acts: string[];
beforeEach(async () => {
  clock = new TestClock();
  folder = await temp('tokens');
  index = await openIndex(join(folder, 'index.sqlite'));
  acts = [];
  revoked = new Map();
});
afterEach(() => index.close());

function open(options: { tokenDays?: number; maxTokenDays?: number | null; on?: Index } = {}): Tokens {
  return createTokens({
    table: (options.on ?? index).tokens,
    clock,
    tokenDays: options.tokenDays ?? 90,
    maxTokenDays: options.maxTokenDays === undefined ? 365 : options.maxTokenDays,
    onAct: (act, { name, owner }, by) => void acts.push(`${name} of ${owner} ${act} by ${by}`),
    ...{ revocations, key: KEY },
    onAltered: ({ id }) => void acts.push(`${id} is altered`),
    onError: (error) => {
      throw error;
    },
  });
}

const KEY = new Uint8Array(32).fill(7);
let revoked: Map<string, { at: string; by: string }>;
const revocations: Revocations = {
  add: async (id, at, by) => void (revoked.has(id) || revoked.set(id, { at, by })),
  find: async (id) => revoked.get(id),
};

/** What asks the index, through `table`. */
function lookupOn(table: TokenLookupDeps['table']): TokenLookup {
  const onAltered = () => {
    throw new Error('altered');
  };
  return createTokenLookup({ table, revocations, seals: createTokenSeal(KEY), clock, onAltered });
}

/** The row of a token that was given out, with changes and a seal of `key`. */
async function sealedAgain(change: Partial<TokenRow>, key = KEY): Promise<TokenRow> {
  const [row] = await index.tokens.list(1);
  if (!row) throw new Error('no token was given out');
  const changed = { ...row, ...change };
  return { ...changed, seal: createTokenSeal(key).seal(changed) };
}

describe('a token that was given out', () => {
  it('is recognised with its name and owner; nothing at rest has it', async () => {
    const tokens = open();
    const { token, info } = await tokens.issue(order);
    expect(info).toMatchObject({
      name: 'ci',
      owner: 'ann',
      roles: ['reader'],
      grants: [],
      state: 'active',
      createdBy: 'root',
    });
    expect(await tokens.recognise(token)).toMatchObject({
      type: 'live',
      actor: { id: info.id, name: 'ci', owner: 'ann', roles: ['reader'], via: 'token' },
    });
    expect(JSON.stringify(await tokens.list(10))).not.toContain(token);
    expect(JSON.stringify(await tokens.list(10))).not.toContain(sha256Of(token));
    await tokens.stop();
    const files = await filesBelow(folder);
    expect(files.filter(({ bytes }) => bytes.includes(sha256Of(token))).length).toBeGreaterThan(0);
    expect(files.filter(({ bytes }) => bytes.includes(token.slice(10)))).toEqual([]);
    expect(acts).toEqual(['ci of ann given out by root']);
  });

  it('lives as long as the configuration says, or as somebody asked for, within the limit', async () => {
    const tokens = open({ tokenDays: 7, maxTokenDays: 30 });
    const days = async (asked?: number | null) => {
      const { info } = await tokens.issue({ ...order, days: asked });
      return info.expiresAt && Math.round((Date.parse(info.expiresAt) - Date.parse(info.createdAt)) / 86_400_000);
    };
    expect([await days(), await days(1), await days(30)]).toEqual([7, 1, 30]);
    for (const asked of [31, null])
      await expect(tokens.issue({ ...order, days: asked })).rejects.toMatchObject({
        code: 'bad-request',
        message: expect.stringMatching(/30 days at most.*access\.maxTokenDays/),
      });
    expect((await open({ maxTokenDays: null }).issue({ ...order, days: null })).info.expiresAt).toBeNull();
    expect((await tokens.list(100)).length).toBe(4);
  });

  it('opens nothing from the second on at which it expires', async () => {
    const tokens = open();
    const { token } = await tokens.issue({ ...order, days: 1 });
    clock.advance(86_399);
    expect((await tokens.recognise(token)).type).toBe('live');
    clock.advance(1);
    expect(await tokens.recognise(token)).toMatchObject({ type: 'expired', token: { name: 'ci', state: 'expired' } });
  });

  it('opens nothing once it is revoked, whatever was remembered; the first revocation stays', async () => {
    const tokens = open();
    const { token, info } = await tokens.issue(order);
    expect((await tokens.recognise(token)).type).toBe('live');
    const first = await tokens.revoke(info.id, 'bob');
    expect((await tokens.recognise(token)).type).toBe('revoked');
    const second = await tokens.revoke(info.id, 'eve');
    expect(second).toMatchObject({ revokedAt: first?.revokedAt, revokedBy: 'bob', state: 'revoked' });
    expect(await tokens.revoke('no-such', 'bob')).toBeUndefined();
  });

  it('that is revoked while it is looked up is not remembered as live', async () => {
    const { token, info } = await open().issue(order);
    let seen = () => {};
    const reading = new Promise<void>((done) => {
      seen = done;
    });
    let go = () => {};
    const held = new Promise<void>((done) => {
      go = done;
    });
    const lookup = lookupOn({
      byDigest: async (digest) => {
        const row = await index.tokens.byDigest(digest);
        seen();
        await held;
        return row;
      },
    });
    const asked = lookup.find(token);
    await reading;
    await index.tokens.revoke(info.id, '2026-03-01T12:00:00.000Z', 'bob');
    lookup.forget();
    go();
    expect((await asked)?.row.revokedBy).toBe('bob');
    expect((await lookup.find(token))?.row.revokedBy).toBe('bob');
  });

  it('in a role that this version does not know opens nothing', async () => {
    const token = mintReaderToken();
    await open().issue(order);
    const row = await sealedAgain({ id: 'x', roles: '["emperor","reader"]', digest: sha256Of(token) });
    expect(await index.tokens.add(row)).toBe(true);
    expect(await open().recognise(token)).toMatchObject({ type: 'live', actor: { roles: ['reader'] } });
  });
});

describe('a row of the index that somebody edited', () => {
  const edit = (sql: string) => {
    const raw = new DatabaseSync(join(folder, 'index.sqlite'));
    raw.exec(sql);
    raw.close();
  };

  it.each([
    `UPDATE tokens SET roles = '["admin"]'`,
    `UPDATE tokens SET grants = '["*"]'`,
    `UPDATE tokens SET owner = 'bob'`,
    `UPDATE tokens SET name = 'other'`,
    `UPDATE tokens SET id = 'other'`,
    `UPDATE tokens SET "createdBy" = 'policy'`,
    `UPDATE tokens SET "createdAt" = '2030-01-01T00:00:00.000Z'`,
    `UPDATE tokens SET "expiresAt" = '2099-01-01T00:00:00.000Z'`,
    `UPDATE tokens SET "expiresAt" = NULL`,
    `UPDATE tokens SET seal = ''`,
    `UPDATE tokens SET seal = 'x'`,
  ])('%s: it opens nothing, is named in the log, and shows in the list', async (sql) => {
    const { token } = await open().issue(order);
    expect((await open().recognise(token)).type).toBe('live');
    edit(sql);
    acts = [];
    expect((await open().recognise(token)).type).toBe('unknown');
    expect(acts).toEqual([expect.stringMatching(/ is altered$/)]);
    expect((await open().list(1))[0]?.state).toBe('altered');
  });

  it('a row of one token gives another one nothing', async () => {
    const admin = await open().issue({ ...order, roles: ['admin'] });
    const thief = mintReaderToken();
    edit(`UPDATE tokens SET digest = '${sha256Of(thief)}' WHERE id = '${admin.info.id}'`);
    expect((await open().recognise(thief)).type).toBe('unknown');
  });

  it('a row that was sealed with another key opens nothing', async () => {
    await open().issue(order);
    const token = mintReaderToken();
    const change = { id: 'forged', roles: '["admin"]', digest: sha256Of(token) };
    await index.tokens.add(await sealedAgain(change, new Uint8Array(32).fill(8)));
    expect((await open().recognise(token)).type).toBe('unknown');
  });

  it('that says a revoked token was never revoked, revives nothing', async () => {
    const tokens = open();
    const { token, info } = await tokens.issue(order);
    await tokens.revoke(info.id, 'bob');
    edit(`UPDATE tokens SET "revokedAt" = NULL, "revokedBy" = NULL`);
    expect(await open().recognise(token)).toMatchObject({ type: 'revoked', token: { revokedBy: 'bob' } });
  });
});

describe('the first administrator', () => {
  it('gets a token for a day, which is replaced while nobody has used it', async () => {
    const tokens = open();
    const first = await firstAdminToken(tokens);
    const second = await firstAdminToken(tokens);
    expect(first && (await tokens.recognise(first)).type).toBe('revoked');
    expect(second && (await tokens.recognise(second))).toMatchObject({ type: 'live', actor: { roles: ['admin'] } });
    expect(await firstAdminToken(tokens)).toBeUndefined();
    clock.advance(86_400);
    expect(await firstAdminToken(tokens)).toBeDefined();
  });

  it('is needed by nobody where an issuer vouches for one', () => {
    const issuer = { issuer: 'https://login.example', audience: 'airlock' };
    const ruled = (role: string) =>
      configSchema.parse({ access: { oidc: [{ ...issuer, roles: [{ claims: { sub: 'ann' }, roles: [role] }] }] } });
    expect([administersByIssuer(ruled('admin')), administersByIssuer(ruled('reviewer'))]).toEqual([true, false]);
    expect(administersByIssuer(configSchema.parse({}))).toBe(false);
  });

  it('gets none where somebody is one; the first one ends with the first personal one', async () => {
    const tokens = open();
    const first = await firstAdminToken(tokens);
    const { token } = await tokens.issue({ ...order, roles: ['reviewer', 'admin'] });
    await withdrawFirstAdmin(tokens);
    expect(first && (await tokens.recognise(first)).type).toBe('revoked');
    expect((await tokens.recognise(token)).type).toBe('live');
    expect(await firstAdminToken(tokens)).toBeUndefined();
  });
});

describe('another process with the same index', () => {
  it('sees a revocation, and a new token that it was asked about before, within seconds', async () => {
    const other = await openIndex(join(folder, 'index.sqlite'));
    try {
      const [here, there] = [open(), open({ on: other })];
      const { token, info } = await here.issue(order);
      expect((await there.recognise(token)).type).toBe('live');
      await here.revoke(info.id, 'bob');
      clock.advance(4);
      expect((await there.recognise(token)).type).toBe('revoked');

      const early = mintReaderToken();
      expect((await there.recognise(early)).type).toBe('unknown');
      await index.tokens.add(
        await sealedAgain({ id: 'early', digest: sha256Of(early), revokedAt: null, revokedBy: null }),
      );
      clock.advance(4);
      expect((await there.recognise(early)).type).toBe('live');
    } finally {
      await other.close();
    }
  });
});

describe('looking tokens up', () => {
  it('asks the index once in a while for each, and forgets no known one for all that are guessed', async () => {
    let asked = 0;
    const counting = lookupOn({
      byDigest: (digest) => {
        asked++;
        return index.tokens.byDigest(digest);
      },
    });
    const { token } = await open().issue(order);
    for (let i = 0; i < 100; i++) await counting.find(token);
    expect(asked).toBe(1);
    const guess = mintReaderToken();
    for (let i = 0; i < 100; i++) await counting.find(guess);
    expect(asked).toBe(2);
    // The clock moves on by a millisecond with every look at it: these take one and a half seconds of its time.
    for (let i = 0; i < 1500; i++) await counting.find(mintReaderToken());
    expect(asked).toBe(1502);
    await counting.find(token);
    expect(asked).toBe(1502);
    clock.advance(3);
    await counting.find(token);
    expect(asked).toBe(1503);
  });

  it('fails where the index does not answer: nobody is taken for a stranger, and nobody for a reader', async () => {
    const tokens = open();
    const { token } = await tokens.issue(order);
    await index.close();
    await expect(tokens.recognise(token)).rejects.toMatchObject({ code: 'store-unavailable' });
  });
});

describe('when a token was last used', () => {
  it('shows in the list at once, and stays after the mirror has stopped', async () => {
    const tokens = open();
    const { token, info } = await tokens.issue(order);
    expect((await tokens.list(1))[0]?.lastUsedAt).toBeNull();
    clock.advance(10);
    const before = clock.now().toISOString();
    await tokens.recognise(token);
    const used = (await tokens.list(1))[0]?.lastUsedAt ?? '';
    expect(used > before).toBe(true);
    expect((await index.tokens.list(1))[0]?.lastUsedAt).toBeNull();
    await tokens.stop();
    expect((await index.tokens.list(1))[0]).toMatchObject({ id: info.id, lastUsedAt: used });
  });

  it('is not moved by one that is refused', async () => {
    const tokens = open();
    const { token, info } = await tokens.issue(order);
    await tokens.revoke(info.id, 'bob');
    await tokens.recognise(token);
    await tokens.stop();
    expect((await index.tokens.list(1))[0]?.lastUsedAt).toBeNull();
  });
});
