// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { UNREAD } from '#scanners/facts.ts';
import { FORMATS, KNOWN_FORMATS } from '#scanners/formats/index.ts';
import { isCurrent } from '#scanners/version.ts';
import { factsOf } from './judged.ts';
import { raw } from './pickle-bytes.ts';
import { zipOf } from './zip-bytes.ts';

const UNKNOWN = raw(0, 1, 2, 3, 'something');
const others = (known: number) => (known + 1) % 2 ** 32;

test.each([
  ['a file of no known format', UNKNOWN],
  ['a file of a format that is named and not read', raw('7z', 0xbc, 0xaf, 0x27, 0x1c, 'something')],
  ['an archive that holds one', zipOf([{ name: 'a.dat', data: UNKNOWN }])],
])('%s is read again once other formats are known', async (_what, bytes) => {
  const facts = await factsOf(bytes);
  expect(isCurrent(facts)).toBe(true);
  expect(isCurrent({ ...facts, extractors: { ...facts.extractors, [UNREAD]: others(KNOWN_FORMATS) } })).toBe(false);
});

test.each([
  ['a text', raw('hello\n')],
  ['nothing', raw()],
  [
    'an archive of these',
    zipOf([
      { name: 'a.txt', data: raw('hello\n') },
      { name: 'b', data: raw() },
    ]),
  ],
])('%s is not', async (_what, bytes) => {
  const facts = await factsOf(bytes);
  expect(facts.extractors).not.toHaveProperty([UNREAD]);
  expect(isCurrent(facts)).toBe(true);
});

test('a file is read again once one of its extractors has another version', async () => {
  const facts = await factsOf(raw('hello\n'));
  expect(isCurrent({ ...facts, extractors: { text: (FORMATS.text?.version ?? 0) - 1 } })).toBe(false);
  expect(isCurrent({ ...facts, extractors: { 'no-such-format': 1 } })).toBe(false);
});
