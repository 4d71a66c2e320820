// SPDX-License-Identifier: Apache-2.0
import type { Spending } from '../budgets.ts';
import type { Facts } from '../facts.ts';
import type { Bytes } from '../io/bytes.ts';
import { type Cursor, EndOfBytes } from '../io/cursor.ts';
import { noteTail } from '../io/tail.ts';
import { archiveFromEnd } from '../zip/polyglot.ts';
import type { Extractor } from './context.ts';

/** An image is walked chunk by chunk to its end, so that nothing can ride behind it. Pixels are not decoded. */
export const png = walker(walkPng);
export const jpeg = walker(walkJpeg);
export const gif = walker(walkGif);
export const webp = walker(walkWebp);

/** Moves the cursor to the image's end; returns what is wrong, if anything. */
type Walk = (cursor: Cursor) => Promise<string | undefined>;

export function walker(walk: Walk): Extractor {
  return async (facts, bytes, { spending }) => {
    const cursor = bytes.cursor();
    const problem = await guarded(walk, cursor);
    if (noteArchive(facts, bytes)) return;
    if (problem) facts.problems.push({ code: 'image-malformed', offset: cursor.offset, detail: problem });
    else if (!(await cursor.atEnd())) await tail(facts, bytes, cursor, spending);
  };
}

async function guarded(walk: Walk, cursor: Cursor): Promise<string | undefined> {
  try {
    return await walk(cursor);
  } catch (error) {
    if (error instanceof EndOfBytes) return 'the image is cut off';
    throw error;
  }
}

async function tail(facts: Facts, { random, size }: Bytes, { offset }: Cursor, spending: Spending): Promise<void> {
  if (random) await noteTail(facts, random, offset, 'the image', spending);
  else facts.problems.push({ code: 'trailing-bytes', offset, detail: `${size - offset} bytes behind the image` });
}

/** Readers of archives pass over what follows the end record: an archive may also fill a chunk before the last one. */
function noteArchive(facts: Facts, { random }: Bytes): boolean {
  const archive = random && archiveFromEnd(random);
  if (archive === undefined) return false;
  const detail = `an archive with ${JSON.stringify(archive.name.slice(0, 80))} in the image`;
  facts.problems.push({ code: 'trailing-payload', offset: archive.at, detail });
  return true;
}

/** Chunks of length, type, data, CRC up to IEND. A file that ends with a whole chunk before it is damaged, not hiding. */
async function walkPng(c: Cursor): Promise<string | undefined> {
  await c.fill(8);
  c.take(8);
  while (await c.fill(8)) {
    const length = bigEndian(c.take(4));
    const type = Buffer.from(c.take(4)).toString('latin1');
    if (!/^[A-Za-z]{4}$/.test(type)) return 'a chunk without a name';
    if (!(await c.skip(length + 4))) return 'the image is cut off';
    if (type === 'IEND') return undefined;
  }
  return (await c.atEnd()) ? undefined : 'the image is cut off';
}

/** Segments up to EOI; entropy-coded data after SOS runs to the next marker. */
async function walkJpeg(c: Cursor): Promise<string | undefined> {
  await c.fill(2);
  c.take(2);
  for (;;) {
    await c.fill(4);
    if (c.u8() !== 0xff) return 'no marker where one must be';
    let marker = c.u8();
    while (marker === 0xff) {
      await c.fill(1);
      marker = c.u8();
    }
    if (marker === 0xd9) return undefined;
    if (marker === 0x01 || (marker >= 0xd0 && marker <= 0xd7)) continue;
    await c.fill(2);
    const length = (c.u8() << 8) | c.u8();
    if (length < 2 || !(await c.skip(length - 2))) return 'a segment is cut off';
    if (marker === 0xda) await passEntropy(c);
  }
}

async function passEntropy(c: Cursor): Promise<void> {
  for (;;) {
    const distance = c.find(0xff);
    if (distance < 0) {
      c.take(c.available);
      if (!(await c.fill(1))) throw new EndOfBytes(c.offset);
      continue;
    }
    c.take(distance);
    if (!(await c.fill(2))) throw new EndOfBytes(c.offset);
    const next = c.lookAt(2)[1] ?? 0;
    if (next !== 0x00 && !(next >= 0xd0 && next <= 0xd7)) return;
    c.take(2);
  }
}

/** Logical screen, then blocks up to the trailer. */
async function walkGif(c: Cursor): Promise<string | undefined> {
  await c.fill(13);
  c.take(10);
  const flags = c.u8();
  c.take(2);
  await c.skip(colours(flags));
  for (;;) {
    await c.fill(1);
    const block = c.u8();
    if (block === 0x3b) return undefined;
    if (block === 0x21) {
      await c.fill(1);
      c.take(1);
    } else if (block === 0x2c) {
      await c.fill(10);
      c.take(8);
      await c.skip(colours(c.u8()));
      await c.fill(1);
      c.take(1);
    } else return 'an unknown block';
    await passSubBlocks(c);
  }
}

function colours(flags: number): number {
  return (flags & 0x80) === 0 ? 0 : 3 * 2 ** ((flags & 7) + 1);
}

async function passSubBlocks(c: Cursor): Promise<void> {
  for (;;) {
    await c.fill(1);
    const length = c.u8();
    if (length === 0) return;
    if (!(await c.skip(length))) throw new EndOfBytes(c.offset);
  }
}

/** RIFF says its own length. */
async function walkWebp(c: Cursor): Promise<string | undefined> {
  await c.fill(12);
  c.take(4);
  const length = c.u32();
  if (length < 4) return 'an impossible length';
  return (await c.skip(length + (length % 2))) ? undefined : 'the image is cut off';
}

function bigEndian(bytes: Uint8Array): number {
  return Buffer.from(bytes).readUInt32BE(0);
}
