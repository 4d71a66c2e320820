// SPDX-License-Identifier: Apache-2.0
import type { Bytes, RandomBytes } from '../io/bytes.ts';
import type { Extractor } from './context.ts';

const RECORD = 64;
const SENTINEL = 0xdeadbeef;
const VERSION = 2;

/** coremltools' `MILBlob/Blob/StorageFormat.hpp`: a header, then for each array a record, its bytes, zeros up to 64. */
export const coremlBlob: Extractor = async (facts, bytes) => {
  const problem = bytes.random === undefined ? { offset: 0, detail: 'inside a large archive' } : read(bytes.random);
  if (problem) facts.problems.push({ code: 'coreml-blob-malformed', ...problem });
};

export function recogniseCoremlBlob(bytes: Bytes, head: Uint8Array): string | undefined {
  if (bytes.size < 2 * RECORD) return undefined;
  const view = Buffer.from(head);
  const isHeader = view.readUInt32LE(4) === VERSION && view.subarray(8, RECORD).every((byte) => byte === 0);
  return isHeader && view.readUInt32LE(RECORD) === SENTINEL ? 'coreml-blob' : undefined;
}

function read(bytes: RandomBytes): { offset: number; detail: string } | undefined {
  const count = Buffer.from(bytes.readAt(0, 4)).readUInt32LE();
  if (count > bytes.size / RECORD) return { offset: 0, detail: `${count} arrays in ${bytes.size} bytes` };
  let offset = RECORD;
  for (let i = 0; i < count; i++) {
    const record = Buffer.from(bytes.readAt(offset, RECORD));
    if (record.length < RECORD || record.readUInt32LE() !== SENTINEL)
      return { offset, detail: 'no record where one must be' };
    const size = Number(record.readBigUInt64LE(8));
    if (Number(record.readBigUInt64LE(16)) !== offset + RECORD)
      return { offset, detail: 'an array that does not follow its record' };
    const end = offset + RECORD + size;
    if (end > bytes.size) return { offset, detail: 'an array beyond the end' };
    offset = Math.ceil(end / RECORD) * RECORD;
    if (bytes.readAt(end, offset - end).some((byte) => byte !== 0))
      return { offset: end, detail: 'bytes in the padding after an array' };
  }
  return bytes.size > offset ? { offset, detail: 'bytes after the last array' } : undefined;
}
