// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isSortedByPath, sortByPath } from '#src/attest/by-path.ts';
import { canonicalJson, readJson } from '#src/attest/canonical-json.ts';
import { refusal } from './bundles.ts';

it('canonical JSON reads back as the same value, and is its own canonical form', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = canonicalJson(value);
      const expected = JSON.parse(JSON.stringify(value));
      expect(JSON.parse(text)).toEqual(expected);
      expect(canonicalJson(JSON.parse(text))).toBe(text);
    }),
  );
});

it('canonical JSON does not depend on the order in which members were set', () => {
  expect(canonicalJson({ b: [1, { d: 1, c: undefined }], a: 'é' })).toBe('{"a":"é","b":[1,{"d":1}]}');
  expect(canonicalJson({ a: 'é', b: [1, { d: 1 }] })).toBe('{"a":"é","b":[1,{"d":1}]}');
  expect(() => canonicalJson([undefined])).toThrow(TypeError);
});

it.each([
  ['invalid UTF-8', Buffer.from([0x22, 0xff, 0x22])],
  ['a byte order mark', Buffer.from('\ufeff{}')],
  ['truncated JSON', Buffer.from('{"a":')],
  ['nothing', Buffer.alloc(0)],
])('readJson refuses %s', async (_, bytes) => {
  expect((await refusal(() => readJson(bytes, 'record-invalid', 'It'))).code).toBe('record-invalid');
});

it('paths are sorted by their UTF-8 bytes, beyond the Basic Multilingual Plane too', () => {
  const paths = ['\u{1F600}', '\uFF5E', 'sub/a', 'sub-b', 'Z', 'a'];
  const sorted = sortByPath(paths.map((path) => ({ path }))).map(({ path }) => path);
  expect(sorted).toEqual(['Z', 'a', 'sub-b', 'sub/a', '\uFF5E', '\u{1F600}']);
  expect([...paths].sort()).not.toEqual(sorted);
});

it('what was sorted counts as sorted unless a path occurs twice', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'grapheme' })), (paths) => {
      const sorted = sortByPath(paths.map((path) => ({ path })));
      expect(isSortedByPath(sorted)).toBe(new Set(paths).size === paths.length);
      if (sorted.length > 1) expect(isSortedByPath([...sorted].reverse())).toBe(false);
    }),
  );
});
