// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { factsOf, judged, rulesOf } from './judged.ts';
import { callPickle, raw, u32, u64 } from './pickle-bytes.ts';
import { zipOf } from './zip-bytes.ts';

const PASS = { verdict: 'pass', findings: [] };
const hostile = callPickle('os', 'system');

const text = (value: string) => raw(u64(Buffer.byteLength(value)), Buffer.from(value));
const pair = (key: string, type: number, value: Uint8Array) => raw(text(key), u32(type), value);
const textPair = (key: string, value: string) => pair(key, 8, text(value));
const tensor = (offset: number, more: { name?: string; shape?: (number | bigint)[]; type?: number } = {}) => {
  const shape = more.shape ?? [4];
  return raw(
    text(more.name ?? `w${offset}`),
    u32(shape.length),
    ...shape.map((n) => u64(n)),
    u32(more.type ?? 0),
    u64(offset),
  );
};
interface Parts {
  pairs?: readonly Uint8Array[];
  tensors?: readonly Uint8Array[];
  counts?: readonly [tensors: number | bigint, pairs: number | bigint];
  /** What follows the header, already padded. */
  data?: Uint8Array | number;
  version?: number;
  alignment?: number;
}
function gguf({ pairs = [], tensors = [], counts, data, version = 3, alignment = 32 }: Parts): Buffer {
  const [tensorCount, pairCount] = counts ?? [tensors.length, pairs.length];
  const header = raw('GGUF', u32(version), u64(tensorCount), u64(pairCount), ...pairs, ...tensors);
  const padding = tensors.length === 0 ? 0 : (alignment - (header.length % alignment)) % alignment;
  const body = data ?? 32 * tensors.length;
  return raw(header, Buffer.alloc(padding), typeof body === 'number' ? Buffer.alloc(body) : body);
}
const nested = (depth: number): Buffer =>
  depth === 0 ? raw(u32(4), u64(1), u32(7)) : raw(u32(9), u64(1), nested(depth - 1));

describe('an honest file passes', () => {
  test.each([
    [
      'metadata and tensors',
      gguf({ pairs: [textPair('general.name', 'x'), pair('a.b', 4, u32(1))], tensors: [tensor(0), tensor(32)] }),
    ],
    ['no tensors', gguf({ pairs: [textPair('general.architecture', 'llama')] })],
    ['no tensors, padded', raw(gguf({ pairs: [textPair('general.architecture', 'llama')] }), Buffer.alloc(3))],
    ['no padding behind the last tensor', gguf({ tensors: [tensor(0)], data: 16 })],
    [
      'an array of texts',
      gguf({ pairs: [pair('t', 9, raw(u32(8), u64(2), text('a\0'), text('\x1b')))], tensors: [tensor(0)] }),
    ],
    [
      'every kind of number',
      gguf({
        pairs: [0, 1, 7]
          .map((type) => pair(`k${type}`, type, raw(1)))
          .concat([pair('k10', 10, u64(1)), pair('k6', 6, u32(0))]),
      }),
    ],
    ['an array in an array', gguf({ pairs: [pair('a', 9, nested(1))] })],
    ['version 2', gguf({ version: 2, tensors: [tensor(0)] })],
    [
      'another alignment',
      gguf({
        pairs: [pair('general.alignment', 4, u32(64))],
        tensors: [tensor(0), tensor(64)],
        alignment: 64,
        data: 128,
      }),
    ],
    ['blocks of a quantized type', gguf({ tensors: [tensor(0, { type: 12, shape: [256, 2] })], data: 288 })],
    [
      'the newest types',
      gguf({ tensors: [tensor(0, { type: 40, shape: [64] }), tensor(64, { type: 39, shape: [32] })], data: 96 }),
    ],
    [
      'a template',
      gguf({ pairs: [textPair('tokenizer.chat_template', '{% for m in messages %}{{ m.content }}{% endfor %}')] }),
    ],
    ['tags in a description', gguf({ pairs: [textPair('general.description', "{{ ''.__class__ }}")] })],
    [
      'tensor bytes that look like a payload',
      gguf({ tensors: [tensor(0)], data: raw(hostile.subarray(0, 16), Buffer.alloc(16)) }),
    ],
  ])('with %s', async (_what, bytes) => {
    expect(await judged(bytes, 'model.gguf')).toEqual({ format: 'gguf', ...PASS });
  });
});

