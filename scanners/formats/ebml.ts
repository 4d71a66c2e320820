// SPDX-License-Identifier: Apache-2.0
import type { Cursor } from '../io/cursor.ts';
import { walker } from './image.ts';

/** RFC 8794 and Matroska (RFC 9559), which WebM is a part of: elements of an identifier, a length and data. */
export const ebml = walker(walkElements);

const SEGMENT = 0x18538067;
const CLUSTER = 0x1f43b675;
/** What may stand at the outermost level: header, segment, void, checksum. */
const OUTERMOST: ReadonlySet<number> = new Set([0x1a45dfa3, SEGMENT, 0xec, 0xbf]);
/** What may stand in a segment, and in a cluster: live streams give neither a length. */
const IN_SEGMENT: ReadonlySet<number> = new Set([
  ...[0x114d9b74, 0x1549a966, 0x1654ae6b, 0x1c53bb6b, 0x1941a469, 0x1043a770, 0x1254c367, CLUSTER],
  ...[0xe7, 0xa7, 0xab, 0xa3, 0xa0, 0x5854],
]);

async function walkElements(c: Cursor): Promise<string | undefined> {
  let isOpen = false;
  while (await c.fill(2)) {
    await c.fill(12);
    const id = numberAt(c.lookAt(4), 0, false);
    // What is no element is behind the last one.
    if (id === undefined || !(OUTERMOST.has(id.value) || (isOpen && IN_SEGMENT.has(id.value)))) return undefined;
    const size = numberAt(c.lookAt(12), id.length, true);
    if (size === undefined) return 'an element without a length';
    c.take(id.length + size.length);
    if (size.isUnknown) {
      if (id.value !== SEGMENT && id.value !== CLUSTER) return 'an element without a length';
      isOpen = true;
    } else if (!(await c.skip(size.value))) return 'an element is cut off';
  }
  return (await c.atEnd()) ? undefined : 'an element is cut off';
}

/** Zeros before the first one tell how many bytes a number has; a length goes without that one, an identifier with it. */
function numberAt(
  bytes: Uint8Array,
  at: number,
  isSize: boolean,
): { value: number; length: number; isUnknown: boolean } | undefined {
  const first = bytes[at] ?? 0;
  const length = Math.clz32(first) - 23;
  if (length > (isSize ? 8 : 4) || at + length > bytes.length) return undefined;
  const mark = 0x80 >> (length - 1);
  let value = isSize ? first & (mark - 1) : first;
  let ones = (first & (mark - 1)) === mark - 1;
  for (const byte of bytes.subarray(at + 1, at + length)) {
    value = value * 256 + byte;
    ones &&= byte === 0xff;
  }
  return { value, length, isUnknown: isSize && ones };
}
