// SPDX-License-Identifier: Apache-2.0

/** Bytes of a file, from `begin` up to and without `end`. */
export type Range = readonly [begin: number, end: number];

/** In order. What overlaps, touches, or lies no more than `gap` bytes apart becomes one. */
export function mergedRanges(ranges: readonly Range[], gap = 0): Range[] {
  const merged: [number, number][] = [];
  for (const [begin, end] of [...ranges].sort((a, b) => a[0] - b[0])) {
    const last = merged.at(-1);
    if (last === undefined || begin > last[1] + gap) merged.push([begin, end]);
    else last[1] = Math.max(last[1], end);
  }
  return merged;
}