describe('what would corrupt a reader is blocked', () => {
  test.each([
    ['more metadata than the file can hold', gguf({ counts: [0, 2n ** 62n] })],
    ['more tensors than the file can hold', gguf({ counts: [2n ** 61n, 0] })],
    ['a text longer than the file', gguf({ pairs: [raw(u64(2n ** 63n), 'x')] })],
    ['a text whose length wraps around', gguf({ pairs: [raw(text('a'), u32(8), u64(2n ** 64n - 8n), 'x')] })],
    ['an array whose bytes wrap around', gguf({ pairs: [pair('a', 9, raw(u32(4), u64(2n ** 62n + 1n)))] })],
    ['an array of more texts than the file can hold', gguf({ pairs: [pair('a', 9, raw(u32(8), u64(2n ** 32n)))] })],
    ['arrays nested without end', gguf({ pairs: [pair('a', 9, nested(50))] })],
    ['an unknown value type', gguf({ pairs: [pair('a', 13, u64(1))] })],
    ['an array of an unknown type', gguf({ pairs: [pair('a', 9, raw(u32(77), u64(1), u64(1)))] })],
    ['a truth value that is none', gguf({ pairs: [pair('a', 7, raw(2))] })],
    ['an empty key', gguf({ pairs: [pair('', 4, u32(1))] })],
    ['a key that is no text', gguf({ pairs: [raw(u64(2), 0xff, 0xfe, u32(4), u32(1))] })],
    ['a key that is there twice', gguf({ pairs: [pair('a', 4, u32(1)), pair('a', 4, u32(2))] })],
    ['an alignment of nothing', gguf({ pairs: [pair('general.alignment', 4, u32(0))] })],
    ['an alignment that is no power of two', gguf({ pairs: [pair('general.alignment', 4, u32(24))] })],
    ['a huge alignment', gguf({ pairs: [pair('general.alignment', 4, u32(2 ** 30))] })],
    ['an alignment of another type', gguf({ pairs: [pair('general.alignment', 5, u32(32))] })],
    ['a tensor that is there twice', gguf({ tensors: [tensor(0, { name: 'a' }), tensor(32, { name: 'a' })] })],
    ['five dimensions', gguf({ tensors: [tensor(0, { shape: [1, 1, 1, 1, 4] })] })],
    ['dimensions whose product wraps around', gguf({ tensors: [tensor(0, { shape: [2n ** 32n, 2n ** 32n] })] })],
    ['a negative dimension', gguf({ tensors: [tensor(0, { shape: [2n ** 64n - 1n, 0] })] })],
    ['bytes that wrap around', gguf({ tensors: [tensor(0, { shape: [2n ** 62n], type: 27 })] })],
    ['a row that is a part of a block', gguf({ tensors: [tensor(0, { shape: [16], type: 2 })] })],
    ['a tensor beyond the end', gguf({ tensors: [tensor(2 ** 33)] })],
    ['a tensor that is cut off', gguf({ tensors: [tensor(0)], data: 8 })],
    ['a tensor off its alignment', gguf({ tensors: [tensor(8)] })],
    [
      'tensors that overlap',
      gguf({ tensors: [tensor(0, { name: 'a', shape: [16] }), tensor(32, { name: 'b' })], data: 64 }),
    ],
    ['a header that is cut off', gguf({ pairs: [textPair('a', 'b')] }).subarray(0, 40)],
    ['an unknown version', gguf({ version: 9 })],
  ])('%s', async (_what, bytes) => {
    expect(await rulesOf(bytes, 'model.gguf')).toEqual(['gguf-malformed']);
    expect((await judged(bytes, 'model.gguf')).verdict).toBe('block');
  });

  test.each([
    ['tokenizer.chat_template', "{{ ''.__class__ }}"],
    ['tokenizer.chat_template.tool_use', "{{ x['__init__'] }}"],
    ['some.prompt_template', "{{ x | attr('__init__') }}"],
  ])('a template in %s that reaches out', async (key, source) => {
    const bytes = gguf({ pairs: [textPair(key, source)], tensors: [tensor(0)] });
    expect(await rulesOf(bytes, 'model.gguf')).toEqual(['chat-template']);
    expect((await judged(bytes, 'model.gguf')).verdict).toBe('block');
  });

  test.each([
    ['an archive', zipOf([{ name: 'x', data: hostile }])],
    ['an archive behind something else', raw('something', zipOf([{ name: 'x', data: hostile }]))],
    ['a program behind zeros', raw(Buffer.alloc(200), '\x7fELF', Buffer.alloc(60))],
    ['a pickle', hostile],
  ])('%s behind the last tensor', async (_what, tail) => {
    expect(await rulesOf(raw(gguf({ tensors: [tensor(0)] }), tail), 'model.gguf')).toEqual(['trailing-payload']);
  });
});

