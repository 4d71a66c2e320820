// SPDX-License-Identifier: Apache-2.0
import { deflateSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { factsOf, judged, rulesOf } from './judged.ts';
import { matlabArray, matlabElement, matlabFile } from './matlab-bytes.ts';
import { raw, u32 } from './pickle-bytes.ts';

const compressed = (bytes: Uint8Array) => {
  const data = deflateSync(bytes);
  return raw(u32(15), u32(data.length), data);
};

describe('a file of MATLAB', () => {
  test.each([
    ['numbers', matlabArray(6)],
    ['a text', matlabArray(4, matlabElement(16, raw('hello')))],
    ['a cell of numbers', matlabArray(1, matlabArray(6))],
    ['a structure', matlabArray(2, raw(u32(0x4_0005), u32(2), matlabElement(1, raw('x\0')), matlabArray(6)))],
    ['nothing', matlabElement(14, raw())],
    ['compressed numbers', compressed(matlabArray(6))],
  ])('passes with %s', async (_what, element) => {
    expect(await judged(matlabFile(element), 'a.mat')).toEqual({ format: 'matlab', verdict: 'pass', findings: [] });
  });

  test('is told by the classes of its variables', async () => {
    expect((await factsOf(matlabFile(matlabArray(1, matlabArray(6))))).uses).toEqual([
      { scheme: 'matlab-class', name: 'cell', at: 'byte 136', offset: 136 },
      { scheme: 'matlab-class', name: 'double', at: 'byte 184', offset: 184 },
    ]);
  });

  test.each([
    ['a function', matlabFile(matlabArray(16, matlabArray(2, raw()))), 'matlab-class'],
    ['a function inside a compressed cell', matlabFile(compressed(matlabArray(1, matlabArray(16)))), 'matlab-class'],
    ['an object', matlabFile(matlabArray(3)), 'matlab-class'],
    ['an opaque object', matlabFile(matlabArray(17)), 'matlab-class'],
    ['a class that is none', matlabFile(matlabArray(77)), 'matlab-class'],
    ['bytes behind it', raw(matlabFile(matlabArray(6)), 'more'), 'matlab-malformed'],
    ['an element that is too long', matlabFile(matlabArray(6)).subarray(0, -8), 'matlab-malformed'],
    ['bytes in its padding', matlabFile(matlabArray(4, raw(u32(16), u32(2), 'aabbbbbb'))), 'matlab-malformed'],
    ['bytes behind a compressed variable', matlabFile(compressed(raw(matlabArray(6), 'more'))), 'matlab-malformed'],
  ])('asks for a review for %s', async (_what, bytes, rule) => {
    expect(await rulesOf(bytes, 'a.mat')).toEqual([rule]);
  });
});
