// SPDX-License-Identifier: Apache-2.0
import type { Bytes } from '../io/bytes.ts';
import { maskedCrc32c } from '../io/crc32c.ts';

/** A record's length comes with a checksum, which no other content gets right by chance. */
export function recogniseTfrecord(bytes: Bytes, head: Uint8Array): string | undefined {
  if (bytes.size < 16) return undefined;
  const view = Buffer.from(head.subarray(0, 12));
  return view.readUInt32LE(8) === maskedCrc32c(view.subarray(0, 8)) ? 'tfrecord' : undefined;
}
