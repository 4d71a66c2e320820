// SPDX-License-Identifier: Apache-2.0
import type { ByteRange } from '#src/store/blob-store.ts';

/** What a `Range` header means for a file of `size` bytes. */
export type RangeAnswer =
  | { readonly type: 'whole' }
  | { readonly type: 'part'; readonly range: ByteRange }
  | { readonly type: 'empty' }
  | { readonly type: 'unsatisfiable' };

/**
 * RFC 9110 14.1.2. An end past the last byte is clamped (Rust's tokio client asks for one byte too many). Several
 * ranges are answered with the whole file, as 14.2 allows; so is a header that does not parse. `bytes=0-0` of an empty
 * file is `empty`: 206 with `bytes *\/0`, the one answer that all clients take (hub-api 2.2).
 */
export function parseRange(header: string | undefined, size: number): RangeAnswer {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? '');
  if (!match || (match[1] === '' && match[2] === '')) return { type: 'whole' };
  const [first, last] = [match[1] ?? '', match[2] ?? ''];
  if (first === '') return suffix(Number(last), size);
  const start = Number(first);
  const end = last === '' ? size - 1 : Math.min(Number(last), size - 1);
  if (size === 0 && start === 0) return { type: 'empty' };
  if (last !== '' && Number(last) < start) return { type: 'whole' };
  if (start >= size) return { type: 'unsatisfiable' };
  return { type: 'part', range: { start, end } };
}

function suffix(length: number, size: number): RangeAnswer {
  if (length === 0) return { type: 'unsatisfiable' };
  if (size === 0) return { type: 'empty' };
  return { type: 'part', range: { start: Math.max(0, size - length), end: size - 1 } };
}
