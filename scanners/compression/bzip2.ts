// SPDX-License-Identifier: Apache-2.0
import type { RandomBytes } from '../io/bytes.ts';
import { CHUNK_BYTES, Corrupt, type Decoder, Doubts } from './decoder.ts';
import { Input } from './input.ts';

const BLOCK_HIGH = 0x314159;
const BLOCK_LOW = 0x265359;
const END_HIGH = 0x177245;
const END_LOW = 0x385090;
const GROUP = 50;
const MAX_LENGTH = 20;

/**
 * bzip2: streams of blocks, each Huffman codes over run lengths over move-to-front over a Burrows-Wheeler transform.
 * There is no specification beside the program's own source; randomised blocks, which its writers gave up in 1997, are
 * not read.
 */
export function bzip2(source: RandomBytes): Decoder {
  const input = new Input(source);
  const doubts = new Doubts();
  let end = 0;
  function* chunks(): Generator<Uint8Array> {
    do {
      yield* new Bzip2Stream(input, doubts).content();
      end = input.offset;
    } while (isStream(input.peek(4)));
  }
  return { chunks: chunks(), consumed: () => end || input.offset, doubts };
}

/** `BZh`, the size of a block, and the first block or the end of an empty stream. */
export function isBzip2(head: Uint8Array): boolean {
  if (!isStream(head) || head.length < 10) return false;
  const magic = Buffer.from(head.subarray(4, 10)).toString('hex');
  return magic === '314159265359' || magic === '177245385090';
}

function isStream(head: Uint8Array): boolean {
  const [b, z, h, level = 0] = head;
  return b === 0x42 && z === 0x5a && h === 0x68 && level >= 0x31 && level <= 0x39;
}

class Bzip2Stream {
  private readonly input: Input;
  private readonly doubts: Doubts;
  private buffer = 0;
  private count = 0;

  constructor(input: Input, doubts: Doubts) {
    this.input = input;
    this.doubts = doubts;
  }

  *content(): Generator<Uint8Array> {
    const head = this.input.take(4);
    if (!isStream(head)) throw new Corrupt('no bzip2 header');
    const limit = ((head[3] as number) - 0x30) * 100_000;
    const links = new Uint32Array(limit);
    let combined = 0;
    for (;;) {
      const [high, low] = [this.bits(24), this.bits(24)];
      const crc = this.u32();
      if (high === END_HIGH && low === END_LOW) {
        if (crc !== combined) this.doubts.add('the checksum of a bzip2 stream is wrong');
        return;
      }
      if (high !== BLOCK_HIGH || low !== BLOCK_LOW) throw new Corrupt('neither a block nor the end');
      combined = (((combined << 1) | (combined >>> 31)) ^ crc) >>> 0;
      const found = yield* this.block(links);
      if (found !== crc) this.doubts.add('the checksum of a bzip2 block is wrong');
    }
  }

  private *block(links: Uint32Array): Generator<Uint8Array, number> {
    if (this.bits(1) === 1) throw new Corrupt('a randomised block, which is not read');
    const origin = this.bits(24);
    const length = this.symbols(links);
    if (origin >= length) throw new Corrupt('a block that begins outside itself');
    return yield* unfold(links, links[origin] as number, length);
  }

  /** Huffman, run lengths and move-to-front; leaves the links of the transform and returns how many there are. */
  private symbols(links: Uint32Array): number {
    const order = this.usedBytes();
    const end = order.length + 1;
    const tables = this.bits(3);
    const groups = this.bits(15);
    if (tables < 2 || tables > 6 || groups < 1) throw new Corrupt('no Huffman tables');
    const selectors = this.selectors(tables, groups);
    const codes = Array.from({ length: tables }, () => new Code(this.lengths(end + 1)));
    const counts = new Uint32Array(256);
    let length = 0;
    let run = 0;
    let weight = 1;
    for (let group = 0; group < groups; group++) {
      const code = codes[selectors[group] as number] as Code;
      for (let i = 0; i < GROUP; i++) {
        const symbol = this.symbol(code);
        if (symbol < 2) {
          run += weight << symbol;
          weight <<= 1;
          if (run > links.length) throw new Corrupt('a run that is longer than the block');
          continue;
        }
        if (run > 0) {
          const byte = order[0] as number;
          if (length + run > links.length) throw new Corrupt('a block that is longer than the header says');
          links.fill(byte, length, length + run);
          counts[byte] = (counts[byte] as number) + run;
          length += run;
          run = 0;
          weight = 1;
        }
        if (symbol === end) return link(links, counts, length);
        const byte = order[symbol - 1] as number;
        order.copyWithin(1, 0, symbol - 1);
        order[0] = byte;
        if (length === links.length) throw new Corrupt('a block that is longer than the header says');
        links[length++] = byte;
        counts[byte] = (counts[byte] as number) + 1;
      }
    }
    throw new Corrupt('a block without its end');
  }

