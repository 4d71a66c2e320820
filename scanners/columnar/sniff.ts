// SPDX-License-Identifier: Apache-2.0
import type { Bytes } from '../io/bytes.ts';

/** An Arrow stream begins with the mark, the length of a message, and a small root offset. */
export function recogniseArrowStream(bytes: Bytes, head: Uint8Array): string | undefined {
  if (head.length < 24) return undefined;
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const length = view.getUint32(4, true);
  const marked = view.getUint32(0, true) === 0xffffffff;
  return marked && length % 8 === 0 && length >= 16 && 8 + length <= bytes.size && view.getUint32(8, true) < 256
    ? 'arrow-stream'
    : undefined;
}
