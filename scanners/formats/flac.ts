// SPDX-License-Identifier: Apache-2.0
import { type Cursor, EndOfBytes } from '../io/cursor.ts';
import { walker } from './image.ts';

/** RFC 9639: blocks of metadata that say how long they are, then frames, each under a checksum of its own. */
export const flac = walker(walkFlac);

const FRAMES_AT_ONCE = 64 * 1024;
const HEADER_BYTES = 16;

async function walkFlac(c: Cursor): Promise<string | undefined> {
  await c.fill(4);
  c.take(4);
  for (let last = false; !last; ) {
    await c.fill(4);
    const [flags = 0, high = 0, middle = 0, low = 0] = c.take(4);
    last = flags >= 0x80;
    if (!(await c.skip((high << 16) | (middle << 8) | low))) return 'a block of metadata is cut off';
  }
  return passFrames(c);
}

/**
 * 9.1: no frame says how long it is. One ends where its bytes and the CRC-16 behind them come to zero, and the next one's
 * header, under a CRC-8, or the end of the file follows. What is no frame stays unread.
 */
async function passFrames(c: Cursor): Promise<string | undefined> {
  while (await c.fill(6)) {
    if (!isFrame(c.lookAt(HEADER_BYTES))) return undefined;
    const length = await frameLength(c);
    if (length === 0) return 'a frame whose checksum is wrong';
    c.take(length);
  }
  if (!(await c.atEnd())) throw new EndOfBytes(c.offset);
  return undefined;
}

/** Behind the last frame of all that is where the checksum fitted last; zero where it never did. */
async function frameLength(c: Cursor): Promise<number> {
  let crc = 0;
  let fitted = 0;
  for (let at = 0; ; ) {
    const more = await c.fill(at + FRAMES_AT_ONCE);
    const bytes = c.lookAt(at + FRAMES_AT_ONCE);
    // The header of the next frame must be there in full.
    const end = more ? bytes.length - HEADER_BYTES : bytes.length;
    while (at < end) {
      crc = ((crc << 8) & 0xffff) ^ (CRC16[(crc >>> 8) ^ (bytes[at++] as number)] as number);
      if (crc !== 0) continue;
      fitted = at;
      if (isFrame(bytes.subarray(at, at + HEADER_BYTES))) return at;
    }
    if (!more) return fitted;
  }
}

/** 9.1.1 to 9.1.8: sync code, sizes, a number that is coded as in UTF-8, and the CRC-8 of all that. */
function isFrame(bytes: Uint8Array): boolean {
  const [sync = 0, blocking = 0, sizes = 0, layout = 0, first = 0] = bytes;
  if (sync !== 0xff || (blocking & 0xfe) !== 0xf8 || (layout & 1) !== 0) return false;
  const extra = first < 0x80 ? 0 : Math.max(0, Math.clz32(~(first << 24)) - 1);
  const size = sizes >> 4;
  const rate = sizes & 15;
  const more = (size === 6 ? 1 : size === 7 ? 2 : 0) + (rate === 12 ? 1 : rate === 13 || rate === 14 ? 2 : 0);
  const length = 5 + extra + more;
  let crc = 0;
  for (let i = 0; i < length; i++) crc = CRC8[crc ^ (bytes[i] ?? 0)] as number;
  return size !== 0 && rate !== 15 && bytes[length] === crc;
}

const CRC8 = Uint8Array.from({ length: 256 }, (_, byte) => remainder(byte, 0x107, 8));
const CRC16 = Uint16Array.from({ length: 256 }, (_, byte) => remainder(byte << 8, 0x18005, 16));

function remainder(value: number, polynomial: number, width: number): number {
  let rest = value;
  for (let bit = 0; bit < 8; bit++) rest = (rest << 1) ^ (rest >>> (width - 1) ? polynomial : 0);
  return rest;
}
