// SPDX-License-Identifier: Apache-2.0
import { LRUCache } from 'lru-cache';

/**
 * The values that were used last, limited in number and in weight: a thousand releases are a few megabytes or a few
 * gigabytes. A value that outweighs the limit is kept alone, because reading and verifying it for each request would
 * cost more than its memory.
 */
export function boundedCache<V extends object>(
  count: number,
  weight: number,
  weigh: (value: V) => number,
): LRUCache<string, V> {
  return new LRUCache<string, V>({
    max: count,
    maxSize: weight,
    sizeCalculation: (value) => Math.min(weight, Math.max(1, weigh(value))),
  });
}
