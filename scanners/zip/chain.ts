// SPDX-License-Identifier: Apache-2.0
import type { RandomBytes } from '../io/bytes.ts';
import { findEnd } from './end.ts';
import { LOCAL_BYTES, SIGNATURES, u32At } from './records.ts';

/** More tensors than any rank keeps in one file. */
const MAX_ARCHIVES = 20_000;

const END_BYTES = 22;
/** torch writes its pickle first, under the name of the archive. */
const NAME_BYTES = 300;

export interface Part {
  readonly start: number;
  readonly size: number;
}

/**
 * Archives one after another with nothing between them, as torch.distributed.checkpoint writes the tensors of a rank
 * into one file. Each is whole by itself, with offsets that count from its own start. Otherwise there are none.
 */
export function chainedArchives(bytes: RandomBytes): readonly Part[] {
  const parts: Part[] = [];
  let end = bytes.size;
  while (end > 0 && parts.length < MAX_ARCHIVES) {
    const start = startOf(bytes.slice(0, end));
    if (start === undefined || (start === 0 && parts.length === 0)) return [];
    parts.push({ start, size: end - start });
    end = start;
  }
  return end === 0 ? parts.reverse() : [];
}

/** Where the archive of torch begins that ends with these bytes. */
function startOf(bytes: RandomBytes): number | undefined {
  const record = findEnd(bytes)?.record;
  // No comment, be it one that goes on behind the end of the slice.
  if (record === undefined || record.at + END_BYTES !== bytes.size) return undefined;
  const start = record.directoryEnd - record.directorySize - record.directoryOffset;
  if (start < 0 || start >= bytes.size) return undefined;
  const header = Buffer.from(bytes.readAt(start, LOCAL_BYTES + NAME_BYTES));
  if (header.length < LOCAL_BYTES || u32At(header, 0) !== SIGNATURES.local) return undefined;
  const name = header.toString('latin1', LOCAL_BYTES, LOCAL_BYTES + header.readUInt16LE(26));
  return /^[^/]+\/data\.pkl$/.test(name) ? start : undefined;
}
