// SPDX-License-Identifier: Apache-2.0
import { BLOCK } from './header.ts';

/**
 * How many bytes the map takes at the beginning of a sparse member's data (GNU tar manual, "PAX Format, Version 1.0"):
 * numbers on a line each, the first of which counts the pairs that follow, in whole blocks. Zero when there is none.
 */
export function sparseMapLength(head: Uint8Array): number {
  const text = Buffer.from(head.buffer, head.byteOffset, head.length).toString('latin1');
  let at = 0;
  let left = 1;
  for (let first = true; left > 0; left--) {
    const end = text.indexOf('\n', at);
    const number = text.slice(at, Math.min(end, at + 20));
    if (end < 0 || !/^\d{1,15}$/.test(number)) return 0;
    if (first) left += 2 * Number(number);
    first = false;
    at = end + 1;
  }
  return Math.ceil(at / BLOCK) * BLOCK;
}
