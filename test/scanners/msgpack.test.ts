// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { factsOf, judged, rulesOf } from './judged.ts';
import { Ext, flaxArray, packed } from './msgpack-bytes.ts';
import { callPickle, raw } from './pickle-bytes.ts';

const FLOATS = Buffer.alloc(8);
const PICKLE = callPickle('os', 'system');

test.each<[string, unknown]>([
  ['Flax weights', { params: { dense: { kernel: flaxArray([2], 'float32', FLOATS) } } }],
  [
    'a scalar, a complex number and a counter',
    { a: flaxArray([], 'int64', FLOATS, 3), b: new Ext(2, [1, 2]), step: 3 },
  ],
  [
    'an array in chunks',
    { w: { __msgpack_chunked_array__: true, shape: { 0: 2 }, chunks: { 0: flaxArray([2], 'float32', FLOATS) } } },
  ],
  ['an array of msgpack-numpy', { w: { nd: true, type: '<f4', kind: '', shape: [2], data: FLOATS } }],
  ['a time', { at: new Ext(-1, FLOATS) }],
  ['array bytes that look like a pickle', { w: flaxArray([PICKLE.length], 'uint8', PICKLE) }],
  ['a text that speaks of pickles', { note: 'os.system and pickle.loads' }],
])('%s passes', async (_name, value) => {
  expect(await judged(packed(value), 'flax_model.msgpack')).toMatchObject({ verdict: 'pass', format: 'msgpack' });
});

test.each<[string, unknown, string]>([
  ['an array of objects', { w: flaxArray([1], 'object', PICKLE) }, 'array-dtype'],
  [
    'an array of objects of msgpack-numpy',
    { w: { data: PICKLE, nd: true, type: '|O', kind: 'O', shape: [1] } },
    'array-dtype',
  ],
  ['a pickle in a blob', { w: PICKLE }, 'pickle-stdlib-import'],
  ['a textual pickle in a blob', { w: raw("cos\nsystem\n(S'id'\ntR.") }, 'pickle-stdlib-import'],
  ['a pickle in an unknown extension', { w: new Ext(42, PICKLE) }, 'pickle-stdlib-import'],
  ['a key that says what to call', { __reduce__: ['os.system', ['id']] }, 'serialised-object'],
  ['a tag of jsonpickle', { 'py/reduce': [{ 'py/type': 'os.system' }] }, 'serialised-object'],
])('%s is refused', async (_name, value, rule) => {
  expect(await rulesOf(packed(value), 'flax_model.msgpack')).toContain(rule);
  expect((await judged(packed(value), 'flax_model.msgpack')).verdict).toBe('block');
});

test.each<[string, Uint8Array, string]>([
  ['bytes behind the value', raw(packed({ abc: 1 }), 'junk'), 'trailing-bytes'],
  ['an array that is too short', packed({ w: flaxArray([3], 'float32', FLOATS) }), 'msgpack-array'],
  ['an extension of an unknown type', packed({ w: new Ext(42, raw('some bytes')) }), 'msgpack-extension'],
  ['a type that no list knows', packed({ w: flaxArray([1], 'weird', FLOATS) }), 'array-dtype'],
  [
    'a document that breaks off',
    packed({ params: { w: flaxArray([2], 'float32', FLOATS) } }).subarray(0, -3),
    'msgpack-malformed',
  ],
  ['a byte that begins no value', raw(packed({ params: 1 }).subarray(0, -5), 0xc1), 'msgpack-malformed'],
])('%s needs a person', async (_name, bytes, rule) => {
  expect(await judged(bytes, 'flax_model.msgpack')).toMatchObject({ verdict: 'review' });
  expect(await rulesOf(bytes, 'flax_model.msgpack')).toEqual([rule]);
});

test.each<[string, Uint8Array]>([
  ['a pickle', PICKLE],
  ['a text', raw('\xc3\xa9t\xc3\xa9')],
  ['an empty map', raw(0x80)],
  ['a map with numbers for keys', raw(0x81, 0x01, 0x02, 0x00)],
])('%s is not taken for msgpack', async (_name, bytes) => {
  expect((await factsOf(bytes)).format).not.toBe('msgpack');
});

test('the facts of Flax weights say where each type stands', async () => {
  const bytes = packed({ a: flaxArray([2], 'float32', FLOATS), b: flaxArray([1], 'float64', FLOATS) });
  expect(await factsOf(bytes)).toEqual({
    extractors: { msgpack: expect.any(Number) },
    format: 'msgpack',
    size: bytes.length,
    problems: [],
    uses: [
      { scheme: 'array-dtype', name: 'float32', at: '$.a', offset: 14 },
      { scheme: 'array-dtype', name: 'float64', at: '$.b', offset: 60 },
    ],
  });
});
