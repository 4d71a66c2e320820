// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bearerToken } from '#src/access/bearer.ts';
import { mintReaderToken, parseReaderToken } from '#src/access/reader-token.ts';

const LETTERS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

describe('a token of a reader', () => {
  it('is what the strictest clients take, and says whose it is', () => {
    for (let i = 0; i < 200; i++) {
      const token = mintReaderToken();
      expect(token).toMatch(/^hf_[A-Za-z0-9]{34,253}$/);
      expect(token).toMatch(/^hf_airlock[A-Za-z0-9]{49}$/);
      expect(parseReaderToken(token)).toBe(token);
    }
  });

  it('has all of its 256 bits: no two of the lowest and highest are the same', () => {
    const bytes = [0x00, 0x01, 0x7f, 0x80, 0xfe, 0xff].flatMap((value) =>
      [0, 31].map((at) => {
        const secret = Buffer.alloc(32);
        secret[at] = value;
        return secret;
      }),
    );
    const distinct = new Set(bytes.map((secret) => secret.toString('hex')));
    expect(new Set(bytes.map((secret) => mintReaderToken(() => secret))).size).toBe(distinct.size);
    const highest = mintReaderToken(() => Buffer.alloc(32, 0xff));
    expect(highest).toHaveLength(59);
    expect(parseReaderToken(highest)).toBe(highest);
  });

  it('with one character changed, two exchanged, one more or one less is none', () => {
    const token = mintReaderToken();
    for (let at = 0; at < token.length; at++) {
      for (const letter of LETTERS)
        if (letter !== token[at])
          expect(parseReaderToken(token.slice(0, at) + letter + token.slice(at + 1))).toBeUndefined();
      expect(parseReaderToken(token.slice(0, at) + token.slice(at + 1))).toBeUndefined();
      expect(parseReaderToken(`${token.slice(0, at)}A${token.slice(at)}`)).toBeUndefined();
      const [a, b] = [token[at], token[at + 1]];
      if (b !== undefined && a !== b)
        expect(parseReaderToken(token.slice(0, at) + b + a + token.slice(at + 2))).toBeUndefined();
    }
  });

  it.each([undefined, '', 'hf_', `hf_${'a'.repeat(34)}`, `hf_airlock${'A'.repeat(49)}`, 'airlock_x', '\n'])(
    '%j is none',
    (text) => expect(parseReaderToken(text)).toBeUndefined(),
  );

  it('with a line break behind it is none', () => {
    expect(parseReaderToken(`${mintReaderToken()}\n`)).toBeUndefined();
  });
});

describe('the header', () => {
  it.each([
    ['Bearer x', 'x'],
    ['bearer x', 'x'],
    ['BEARER    x', 'x'],
    [undefined, undefined],
    ['', undefined],
    ['x', undefined],
    ['Bearer', undefined],
    ['Bearer ', undefined],
    ['Bearer\tx', undefined],
    [' Bearer x', undefined],
    ['Bearer x ', undefined],
    ['Bearer x y', undefined],
    ['Bearer x, Bearer y', undefined],
    ['Bearer x\u00e9', undefined],
    ['Bearer x\u0000', undefined],
    ['Basic eDp5', undefined],
    ['Token x', undefined],
  ])('%j carries %j', (header, token) => expect(bearerToken(header)).toBe(token));

  it('of any text is read without an error, in time that grows no faster than its length', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => void bearerToken(text)));
    const started = performance.now();
    bearerToken(`Bearer${' '.repeat(1_000_000)}`);
    bearerToken(`Bearer ${'x '.repeat(500_000)}`);
    expect(performance.now() - started).toBeLessThan(1000);
  });
});
