// SPDX-License-Identifier: Apache-2.0
import { inflateSync } from 'node:zlib';
import type { Filter } from './layout.ts';

const DEFLATE = 1;
const SHUFFLE = 2;
const FLETCHER32 = 3;
const LZF = 32000;

/** Filters that can be undone here; the values of a dataset with others are not looked at. */
export const READ_FILTERS: ReadonlySet<number> = new Set([DEFLATE, SHUFFLE, FLETCHER32, LZF]);

/** A chunk with its filters undone, last one first; `undefined` when it is broken or longer than its dataset says. */
export function unfiltered(bytes: Uint8Array, filters: readonly Filter[], mask: number, size: number) {
  let value: Uint8Array | undefined = bytes;
  for (let i = filters.length - 1; i >= 0 && value !== undefined; i--)
    if (((mask >> i) & 1) === 0) value = undo(value, filters[i] as Filter, size);
  return value;
}

function undo(bytes: Uint8Array, filter: Filter, size: number): Uint8Array | undefined {
  switch (filter.id) {
    case DEFLATE:
      return inflated(bytes, size + 16);
    case SHUFFLE:
      return unshuffled(bytes, filter.values[0] ?? 1);
    case FLETCHER32:
      return bytes.subarray(0, Math.max(0, bytes.length - 4));
    case LZF:
      return unpackedLzf(bytes, size + 16);
    default:
      return undefined;
  }
}

function inflated(bytes: Uint8Array, most: number): Uint8Array | undefined {
  try {
    return inflateSync(bytes, { maxOutputLength: most });
  } catch {
    return undefined;
  }
}

function unshuffled(bytes: Uint8Array, width: number): Uint8Array {
  if (width <= 1) return bytes;
  const count = Math.floor(bytes.length / width);
  const out = new Uint8Array(bytes.length);
  for (let i = 0; i < count; i++) for (let j = 0; j < width; j++) out[i * width + j] = bytes[j * count + i] ?? 0;
  out.set(bytes.subarray(count * width), count * width);
  return out;
}

/** LibLZF: runs of up to 32 literals, or a copy of 3 to 264 bytes from up to 8 KiB back. */
function unpackedLzf(bytes: Uint8Array, most: number): Uint8Array | undefined {
  const out = new Uint8Array(most);
  let at = 0;
  let filled = 0;
  while (at < bytes.length) {
    const control = bytes[at++] ?? 0;
    if (control < 32) {
      const run = bytes.subarray(at, at + control + 1);
      if (filled + run.length > most) return undefined;
      out.set(run, filled);
      filled += run.length;
      at += control + 1;
      continue;
    }
    const long = control >> 5 === 7 ? (bytes[at++] ?? 0) : 0;
    const length = (control >> 5) + long + 2;
    const from = filled - ((control & 31) << 8) - (bytes[at++] ?? 0) - 1;
    if (from < 0 || filled + length > most) return undefined;
    for (let i = 0; i < length; i++) out[filled++] = out[from + i] ?? 0;
  }
  return out.subarray(0, filled);
}
