// SPDX-License-Identifier: Apache-2.0

/** Bytes of a metadata value, by its type number (ggml's docs/gguf.md). */
export const SCALAR_BYTES: ReadonlyMap<number, number> = new Map([
  [0, 1],
  [1, 1],
  [2, 2],
  [3, 2],
  [4, 4],
  [5, 4],
  [6, 4],
  [7, 1],
  [10, 8],
  [11, 8],
  [12, 8],
]);
export const UINT32 = 4;
export const BOOL = 7;
export const STRING = 8;
export const ARRAY = 9;

/**
 * Items and bytes of a block, by ggml's type number (ggml.h and ggml-common.h). Types that were withdrawn and whose
 * files are still about (31 to 33, 36 to 38: the same blocks in another order) have their size too.
 */
export const BLOCKS: ReadonlyMap<number, readonly [items: number, bytes: number]> = new Map([
  [0, [1, 4]],
  [1, [1, 2]],
  [2, [32, 18]],
  [3, [32, 20]],
  [6, [32, 22]],
  [7, [32, 24]],
  [8, [32, 34]],
  [9, [32, 36]],
  [10, [256, 84]],
  [11, [256, 110]],
  [12, [256, 144]],
  [13, [256, 176]],
  [14, [256, 210]],
  [15, [256, 292]],
  [16, [256, 66]],
  [17, [256, 74]],
  [18, [256, 98]],
  [19, [256, 50]],
  [20, [32, 18]],
  [21, [256, 110]],
  [22, [256, 82]],
  [23, [256, 136]],
  [24, [1, 1]],
  [25, [1, 2]],
  [26, [1, 4]],
  [27, [1, 8]],
  [28, [1, 8]],
  [29, [256, 56]],
  [30, [1, 2]],
  [31, [32, 18]],
  [32, [32, 18]],
  [33, [32, 18]],
  [34, [256, 54]],
  [35, [256, 66]],
  [36, [32, 18]],
  [37, [32, 18]],
  [38, [32, 18]],
  [39, [32, 17]],
  [40, [64, 36]],
  [41, [128, 18]],
  [42, [64, 18]],
]);
