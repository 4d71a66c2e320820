// SPDX-License-Identifier: Apache-2.0
import { createZstdDecompress } from 'node:zlib';
import { within } from '../budgets.ts';
import type { RandomBytes } from '../io/bytes.ts';
import { Corrupt, type Decoder, Doubts } from './decoder.ts';
import { Input } from './input.ts';
import { through } from './native.ts';

const FRAME = 0xfd2fb528;
const SKIPPABLE = 0x184d2a50;

/** RFC 8878: frames and frames to be skipped. Their bounds are read here, their content by Node. */
export function zstd(source: RandomBytes): Decoder {
  const input = new Input(source);
  const doubts = new Doubts();
  let end = 0;
  async function* chunks(): AsyncGenerator<Uint8Array> {
    let broken: Corrupt | undefined;
    try {
      do {
        passFrame(input, doubts);
        end = input.offset;
      } while (isZstdFrame(input.peek(4)));
    } catch (error) {
      if (!(error instanceof Corrupt)) throw error;
      broken = error;
    }
    // A last frame that breaks off is read as far as it goes.
    const frames = source.slice(0, broken === undefined ? end : source.size);
    for await (const chunk of through(frames, createZstdDecompress())) yield chunk;
    if (broken !== undefined) throw broken;
  }
  return { chunks: chunks(), consumed: () => end || input.offset, doubts };
}

export function isZstdFrame(head: Uint8Array): boolean {
  const magic = head.length < 4 ? 0 : Buffer.from(head).readUInt32LE(0);
  return magic === FRAME || (magic >= SKIPPABLE && magic <= SKIPPABLE + 15);
}

/** 3.1.1: header, blocks of three bytes and their content, checksum. */
function passFrame(input: Input, doubts: Doubts): void {
  const magic = input.u32();
  if (magic !== FRAME) {
    passSkippable(input, doubts);
    return;
  }
  const checksum = passFrameHeader(input);
  for (let last = false; !last; ) {
    const head = input.u8() | (input.u8() << 8) | (input.u8() << 16);
    last = (head & 1) === 1;
    const kind = (head >> 1) & 3;
    if (kind === 3) throw new Corrupt('a block of no known kind');
    pass(input, kind === 1 ? 1 : head >> 3);
  }
  if (checksum) pass(input, 4);
}

/** Returns whether a checksum follows the blocks. */
function passFrameHeader(input: Input): boolean {
  const descriptor = input.u8();
  if ((descriptor & 8) !== 0) throw new Corrupt('frame flags that are not defined');
  const single = (descriptor & 0x20) !== 0;
  if (!single) {
    const window = input.u8();
    within('dictionaryBytes', 2 ** (10 + (window >> 3)) * (1 + (window & 7) / 8));
  }
  if ((descriptor & 3) !== 0) {
    const id = input.take([0, 1, 2, 4][descriptor & 3] as number);
    if (id.some((byte) => byte !== 0)) throw new Corrupt('a frame that needs a dictionary');
  }
  const size = descriptor >> 6;
  input.take(size === 0 ? (single ? 1 : 0) : 2 ** size);
  return (descriptor & 4) !== 0;
}

/** The seek table of the seekable format is the one honest use. */
function passSkippable(input: Input, doubts: Doubts): void {
  const length = input.u32();
  const end = Buffer.from(input.peek(length).subarray(-4));
  const isSeekTable = end.length === 4 && end.readUInt32LE(0) === 0x8f92eab1;
  if (length > 0 && !isSeekTable) doubts.add(`${length} bytes in a frame that readers skip`);
  pass(input, length);
}

function pass(input: Input, length: number): void {
  if (length > input.left) throw new Corrupt('the stream ends too early');
  input.seek(input.offset + length);
}