  private usedBytes(): Uint8Array {
    const ranges = this.bits(16);
    const used: number[] = [];
    for (let range = 0; range < 16; range++) {
      if ((ranges & (0x8000 >> range)) === 0) continue;
      const bytes = this.bits(16);
      for (let i = 0; i < 16; i++) if ((bytes & (0x8000 >> i)) !== 0) used.push(range * 16 + i);
    }
    if (used.length === 0) throw new Corrupt('a block without symbols');
    return Uint8Array.from(used);
  }

  private selectors(tables: number, groups: number): Uint8Array {
    const order = Uint8Array.from({ length: tables }, (_, i) => i);
    const selectors = new Uint8Array(groups);
    for (let group = 0; group < groups; group++) {
      let place = 0;
      while (this.bits(1) === 1) if (++place >= tables) throw new Corrupt('a table that is not there');
      const table = order[place] as number;
      order.copyWithin(1, 0, place);
      order[0] = table;
      selectors[group] = table;
    }
    return selectors;
  }

  private lengths(symbols: number): Uint8Array {
    const lengths = new Uint8Array(symbols);
    let length = this.bits(5);
    for (let i = 0; i < symbols; i++) {
      for (;;) {
        if (length < 1 || length > MAX_LENGTH) throw new Corrupt('a code of impossible length');
        if (this.bits(1) === 0) break;
        length += this.bits(1) === 0 ? 1 : -1;
      }
      lengths[i] = length;
    }
    return lengths;
  }

  private symbol(code: Code): number {
    let length = code.shortest;
    let value = this.bits(length);
    while (length <= MAX_LENGTH) {
      if (value <= (code.limit[length] as number)) {
        const symbol = code.symbols[value - (code.base[length] as number)];
        if (symbol === undefined) break;
        return symbol;
      }
      value = (value << 1) | this.bits(1);
      length++;
    }
    throw new Corrupt('a code that no table holds');
  }

  /** At most 24 bits, the highest first. */
  private bits(count: number): number {
    while (this.count < count) {
      this.buffer = (this.buffer << 8) | this.input.u8();
      this.count += 8;
    }
    this.count -= count;
    return (this.buffer >>> this.count) & ((1 << count) - 1);
  }

  private u32(): number {
    return ((this.bits(16) << 16) | this.bits(16)) >>> 0;
  }
}

/** A canonical Huffman code: the largest value of each length, and where its symbols are. */
class Code {
  readonly limit = new Int32Array(MAX_LENGTH + 2).fill(-1);
  readonly base = new Int32Array(MAX_LENGTH + 2);
  readonly symbols: Uint16Array;
  readonly shortest: number;

  constructor(lengths: Uint8Array) {
    this.symbols = new Uint16Array(lengths.length);
    this.shortest = Math.min(...lengths);
    let value = 0;
    let place = 0;
    for (let length = 1; length <= MAX_LENGTH; length++) {
      this.base[length] = value - place;
      for (let symbol = 0; symbol < lengths.length; symbol++)
        if (lengths[symbol] === length) {
          this.symbols[place++] = symbol;
          value++;
        }
      this.limit[length] = value - 1;
      value <<= 1;
    }
  }
}

/** Turns the bytes of the last column, one an item, into links from each place to the next. */
function link(links: Uint32Array, counts: Uint32Array, length: number): number {
  let sum = 0;
  for (let byte = 0; byte < 256; byte++) {
    const count = counts[byte] as number;
    counts[byte] = sum;
    sum += count;
  }
  for (let i = 0; i < length; i++) {
    const byte = (links[i] as number) & 0xff;
    const place = counts[byte] as number;
    counts[byte] = place + 1;
    links[place] = (links[place] as number) | (i << 8);
  }
  return length;
}

/** Follows the links, and expands runs: after four equal bytes comes the number of further ones. Returns the CRC. */
function* unfold(links: Uint32Array, first: number, length: number): Generator<Uint8Array, number> {
  let out = new Uint8Array(CHUNK_BYTES + 256);
  let filled = 0;
  let crc = 0xffffffff;
  let entry = first;
  let last = -1;
  let same = 0;
  for (let i = 0; i < length; i++) {
    entry = links[entry >>> 8] as number;
    const byte = entry & 0xff;
    if (same === 4) {
      for (let n = byte; n > 0; n--) {
        out[filled++] = last;
        crc = (crc << 8) ^ (CRC[(crc >>> 24) ^ last] as number);
      }
      same = 0;
      last = -1;
    } else {
      same = byte === last ? same + 1 : 1;
      last = byte;
      out[filled++] = byte;
      crc = (crc << 8) ^ (CRC[(crc >>> 24) ^ byte] as number);
    }
    if (filled >= CHUNK_BYTES) {
      yield out.subarray(0, filled);
      out = new Uint8Array(CHUNK_BYTES + 256);
      filled = 0;
    }
  }
  if (filled > 0) yield out.slice(0, filled);
  return ~crc >>> 0;
}

/** CRC-32 with the highest bit first, unlike everybody else's. */
const CRC = Int32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 24;
  for (let bit = 0; bit < 8; bit++) crc = crc < 0 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  return crc;
});
