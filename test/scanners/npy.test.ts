// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { judged, rulesOf } from './judged.ts';
import { callPickle, raw, u16, u32 } from './pickle-bytes.ts';

const PICKLE = callPickle('os', 'system');

function npy(descr: string, shape: string, items: Uint8Array, version = 1): Buffer {
  const header = `{'descr': ${descr}, 'fortran_order': False, 'shape': ${shape}, }\n`;
  return raw('\x93NUMPY', version, 0, version === 1 ? u16(header.length) : u32(header.length), header, items);
}

test.each<[string, string, string, number]>([
  ['numbers', "'<f8'", '(2, 3)', 48],
  ['no dimension', "'<i4'", '()', 4],
  ['no items', "'<f4'", '(0, 4)', 0],
  ['texts', "'<U5'", '(2,)', 40],
  ['times with a unit', "'<M8[25ns]'", '(1,)', 8],
  ['fields and sub-arrays', "[('a', '<f4'), ('b', '>i8', (2, 3)), ('c', [('d', 'S3'), ('e', '?')])]", '(2,)', 112],
  ['padding and titles', "[(('title', 'a'), '|u1'), ('', '|V7'), ('b', '<f8')]", '(1,)', 16],
  ['fields whose names look like calls', "[('f(x)', '<f4')]", '(1,)', 4],
  ['sizes of Python 2', "'<f4'", '(2L, 1L)', 8],
])('an array with %s passes', async (_name, descr, shape, bytes) => {
  for (const version of [1, 2, 3])
    expect((await judged(npy(descr, shape, Buffer.alloc(bytes), version), 'a.npy')).verdict).toBe('pass');
});

test('arrays one after another pass, and each is read', async () => {
  const one = npy("'<f4'", '(2,)', Buffer.alloc(8));
  expect((await judged(raw(one, one, one), 'a.npy')).verdict).toBe('pass');
  expect((await judged(raw(one, npy("'|O'", '(1,)', PICKLE)), 'a.npy')).verdict).toBe('block');
});

test.each<[string, Buffer, string]>([
  ['an array of objects', npy("'|O'", '(1,)', PICKLE), 'pickle-stdlib-import'],
  ['objects in a field', npy("[('a', '<f4'), ('b', [('c', '|O')])]", '(1,)', PICKLE), 'pickle-stdlib-import'],
  ['objects behind an escape', npy("'\\x7c\\117'", '(1,)', PICKLE), 'pickle-stdlib-import'],
  ['objects in a type of two texts', npy("('|' u'O')", '(1,)', PICKLE), 'pickle-stdlib-import'],
  ["objects by the type's long name", npy("'object'", '(1,)', PICKLE), 'pickle-stdlib-import'],
  ['a call in the header', npy("'<f4'", "(__import__('os').getpid(),)", Buffer.alloc(4)), 'npy-code'],
  ['an attribute in the header', npy("'<f4'.x", '(1,)', Buffer.alloc(4)), 'npy-code'],
  ['a pickle behind the items', raw(npy("'<f4'", '(1,)', Buffer.alloc(4)), PICKLE), 'trailing-payload'],
])('%s is refused', async (_name, bytes, rule) => {
  expect(await rulesOf(bytes, 'a.npy')).toContain(rule);
  expect((await judged(bytes, 'a.npy')).verdict).toBe('block');
});

test.each<[string, Buffer, string]>([
  ['items that are missing', npy("'<f4'", '(2,)', Buffer.alloc(4)), 'npy-malformed'],
  ['a negative size', npy("'<f4'", '(-2,)', Buffer.alloc(4)), 'npy-malformed'],
  ['an impossible size', npy("'<f4'", '(9999999999, 9999999999)', Buffer.alloc(4)), 'npy-malformed'],
  ['an unknown type', npy("'<Z4'", '(1,)', Buffer.alloc(4)), 'npy-malformed'],
  ['a header that breaks off', npy("'<f4", '(1,)', Buffer.alloc(4)), 'npy-malformed'],
  ['a version that is none', npy("'<f4'", '(1,)', Buffer.alloc(4), 9), 'npy-malformed'],
  ['bytes behind the items', raw(npy("'<f4'", '(1,)', Buffer.alloc(4)), 'junk'), 'trailing-bytes'],
])('%s needs a person', async (_name, bytes, rule) => {
  expect(await rulesOf(bytes, 'a.npy')).toEqual([rule]);
  expect((await judged(bytes, 'a.npy')).verdict).toBe('review');
});
