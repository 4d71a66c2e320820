// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { factsOf, judged, rulesOf } from './judged.ts';
import { callPickle, raw, u64 } from './pickle-bytes.ts';
import { zipOf } from './zip-bytes.ts';

const hostile = callPickle('os', 'system');
const PASS = { verdict: 'pass', findings: [] };

type Header = Readonly<Record<string, unknown>>;
const tensor = (begin: number, end: number, more: object = {}) => ({
  dtype: 'U8',
  shape: [end - begin],
  data_offsets: [begin, end],
  ...more,
});
const safetensors = (header: Header | string, data: Uint8Array | number) => {
  const text = typeof header === 'string' ? header : JSON.stringify(header);
  return raw(u64(text.length), text, typeof data === 'number' ? Buffer.alloc(data) : data);
};

describe('safetensors', () => {
  test.each([
    ['a plain one', safetensors({ a: tensor(0, 4), b: tensor(4, 10) }, 10)],
    ['one with metadata', safetensors({ __metadata__: { format: 'pt' }, a: tensor(0, 4) }, 4)],
    [
      'a scalar and an empty tensor',
      safetensors({ a: { dtype: 'F32', shape: [], data_offsets: [0, 4] }, b: tensor(4, 4) }, 4),
    ],
    ['a header padded with spaces', safetensors(`${JSON.stringify({ a: tensor(0, 4) })}      `, 4)],
    ['tensors listed out of order', safetensors({ b: tensor(4, 8), a: tensor(0, 4) }, 8)],
    ['four-bit items', safetensors({ a: { dtype: 'F4', shape: [8], data_offsets: [0, 4] } }, 4)],
    ['tensor bytes that look like a payload', safetensors({ a: tensor(0, hostile.length) }, hostile)],
    ['no tensors', safetensors({}, 0)],
    ['items of six bits', safetensors({ a: { dtype: 'F6_E2M3', shape: [4], data_offsets: [0, 3] } }, 3)],
    [
      'a picture in the metadata',
      safetensors(
        {
          __metadata__: {
            t: `data:image/png;base64,${Buffer.from('\x89PNG\r\n\x1a\n'.repeat(20), 'latin1').toString('base64')}`,
          },
          a: tensor(0, 4),
        },
        4,
      ),
    ],
    [
      'an end record that leads nowhere',
      safetensors({ a: tensor(0, 22) }, raw('PK\x05\x06', 0, 0, 0, 0, 1, 0, 1, 0, Buffer.alloc(10))),
    ],
  ])('passes %s', async (_what, bytes) => {
    expect(await judged(bytes, 'model.safetensors')).toEqual({ format: 'safetensors', ...PASS });
  });

  test.each([
    ['a header longer than the file', raw(u64(9_000), '{"a": 1}'), 'safetensors-malformed'],
    ['a header over the limit', raw(u64(100_000_001), '{}'), 'safetensors-malformed'],
    ['a header that is cut off', safetensors('{"a": {"dtype": "U8"', 4), 'safetensors-malformed'],
    [
      'a tensor that is there twice',
      safetensors(`{"a": ${JSON.stringify(tensor(0, 4))}, "a": ${JSON.stringify(tensor(0, 4))}}`, 4),
      'safetensors-malformed',
    ],
    ['an overlap', safetensors({ a: tensor(0, 4), b: tensor(2, 6) }, 6), 'safetensors-malformed'],
    ['a hole', safetensors({ a: tensor(0, 4), b: tensor(6, 8) }, 8), 'safetensors-malformed'],
    ['a hole before the first tensor', safetensors({ a: tensor(2, 4) }, 4), 'safetensors-malformed'],
    ['a shape that is not the length', safetensors({ a: tensor(0, 4, { shape: [5] }) }, 4), 'safetensors-malformed'],
    [
      'a shape that overflows',
      safetensors({ a: tensor(0, 4, { shape: [2 ** 32, 2 ** 32, 4] }) }, 4),
      'safetensors-malformed',
    ],
    ['an unknown dtype', safetensors({ a: tensor(0, 4, { dtype: 'OBJ' }) }, 4), 'safetensors-malformed'],
    ['an unknown field', safetensors({ a: tensor(0, 4, { code: 'x' }) }, 4), 'safetensors-malformed'],
    ['a tensor without offsets', safetensors({ a: { dtype: 'U8', shape: [4] } }, 4), 'safetensors-malformed'],
    [
      'metadata that is no text',
      safetensors({ __metadata__: { a: [1] }, a: tensor(0, 4) }, 4),
      'safetensors-malformed',
    ],
    ['a tensor beyond the end', safetensors({ a: tensor(0, 400) }, 4), 'safetensors-malformed'],
    [
      'a dtype with the name of a method',
      safetensors({ a: tensor(0, 4, { dtype: 'constructor' }) }, 4),
      'safetensors-malformed',
    ],
    [
      'an offset that is no whole number',
      safetensors({ a: tensor(0, 4, { data_offsets: [0.5, 4] }) }, 4),
      'safetensors-malformed',
    ],
    ['a shape that is no whole number', safetensors({ a: tensor(0, 4, { shape: [4.5] }) }, 4), 'safetensors-malformed'],
    ['a negative shape', safetensors({ a: tensor(0, 4, { shape: [-2, -2] }) }, 4), 'safetensors-malformed'],
    [
      'a tensor that ends before it begins',
      safetensors({ a: tensor(4, 0, { shape: [0] }) }, 4),
      'safetensors-malformed',
    ],
    ['half a byte', safetensors({ a: { dtype: 'F4', shape: [7], data_offsets: [0, 4] } }, 4), 'safetensors-malformed'],
    ['padding that is no space', safetensors(`${JSON.stringify({ a: tensor(0, 4) })}\n\n`, 4), 'safetensors-malformed'],
    ['a list as header', safetensors('{"a": []}', 0), 'safetensors-malformed'],
    [
      'a pickle in the metadata',
      safetensors({ __metadata__: { x: raw(hostile, Buffer.alloc(60)).toString('base64') }, a: tensor(0, 4) }, 4),
      'safetensors-metadata',
    ],
    ['bytes after the last tensor', safetensors({ a: tensor(0, 4) }, 9), 'trailing-bytes'],
  ])('asks for a review of %s', async (_what, bytes, rule) => {
    expect(await rulesOf(bytes, 'model.safetensors')).toContain(rule);
    expect((await judged(bytes, 'model.safetensors')).verdict).toBe('review');
  });

  test.each([
    ['a pickle', hostile],
    ['an archive', zipOf([{ name: 'x', data: hostile }])],
    ['a program', raw('\x7fELF', Buffer.alloc(60))],
  ])('is blocked for %s after the last tensor', async (_what, tail) => {
    const bytes = safetensors({ a: tensor(0, 4) }, raw(Buffer.alloc(4), tail));
    expect(await judged(bytes, 'm.safetensors')).toMatchObject({
      verdict: 'block',
      findings: [{ rule: 'trailing-payload' }],
    });
  });

  test('is not what its name alone says', async () => {
    expect(await rulesOf(hostile, 'model.safetensors')).toEqual(['extension-mismatch', 'pickle-stdlib-import']);
  });

  test('tensors that are an archive too are told of', async () => {
    const archive = zipOf([{ name: 'x', data: hostile }]);
    expect(await judged(safetensors({ a: tensor(0, archive.length) }, archive), 'm.safetensors')).toMatchObject({
      verdict: 'pass',
      findings: [{ rule: 'safetensors-archive', level: 'info' }],
    });
  });

  test('the facts of a file', async () => {
    const bytes = safetensors({ __metadata__: { format: 'pt' }, a: tensor(0, 4) }, 6);
    expect(await factsOf(bytes)).toEqual({
      extractors: { safetensors: expect.any(Number) },
      format: 'safetensors',
      size: bytes.length,
      problems: [{ code: 'trailing-bytes', offset: bytes.length - 2, detail: '2 bytes after the last tensor' }],
      uses: [],
    });
  });
});
