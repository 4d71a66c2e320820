// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backoffSeconds, retryAfterSeconds } from '#src/upstream/retry.ts';

describe('Retry-After', () => {
  const now = Date.parse('2026-01-01T00:00:00Z');
  it.each([
    ['0', 0],
    ['30', 30],
    [' 7 ', 7],
    ['Thu, 01 Jan 2026 00:00:30 GMT', 30],
    ['Wed, 31 Dec 2025 23:00:00 GMT', 0],
    ['soon', undefined],
    ['', undefined],
    [undefined, undefined],
  ])('%j is %j seconds', (value, seconds) => {
    expect(retryAfterSeconds(value, now)).toBe(seconds);
  });

  it('is never negative, whatever a hub writes', () => {
    fc.assert(
      fc.property(fc.string(), (value) => {
        const seconds = retryAfterSeconds(value, now);
        expect(seconds === undefined || seconds >= 0).toBe(true);
      }),
    );
  });
});

describe('back-off', () => {
  it('doubles up to 15 seconds, and is spread by a quarter either way', () => {
    expect([1, 2, 3, 4, 5, 6, 7, 30].map((attempt) => backoffSeconds(attempt, () => 0.5))).toEqual([
      0.5, 1, 2, 4, 8, 15, 15, 15,
    ]);
    expect(backoffSeconds(2, () => 0)).toBe(0.75);
    expect(backoffSeconds(2, () => 1)).toBe(1.25);
  });
});
