// SPDX-License-Identifier: Apache-2.0
import type { RandomBytes } from '../io/bytes.ts';
import { Xxh32, xxh32 } from './checks.ts';
import { Corrupt, type Decoder, Doubts } from './decoder.ts';
import { Input } from './input.ts';

const FRAME = 0x184d2204;
const LEGACY = 0x184c2102;
const SKIPPABLE = 0x184d2a50;
const HISTORY = 64 * 1024;
const LEGACY_BLOCK = 8 * 1024 * 1024;
const BLOCK_SIZES: Readonly<Record<number, number>> = { 4: 1 << 16, 5: 1 << 18, 6: 1 << 20, 7: 1 << 22 };

/** The lz4 frame format 1.6: frames, legacy frames and frames to be skipped, one after another. */
export function lz4(source: RandomBytes): Decoder {
  const input = new Input(source);
  const doubts = new Doubts();
  let end = 0;
  function* chunks(): Generator<Uint8Array> {
    do {
      yield* frame(input, doubts);
      end = input.offset;
    } while (isFrame(input.peek(4)));
  }
  return { chunks: chunks(), consumed: () => end || input.offset, doubts };
}

function isFrame(head: Uint8Array): boolean {
  const magic = head.length < 4 ? 0 : Buffer.from(head).readUInt32LE(0);
  return magic === FRAME || magic === LEGACY || isSkippable(magic);
}

function isSkippable(magic: number): boolean {
  return magic >= SKIPPABLE && magic <= SKIPPABLE + 15;
}

function* frame(input: Input, doubts: Doubts): Generator<Uint8Array> {
  const magic = input.u32();
  if (isSkippable(magic)) {
    const length = input.u32();
    if (length > input.left) throw new Corrupt('a frame to be skipped that is longer than the file');
    if (length > 0) doubts.add(`${length} bytes in a frame that readers skip`);
    input.seek(input.offset + length);
  } else if (magic === LEGACY) yield* legacyBlocks(input);
  else if (magic === FRAME) yield* blocks(input, doubts);
  else throw new Corrupt('no lz4 frame');
}

function* blocks(input: Input, doubts: Doubts): Generator<Uint8Array> {
  const start = input.offset;
  const [flags = 0, sizes = 0] = input.take(2);
  const blockSize = BLOCK_SIZES[(sizes >> 4) & 7];
  if (flags >> 6 !== 1 || (flags & 2) !== 0 || (sizes & 0x8f) !== 0 || blockSize === undefined)
    throw new Corrupt('frame flags that are not defined');
  const size = (flags & 8) !== 0 ? input.u64() : undefined;
  if ((flags & 1) !== 0) throw new Corrupt('a frame that needs a dictionary');
  const length = input.offset - start;
  input.seek(start);
  if (((xxh32(input.take(length)) >>> 8) & 0xff) !== input.u8()) doubts.add('the checksum of a frame header is wrong');
  const linked = (flags & 0x20) === 0;
  const output = new Output(blockSize);
  const sum = (flags & 4) !== 0 ? new Xxh32() : undefined;
  let produced = 0;
  for (let head = input.u32(); head !== 0; head = input.u32()) {
    const packed = head & 0x7fffffff;
    if (packed > blockSize) throw new Corrupt('a block that is larger than the frame says');
    const data = input.take(packed);
    if (!linked) output.forget();
    const content = output.block(data, head >>> 31 === 1);
    if ((flags & 0x10) !== 0 && xxh32(data) !== input.u32()) doubts.add('the checksum of a block is wrong');
    sum?.update(content);
    produced += content.length;
    if (content.length > 0) yield content;
  }
  if (sum && sum.value() !== input.u32()) doubts.add('the checksum of the content is wrong');
  if (size !== undefined && size !== produced) doubts.add(`${produced} bytes came out, ${size} are announced`);
}

/** Independent blocks up to the end, or to the next frame. */
function* legacyBlocks(input: Input): Generator<Uint8Array> {
  const output = new Output(LEGACY_BLOCK);
  while (input.left >= 4 && !isFrame(input.peek(4))) {
    const at = input.offset;
    const packed = input.u32();
    if (packed === 0 || packed > input.left || packed > LEGACY_BLOCK + LEGACY_BLOCK / 255 + 16) {
      input.seek(at);
      return;
    }
    output.forget();
    const content = output.block(input.take(packed), false);
    if (content.length > 0) yield content;
  }
}

/** The last 64 KiB and one block: what the copies of the block format reach. */
class Output {
  private readonly bytes: Uint8Array;
  private readonly limit: number;
  private history = 0;

  constructor(limit: number) {
    this.bytes = new Uint8Array(HISTORY + limit);
    this.limit = limit;
  }

  forget(): void {
    this.history = 0;
  }

  /** The content of one block, the receiver's to keep. */
  block(data: Uint8Array, plain: boolean): Uint8Array {
    const end = plain ? this.put(data, this.history) : this.unpack(data);
    const content = this.bytes.slice(this.history, end);
    const kept = Math.min(end, HISTORY);
    this.bytes.copyWithin(0, end - kept, end);
    this.history = kept;
    return content;
  }

  private put(data: Uint8Array, at: number): number {
    if (at + data.length > this.history + this.limit) throw new Corrupt('a block that is larger than the frame says');
    this.bytes.set(data, at);
    return at + data.length;
  }

  /** The lz4 block format: literals, then a copy of `length` bytes from `distance` before. */
  private unpack(data: Uint8Array): number {
    const { bytes } = this;
    const end = this.history + this.limit;
    let out = this.history;
    let at = 0;
    while (at < data.length) {
      const token = data[at++] as number;
      let literals = token >> 4;
      if (literals === 15) for (let more = 255; more === 255; literals += more) more = byteAt(data, at++);
      if (at + literals > data.length) throw new Corrupt('literals that reach past the block');
      out = this.put(data.subarray(at, at + literals), out);
      at += literals;
      if (at === data.length) return out;
      const distance = byteAt(data, at) | (byteAt(data, at + 1) << 8);
      at += 2;
      let length = (token & 15) + 4;
      if ((token & 15) === 15) for (let more = 255; more === 255; length += more) more = byteAt(data, at++);
      if (distance === 0 || distance > out) throw new Corrupt('a copy that reaches before the beginning');
      if (out + length > end) throw new Corrupt('a block that is larger than the frame says');
      if (distance >= length) bytes.copyWithin(out, out - distance, out - distance + length);
      else for (let i = 0; i < length; i++) bytes[out + i] = bytes[out + i - distance] as number;
      out += length;
    }
    return out;
  }
}

function byteAt(data: Uint8Array, at: number): number {
  const byte = data[at];
  if (byte === undefined) throw new Corrupt('a block that ends too early');
  return byte;
}
