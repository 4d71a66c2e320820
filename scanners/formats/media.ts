// SPDX-License-Identifier: Apache-2.0
import type { Cursor } from '../io/cursor.ts';
import { frameLength } from '../media-magic.ts';
import { walker } from './image.ts';

/** Sound, films and pictures in boxes, chunks, pages or frames that say how long they are. Nothing is decoded. */
export const riff = walker(walkRiff);
export const isoMedia = walker(walkBoxes);
export const ogg = walker(walkPages);
export const mp3 = walker(walkFrames);
export const bmp = walker(walkBitmap);

/** RIFF: its own length, and chunks of a name, a length and data that fill it. */
async function walkRiff(c: Cursor): Promise<string | undefined> {
  await c.fill(12);
  c.take(4);
  let left = c.u32() - 4;
  c.take(4);
  while (left >= 8) {
    if (!(await c.fill(8))) return 'a chunk is cut off';
    if (!/^[\x20-\x7e]{4}$/.test(Buffer.from(c.take(4)).toString('latin1'))) return 'a chunk without a name';
    const length = c.u32();
    const padded = Math.min(length + (length % 2), left - 8);
    if (length > left - 8 || !(await c.skip(padded))) return 'a chunk is cut off';
    left -= 8 + padded;
  }
  return left === 0 ? undefined : 'the chunks do not fill the file';
}

const BOX =
  /^(?:ftyp|styp|moov|moof|mfra|mdat|free|skip|wide|pnot|meta|uuid|sidx|ssix|emsg|prft|pdin|idat|jP..|mdia|udta)$/;

/** ISO/IEC 14496-12, 4.2: boxes of a length and a type to the end of the file. */
async function walkBoxes(c: Cursor): Promise<string | undefined> {
  while (await c.fill(8)) {
    // What is no box is behind the last one.
    if (!BOX.test(Buffer.from(c.lookAt(8).subarray(4)).toString('latin1'))) return undefined;
    const size = Buffer.from(c.take(8)).readUInt32BE(0);
    let length = size - 8;
    if (size === 0) return 'a box without a length';
    if (size === 1) {
      await c.fill(8);
      length = Number(Buffer.from(c.take(8)).readBigUInt64BE(0)) - 16;
    }
    if (length < 0 || !(await c.skip(length))) return 'a box is cut off';
  }
  return (await c.atEnd()) ? undefined : 'a box is cut off';
}

/** RFC 3533, 6: pages of a header, a table of lengths, and data. */
async function walkPages(c: Cursor): Promise<string | undefined> {
  while (await c.fill(27)) {
    if (Buffer.from(c.lookAt(4)).toString('latin1') !== 'OggS') return undefined;
    c.take(26);
    const segments = c.u8();
    if (!(await c.fill(segments))) return 'a page is cut off';
    const length = c.take(segments).reduce((sum, one) => sum + one, 0);
    if (!(await c.skip(length))) return 'a page is cut off';
  }
  return undefined;
}

/** ID3 tags (id3v2.4.0-structure, 3.1) around frames of MPEG layer III, each as long as its header says. */
async function walkFrames(c: Cursor): Promise<string | undefined> {
  while (await c.fill(10)) {
    const head = c.lookAt(10);
    const start = Buffer.from(head.subarray(0, 3)).toString('latin1');
    const length = start === 'ID3' ? 10 + tagLength(head) : start === 'TAG' ? 128 : frameLength(head);
    if (length === undefined) return undefined;
    // The last frame of a file may be cut.
    if (!(await c.skip(length))) return undefined;
  }
  return undefined;
}

function tagLength(head: Uint8Array): number {
  const footer = (head[5] ?? 0) & 0x10 ? 10 : 0;
  return [6, 7, 8, 9].reduce((sum, at) => sum * 128 + ((head[at] ?? 0) & 0x7f), 0) + footer;
}

/** The header says how long the file is. */
async function walkBitmap(c: Cursor): Promise<string | undefined> {
  await c.fill(6);
  c.take(2);
  const size = c.u32();
  return size >= 26 && (await c.skip(size - 6)) ? undefined : 'the image is cut off';
}
