// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseRange } from '#src/hub/ranges.ts';

const whole = { type: 'whole' };
const unsatisfiable = { type: 'unsatisfiable' };
const empty = { type: 'empty' };
const part = (start: number, end: number) => ({ type: 'part', range: { start, end } });

// RFC 9110 14.1.2 and 14.2.
it.each([
  [undefined, 10, whole],
  ['', 10, whole],
  ['bytes=0-9', 10, part(0, 9)],
  ['bytes=0-0', 10, part(0, 0)],
  ['bytes=9-9', 10, part(9, 9)],
  ['bytes=3-', 10, part(3, 9)],
  ['bytes=0-', 10, part(0, 9)],
  ['bytes=-3', 10, part(7, 9)],
  ['bytes=-10', 10, part(0, 9)],
  ['bytes=-11', 10, part(0, 9)],
  ['bytes=0-10', 10, part(0, 9)],
  ['bytes=0-99999999999999999999999', 10, part(0, 9)],
  ['bytes=007-008', 10, part(7, 8)],
  ['bytes=10-', 10, unsatisfiable],
  ['bytes=10-10', 10, unsatisfiable],
  ['bytes=99999999999999999999999-', 10, unsatisfiable],
  ['bytes=-0', 10, unsatisfiable],
  ['bytes=5-2', 10, whole],
  ['bytes=12-11', 10, whole],
  ['bytes=0-1,3-4', 10, whole],
  ['bytes=0-1,', 10, whole],
  ['bytes=', 10, whole],
  ['bytes=-', 10, whole],
  ['bytes=a-b', 10, whole],
  ['bytes=+1-2', 10, whole],
  ['bytes=1.5-2', 10, whole],
  ['bytes=0x1-2', 10, whole],
  ['bytes=--1', 10, whole],
  ['lines=0-5', 10, whole],
  ['0-5', 10, whole],
  // An empty file: hub-api 2.2
  ['bytes=0-0', 0, empty],
  ['bytes=0-', 0, empty],
  ['bytes=-1', 0, empty],
  ['bytes=1-', 0, unsatisfiable],
  ['bytes=-0', 0, unsatisfiable],
])('%j of %i bytes', (header, size, answer) => {
  expect(parseRange(header, size)).toEqual(answer);
});

it('a part lies inside of the file, whatever is asked for', () => {
  const number = fc.oneof(fc.nat(30).map(String), fc.constant(''), fc.bigInt(0n, 10n ** 30n).map(String));
  const header = fc.oneof(
    fc.tuple(number, number).map(([a, b]) => `bytes=${a}-${b}`),
    fc.string(),
  );
  fc.assert(
    fc.property(header, fc.nat(20), (text, size) => {
      const answer = parseRange(text, size);
      if (answer.type !== 'part') return;
      const { start, end } = answer.range;
      expect(0 <= start && start <= end && end < size).toBe(true);
    }),
  );
});
