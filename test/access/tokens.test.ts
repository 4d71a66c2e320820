// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { mintReaderToken } from '#src/access/reader-token.ts';
import { createTokenLookup } from '#src/access/token-lookup.ts';
import { createTokens, type Tokens } from '#src/access/tokens.ts';
import { sha256Of } from '#src/domain/digest.ts';
import { type Index, openIndex } from '#src/index/index.ts';
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
});
afterEach(() => index.close());

function open(options: { tokenDays?: number; maxTokenDays?: number | null; on?: Index } = {}): Tokens {
  return createTokens({
    table: (options.on ?? index).tokens,
    clock,
    tokenDays: options.tokenDays ?? 90,
    maxTokenDays: options.maxTokenDays === undefined ? 365 : options.maxTokenDays,
    onAct: (act, { name, owner }, by) => void acts.push(`${name} of ${owner} ${act} by ${by}`),
    onError: (error) => {
      throw error;
    },
  });
}

describe('a token that was given out', () => {
  it('is recognised with its name and owner; nothing at rest has it', async () => {
    const tokens = open();
    const { token, info } = await tokens.issue(order);
    expect(info).toMatchObject({ name: 'ci', owner: 'ann', role: 'reader', state: 'active', createdBy: 'root' });
    expect(await tokens.recognise(token)).toMatchObject({
      type: 'live',
      reader: { id: info.id, name: 'ci', owner: 'ann', role: 'reader' },
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
    const lookup = createTokenLookup(
      {
        byDigest: async (digest) => {
          const row = await index.tokens.byDigest(digest);
          seen();
          await held;
          return row;
        },
      },
      clock,
    );
    const asked = lookup.find(token);
    await reading;
    await index.tokens.revoke(info.id, '2026-03-01T12:00:00.000Z', 'bob');
    lookup.forget();
    go();
    expect((await asked)?.revokedBy).toBe('bob');
    expect((await lookup.find(token))?.revokedBy).toBe('bob');
  });

  it('in a role that this version does not know opens nothing', async () => {
    const token = mintReaderToken();
    const row = { ...(await open().issue(order)).info, id: 'x', role: 'emperor', digest: sha256Of(token) };
    const { state: _, ...kept } = row;
    expect(await index.tokens.add(kept)).toBe(true);
    expect((await open().recognise(token)).type).toBe('unknown');
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
      const { state: _, ...row } = { ...info, id: 'early', digest: sha256Of(early) };
      await index.tokens.add(row);
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
    const counting = createTokenLookup(
      {
        byDigest: (digest) => {
          asked++;
          return index.tokens.byDigest(digest);
        },
      },
      clock,
    );
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