describe('what no writer makes asks for a review', () => {
  test.each([
    ['bytes behind the last tensor', gguf({ tensors: [tensor(0)], data: 99 }), 'trailing-bytes'],
    [
      'something in the padding',
      gguf({ tensors: [tensor(0)], data: raw(Buffer.alloc(16), 'x', Buffer.alloc(15)) }),
      'gguf-padding',
    ],
    ['a hole', gguf({ tensors: [tensor(0), tensor(64)], data: 96 }), 'gguf-layout'],
    ['tensors in another order', gguf({ tensors: [tensor(32), tensor(0)] }), 'gguf-layout'],
    ['an unknown tensor type', gguf({ tensors: [tensor(0, { type: 200 })] }), 'gguf-unknown-type'],
    ['control characters', gguf({ pairs: [textPair('general.name', 'a\x1b[2J')] }), 'gguf-controls'],
    ['version 1', raw('GGUF', u32(1), u32(0), u32(1), u32(1), 'a', u32(8), u32(2), 'bc'), 'gguf-version'],
  ])('%s', async (_what, bytes, rule) => {
    const path = 'model.gguf';
    expect(await rulesOf(bytes, path)).toEqual([rule]);
    expect((await judged(bytes, path)).verdict).toBe('review');
  });
});

test('a file of the other byte order is read the other way round', async () => {
  const be = (length: number, value: number) => {
    const bytes = Buffer.alloc(length);
    bytes.writeUInt32BE(value, length - 4);
    return bytes;
  };
  const source = "{{ ''.__class__ }}";
  const key = 'tokenizer.chat_template';
  const bytes = raw(
    'GGUF',
    be(4, 3),
    be(8, 0),
    be(8, 1),
    be(8, key.length),
    key,
    be(4, 8),
    be(8, source.length),
    source,
  );
  expect(await rulesOf(bytes, 'model.gguf')).toEqual(['chat-template']);
});

test('the facts of a file', async () => {
  const bytes = gguf({
    pairs: [textPair('tokenizer.chat_template', "{{ messages[0]['role'] }}")],
    tensors: [tensor(0)],
    data: 40,
  });
  expect(await factsOf(bytes)).toEqual({
    extractors: { gguf: expect.any(Number) },
    format: 'gguf',
    size: bytes.length,
    problems: [{ code: 'trailing-bytes', offset: bytes.length - 8, detail: '8 bytes after the last tensor' }],
    uses: [
      { scheme: 'jinja-global', name: 'messages', at: 'tokenizer.chat_template line 1' },
      { scheme: 'jinja-attribute', name: 'role', at: 'tokenizer.chat_template line 1' },
    ],
  });
});

test('templates in a list are templates, and words in a vocabulary are not', async () => {
  const list = (key: string, ...items: string[]) => pair(key, 9, raw(u32(8), u64(items.length), ...items.map(text)));
  const hostileTemplate = "{{ ''.__class__.__mro__ }}";
  const file = (key: string, ...items: string[]) => judged(gguf({ pairs: [list(key, ...items)] }), 'a.gguf');
  expect((await file('tokenizer.chat_templates', 'default', hostileTemplate)).verdict).toBe('block');
  expect((await file('tokenizer.chat_templates', 'default', '{{ messages }}')).verdict).toBe('pass');
  expect((await file('tokenizer.ggml.tokens', 'default', hostileTemplate)).verdict).toBe('pass');
});
