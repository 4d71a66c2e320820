// SPDX-License-Identifier: Apache-2.0

/** Bytes of a file, from `begin` up to and without `end`, which is `Infinity` for all that follow. */
export type Range = readonly [begin: number, end: number];

/** In order, with what overlaps, touches, or has nothing but padding between it made one. */
export function mergedRanges(ranges: readonly Range[]): Range[] {
  const merged: Range[] = [];
  for (const range of ranges.toSorted((a, b) => a[0] - b[0])) {
    const last = merged.at(-1);
    if (last && follows(last[1], range)) merged[merged.length - 1] = [last[0], Math.max(last[1], range[1])];
    else merged.push(range);
  }
  return merged;
}

/** Whether a range begins before another one's end, or behind it with padding between that is no longer than itself. */
export function follows(end: number, [begin, own]: Range): boolean {
  return begin <= end || (isPadding(end, begin) && begin - end <= Math.max(own - begin, SMALL_ALIGNMENT));
}

/** Of single values, for the processor. */
const SMALL_ALIGNMENT = 64;
/** What Windows maps memory by, the most that any writer aligns to. */
const LARGEST_ALIGNMENT = 65_536;

/**
 * Whether the bytes between are there to align what follows. onnxruntime (`ModelSavingOptions`) and onnx_ir put large
 * tensors at multiples of 4 KiB or 64 KiB, so that they can be mapped; TensorFlow's `BundleWriter` aligns as it is told,
 * also behind the last tensor; onnx itself and OpenVINO write without gaps.
 */
export function isPadding(from: number, to: number): boolean {
  let alignment = 1;
  while (alignment < LARGEST_ALIGNMENT && to % (alignment * 2) === 0) alignment *= 2;
  return to - from < alignment;
}
