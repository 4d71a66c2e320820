// SPDX-License-Identifier: Apache-2.0
import { crc32 } from 'node:zlib';
import type { RandomBytes } from '../io/bytes.ts';
import { xzCheck, xzCheckSize } from './checks.ts';
import { Corrupt, type Decoder, Doubts } from './decoder.ts';
import { Input } from './input.ts';
import { lzma2 } from './lzma2.ts';
import { delta, x86 } from './xz-filters.ts';

const MAGIC = [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00];
const LZMA2 = 0x21;

/** The .xz file format 1.2: streams with padding between them; a stream is blocks, an index and a footer. */
export function xz(source: RandomBytes): Decoder {
  const input = new Input(source);
  const doubts = new Doubts();
  let end = 0;
  function* chunks(): Generator<Uint8Array> {
    do {
      yield* stream(input, doubts);
      end = afterPadding(input);
    } while (isXz(input.peek(6)));
  }
  return { chunks: chunks(), consumed: () => end || input.offset, doubts };
}

function isXz(head: Uint8Array): boolean {
  return MAGIC.every((byte, i) => head[i] === byte);
}

/** 2.2: zeros, a multiple of four of them. Returns where the stream with its padding ends. */
function afterPadding(input: Input): number {
  const start = input.offset;
  let at = start;
  while (input.left >= 4 && input.u32() === 0) at += 4;
  input.seek(at);
  return at;
}

interface Block {
  /** Without the padding, with the check: as the index says it. */
  readonly unpadded: number;
  readonly size: number;
}

function* stream(input: Input, doubts: Doubts): Generator<Uint8Array> {
  if (!isXz(input.take(6))) throw new Corrupt('no xz header');
  const flags = input.take(2);
  const check = flags[1] as number;
  if (flags[0] !== 0 || check > 15) throw new Corrupt('stream flags that are not defined');
  if (crc32(flags) !== input.u32()) doubts.add('the checksum of the stream header is wrong');
  if (check !== 0 && xzCheck(check) === undefined) doubts.add(`check ${check} is not known`);
  const blocks: Block[] = [];
  for (let head = input.u8(); head !== 0; head = input.u8()) blocks.push(yield* block(input, head, check, doubts));
  readIndex(input, blocks, flags, doubts);
}

/** 3: header, data, padding, check. */
function* block(input: Input, headSize: number, check: number, doubts: Doubts): Generator<Uint8Array, Block> {
  const start = input.offset - 1;
  const { filters, packed, size } = blockHeader(input, headSize, doubts);
  const dataStart = input.offset;
  const sum = xzCheck(check);
  let produced = 0;
  for (const chunk of filtered(input, filters)) {
    sum?.update(chunk);
    produced += chunk.length;
    yield chunk;
  }
  const dataSize = input.offset - dataStart;
  if ((packed ?? dataSize) !== dataSize || (size ?? produced) !== produced)
    doubts.add('a block of another size than its header says');
  const padding = -dataSize & 3;
  if (input.take(padding).some((byte) => byte !== 0)) doubts.add('the padding of a block is not zero');
  const stored = input.take(xzCheckSize(check));
  if (sum && Buffer.compare(sum.value(), stored) !== 0) doubts.add('the checksum of a block is wrong');
  return { unpadded: input.offset - start - padding, size: produced };
}

interface Filter {
  readonly id: number;
  readonly properties: Uint8Array;
}

interface BlockHeader {
  readonly filters: readonly Filter[];
  readonly packed: number | undefined;
  readonly size: number | undefined;
}

function blockHeader(input: Input, headSize: number, doubts: Doubts): BlockHeader {
  const end = input.offset - 1 + (headSize + 1) * 4;
  const head = Buffer.concat([Uint8Array.of(headSize), input.peek(headSize * 4 + 3)]);
  if (head.length < headSize * 4 + 4) throw new Corrupt('the stream ends too early');
  if (crc32(head.subarray(0, -4)) !== head.readUInt32LE(head.length - 4))
    doubts.add('the checksum of a block header is wrong');
  const flags = input.u8();
  if ((flags & 0x3c) !== 0) throw new Corrupt('block flags that are not defined');
  const packed = (flags & 0x40) !== 0 ? vli(input) : undefined;
  const size = (flags & 0x80) !== 0 ? vli(input) : undefined;
  const filters: Filter[] = [];
  for (let i = 0; i <= (flags & 3); i++) {
    const id = vli(input);
    const length = vli(input);
    if (length > 1024) throw new Corrupt('filter properties of impossible length');
    filters.push({ id, properties: input.take(length) });
  }
  if (input.offset > end - 4) throw new Corrupt('a block header that is longer than it says');
  if (input.take(end - 4 - input.offset).some((byte) => byte !== 0)) doubts.add('the padding of a header is not zero');
  input.seek(end);
  return { filters, packed, size };
}

/** The last filter reads the data; those before it follow in the other order. */
function filtered(input: Input, filters: readonly Filter[]): Iterable<Uint8Array> {
  const last = filters.at(-1);
  if (last?.id !== LZMA2 || last.properties.length !== 1) throw new Corrupt('a block that does not end in LZMA2');
  let content: Iterable<Uint8Array> = lzma2(input, dictionarySize(last.properties[0] as number));
  for (const { id, properties } of filters.slice(0, -1).reverse()) {
    if (id === 3 && properties.length === 1) content = delta(content, (properties[0] as number) + 1);
    else if (id === 4 && (properties.length === 0 || isZero(properties))) content = x86(content);
    else throw new Corrupt(`filter ${id} is not read`);
  }
  return content;
}

/** 5.3.1: two bits of mantissa, the rest exponent. */
function dictionarySize(bits: number): number {
  if (bits > 40) throw new Corrupt('a dictionary of impossible size');
  return bits === 40 ? 0xffffffff : (2 | (bits & 1)) * 2 ** ((bits >> 1) + 11);
}

/** 4 and 2.1.2: the index repeats the blocks' sizes, the footer the index's and the flags. */
function readIndex(input: Input, blocks: readonly Block[], flags: Uint8Array, doubts: Doubts): void {
  const start = input.offset - 1;
  const count = vli(input);
  if (count !== blocks.length) throw new Corrupt(`${blocks.length} blocks, and an index of ${count}`);
  for (const { unpadded, size } of blocks)
    if (vli(input) !== unpadded || vli(input) !== size) doubts.add('the index has another size of a block');
  const padding = -(input.offset - start) & 3;
  if (input.take(padding).some((byte) => byte !== 0)) doubts.add('the padding of the index is not zero');
  input.take(4);
  const indexSize = input.offset - start;
  const footer = Buffer.from(input.take(12));
  if (footer.toString('latin1', 10) !== 'YZ') throw new Corrupt('no xz footer');
  if (
    crc32(footer.subarray(4, 10)) !== footer.readUInt32LE(0) ||
    (footer.readUInt32LE(4) + 1) * 4 !== indexSize ||
    Buffer.compare(footer.subarray(8, 10), flags) !== 0
  )
    doubts.add('the footer of the stream says something else');
}

/** 1.2: seven bits a byte, the lowest first. */
function vli(input: Input): number {
  let value = 0;
  for (let i = 0; i < 9; i++) {
    const byte = input.u8();
    value += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) {
      if (!Number.isSafeInteger(value)) break;
      return value;
    }
  }
  throw new Corrupt('a number that no file reaches');
}

function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}
