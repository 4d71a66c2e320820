// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import type { Clock } from '#src/domain/clock.ts';

/**
 * Ids in the order in which they are made, also where the clock goes back: milliseconds and a counter, then chance, so
 * that two processes make no two alike.
 */
export function createIds(clock: Clock): () => string {
  let last = 0;
  let count = 0;
  return () => {
    const now = Math.max(last, clock.now().getTime());
    count = now === last ? count + 1 : 0;
    last = now;
    return `msg_${now.toString(36).padStart(9, '0')}${count.toString(36).padStart(5, '0')}${randomBytes(6).toString('hex')}`;
  };
}
