// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import { boundedCache } from '#src/catalog/bounded-cache.ts';

const of = (weight: number) => ({ weight });
const cache = (count: number, limit: number) => boundedCache<{ weight: number }>(count, limit, ({ weight }) => weight);

it('what was used last stays within both limits', () => {
  const heavy = cache(100, 10);
  for (const key of ['a', 'b', 'c']) heavy.set(key, of(5));
  expect([...heavy.keys()]).toEqual(['c', 'b']);
  heavy.get('b');
  heavy.set('d', of(1));
  expect([...heavy.keys()]).toEqual(['d', 'b']);
  const many = cache(2, 1000);
  for (const key of ['a', 'b', 'c']) many.set(key, of(0));
  expect([...many.keys()]).toEqual(['c', 'b']);
});

it('a value that outweighs the limit is kept, alone', () => {
  const small = cache(100, 10);
  small.set('light', of(1));
  small.set('heavy', of(1_000_000));
  expect([...small.keys()]).toEqual(['heavy']);
  small.set('light', of(1));
  expect([...small.keys()]).toEqual(['light']);
});
