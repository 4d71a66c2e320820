// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { judged } from './judged.ts';
import { global, proto, raw, text, u64 } from './pickle-bytes.ts';

const number = (value: number) => raw(0x8a, 8, u64(value));
const called = (module: string, name: string, ...args: readonly Uint8Array[]) =>
  raw(global(module, name), '(', ...args, 'tR');
const pickle = (value: Uint8Array) => raw(proto(4), value, '.');
const HUGE = number(1e12);
const FEW = raw('K\x05');

const range = (length: Uint8Array) => called('builtins', 'range', length);
const ndarray = global('numpy', 'ndarray');
/** A pair of the same pair, over and over: a few bytes a level, and twice the work to hash. */
const doubled = (levels: number) =>
  raw(')', 0x94, ...Array.from({ length: levels }, (_, i) => raw('0h', i, 'h', i, 0x86, 0x94)));
const last = (levels: number) => raw('h', levels);

describe('a pickle that would use up its reader', () => {
  test.each([
    ['bytes of a length', called('builtins', 'bytes', HUGE), called('builtins', 'bytes', FEW)],
    ['bytearray of a length', called('builtins', 'bytearray', HUGE), called('builtins', 'bytearray', FEW)],
    ['a list of a range', called('builtins', 'list', range(HUGE)), range(HUGE)],
    ['a deque of a range', called('collections', 'deque', range(HUGE)), called('collections', 'deque', range(FEW))],
    [
      'the addresses of a network',
      called('builtins', 'list', called('ipaddress', 'IPv4Network', text('0.0.0.0/0'))),
      called('ipaddress', 'IPv4Network', text('0.0.0.0/0')),
    ],
    [
      'a number of many digits',
      called('builtins', 'int', text('9'.repeat(200_000))),
      called('builtins', 'int', text('9'.repeat(20))),
    ],
    [
      'a number of a large exponent',
      called('builtins', 'int', called('decimal', 'Decimal', text('1E1000000000'))),
      called('decimal', 'Decimal', text('1E1000000000')),
    ],
    [
      'a fraction of one',
      called('fractions', 'Fraction', text('1e999999999')),
      called('fractions', 'Fraction', text('1e9')),
    ],
    ['an array without its items', raw(ndarray, HUGE, 0x85, 0x85, 0x81), raw(ndarray, FEW, 0x85, 0x85, 0x81)],
    [
      'a shape that is filled in later',
      called('numpy.core.multiarray', '_reconstruct', ndarray, raw(HUGE, 0x85), raw('C\x01b')),
      called('numpy.core.multiarray', '_reconstruct', ndarray, raw('K\x00', 0x85), raw('C\x01b')),
    ],
    [
      'text of what holds itself many times',
      called('builtins', 'str', raw('](N2', 'e')),
      called('builtins', 'str', text('x')),
    ],
    ['a key of shared parts', raw(doubled(60), '}', last(60), 'Ns'), raw(doubled(60), '}', text('x'), last(60), 's')],
    ['a member of shared parts', raw(doubled(60), 0x8f, '(', last(60), 0x90), raw(doubled(60), ']', last(60), 'a')],
    ['a frozen member of shared parts', raw(doubled(60), '(', last(60), 0x91), raw(doubled(9), '(', last(9), 0x91)],
  ])('is blocked for %s, beside an honest one', async (_what, hostile, honest) => {
    const { verdict, findings } = await judged(pickle(hostile));
    expect(findings.map(({ rule }) => rule)).toContain('pickle-exhaustion');
    expect(verdict).toBe('block');
    expect(await judged(pickle(honest))).toMatchObject({ verdict: 'pass', findings: [] });
  });
});

test('a frame that is longer than its pickle is held, and one that fits passes', async () => {
  const framed = (length: number | bigint) => raw(proto(4), 0x95, u64(length), 'N.');
  expect((await judged(framed(2n ** 40n))).verdict).toBe('review');
  expect((await judged(framed(2))).verdict).toBe('pass');
});
