// SPDX-License-Identifier: Apache-2.0
import { CHUNK_BYTES, Corrupt } from './decoder.ts';
import type { Input } from './input.ts';

const FAST = 10;
const ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
const LENGTH_BITS = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
const LENGTH_BASE = starts(LENGTH_BITS, 3).with(28, 258);
const DISTANCE_BITS = Array.from({ length: 32 }, (_, i) => Math.max(0, (i >> 1) - 1));
const DISTANCE_BASE = starts(DISTANCE_BITS, 1);

/**
 * RFC 1951, and deflate64 (which reaches back 64 KiB, has two more distance codes, and lengths of 16 more bits). Node's
 * own is faster; this one gives everything that comes before the break of a broken stream, as a loader gets it.
 */
export class Inflate {
  private readonly input: Input;
  private readonly wide: boolean;
  private readonly window: number;
  private readonly out: Uint8Array;
  private filled = 0;
  private flushed = 0;
  private hold = 0;
  private count = 0;

  constructor(input: Input, wide = false) {
    this.input = input;
    this.wide = wide;
    this.window = wide ? 65_536 : 32_768;
    this.out = new Uint8Array(this.window + CHUNK_BYTES + 66_000);
  }

  /** Whole bytes that the stream used; the bits of the last one are used up. */
  get offset(): number {
    return this.input.offset - (this.count >> 3);
  }

  *content(): Generator<Uint8Array> {
    try {
      for (let last = false; !last; ) {
        last = this.bits(1) === 1;
        const kind = this.bits(2);
        if (kind === 0) yield* this.stored();
        else if (kind === 3) throw new Corrupt('a block of no known kind');
        else yield* this.coded(kind === 1 ? fixedCodes() : this.dynamicCodes());
      }
    } finally {
      // What came before the break counts: a loader has acted on it already.
      if (this.filled > this.flushed) yield this.flush();
    }
  }

  private *stored(): Generator<Uint8Array> {
    this.bits(this.count & 7);
    let length = this.bits(16);
    if (this.bits(16) !== (~length & 0xffff)) throw new Corrupt('a stored block with two lengths');
    for (; length > 0; length--) {
      this.out[this.filled++] = this.bits(8);
      if (this.isFull()) yield this.flush();
    }
  }

  private *coded({ literals, distances }: Codes): Generator<Uint8Array> {
    const { out } = this;
    for (;;) {
      const symbol = this.symbol(literals);
      if (symbol < 256) out[this.filled++] = symbol;
      else if (symbol === 256) return;
      else this.copy(symbol - 257, distances);
      if (this.isFull()) yield this.flush();
    }
  }

  private copy(code: number, distances: Code): void {
    if (code > 28) throw new Corrupt('a length of no known code');
    const isLong = this.wide && code === 28;
    const length = isLong ? 3 + this.bits(16) : (LENGTH_BASE[code] as number) + this.bits(LENGTH_BITS[code] as number);
    const place = this.symbol(distances);
    if (place > (this.wide ? 31 : 29)) throw new Corrupt('a distance of no known code');
    const distance = (DISTANCE_BASE[place] as number) + this.bits(DISTANCE_BITS[place] as number);
    if (distance > this.filled) throw new Corrupt('a copy that reaches before the beginning');
    const { out } = this;
    let at = this.filled;
    for (const end = at + length; at < end; at++) out[at] = out[at - distance] as number;
    this.filled = at;
  }

  private dynamicCodes(): Codes {
    const literals = this.bits(5) + 257;
    const distances = this.bits(5) + 1;
    const count = this.bits(4) + 4;
    const own = new Uint8Array(19);
    for (let i = 0; i < count; i++) own[ORDER[i] as number] = this.bits(3);
    const code = new Code(own);
    const lengths = new Uint8Array(literals + distances);
    for (let i = 0; i < lengths.length; ) {
      const symbol = this.symbol(code);
      if (symbol < 16) {
        lengths[i++] = symbol;
        continue;
      }
      if (symbol === 16 && i === 0) throw new Corrupt('a repeated length with none before');
      const value = symbol === 16 ? (lengths[i - 1] as number) : 0;
      const times = symbol === 16 ? 3 + this.bits(2) : symbol === 17 ? 3 + this.bits(3) : 11 + this.bits(7);
      if (i + times > lengths.length) throw new Corrupt('more lengths than symbols');
      lengths.fill(value, i, i + times);
      i += times;
    }
    return { literals: new Code(lengths.subarray(0, literals)), distances: new Code(lengths.subarray(literals)) };
  }

  private symbol(code: Code): number {
    while (this.count < FAST && this.input.left > 0) this.more();
    const entry = code.fast[this.hold & ((1 << FAST) - 1)] as number;
    const length = entry & 15;
    if (length === 0 || length > this.count) return this.slowSymbol(code);
    this.hold >>>= length;
    this.count -= length;
    return entry >> 4;
  }

  /** Bit by bit, for long codes and for the last bits. */
  private slowSymbol(code: Code): number {
    let value = 0;
    let first = 0;
    let place = 0;
    for (let length = 1; length <= 15; length++) {
      value |= this.bits(1);
      const count = code.counts[length] as number;
      if (value - first < count) return code.symbols[place + value - first] as number;
      place += count;
      first = (first + count) << 1;
      value <<= 1;
    }
    throw new Corrupt('a code that no table holds');
  }

  /** At most 16 bits, the lowest first. */
  private bits(count: number): number {
    while (this.count < count) this.more();
    const value = this.hold & ((1 << count) - 1);
    this.hold >>>= count;
    this.count -= count;
    return value;
  }

  private more(): void {
    this.hold |= this.input.u8() << this.count;
    this.count += 8;
  }

  private isFull(): boolean {
    return this.filled >= this.window + CHUNK_BYTES;
  }

  /** What is new, as a copy; the window stays. */
  private flush(): Uint8Array {
    const chunk = this.out.slice(this.flushed, this.filled);
    const kept = Math.min(this.filled, this.window);
    this.out.copyWithin(0, this.filled - kept, this.filled);
    this.filled = this.flushed = kept;
    return chunk;
  }
}

interface Codes {
  readonly literals: Code;
  readonly distances: Code;
}

/** RFC 1951 3.2.2: a canonical Huffman code, with a table for its short codes. */
class Code {
  readonly fast = new Uint16Array(1 << FAST);
  readonly counts = new Uint16Array(16);
  readonly symbols: Uint16Array;

  constructor(lengths: Uint8Array) {
    this.symbols = new Uint16Array(lengths.length);
    for (const length of lengths) this.counts[length] = (this.counts[length] as number) + 1;
    this.counts[0] = 0;
    const places = new Uint16Array(17);
    const codes = new Uint16Array(17);
    let room = 1;
    for (let length = 1; length <= 15; length++) {
      const count = this.counts[length] as number;
      room = room * 2 - count;
      if (room < 0) throw new Corrupt('more codes than fit their lengths');
      places[length + 1] = (places[length] as number) + count;
      codes[length + 1] = ((codes[length] as number) + count) << 1;
    }
    for (const [symbol, length] of lengths.entries()) {
      if (length === 0) continue;
      const place = places[length] as number;
      places[length] = place + 1;
      this.symbols[place] = symbol;
      const code = codes[length] as number;
      codes[length] = code + 1;
      if (length <= FAST) this.enter(reversed(code, length), length, symbol);
    }
  }

  private enter(code: number, length: number, symbol: number): void {
    for (let i = code; i < 1 << FAST; i += 1 << length) this.fast[i] = (symbol << 4) | length;
  }
}

function reversed(code: number, length: number): number {
  let result = 0;
  for (let i = 0; i < length; i++) result |= ((code >> i) & 1) << (length - 1 - i);
  return result;
}

/** 3.2.6 */
function fixedCodes(): Codes {
  const lengths = new Uint8Array(288).fill(8).fill(9, 144, 256).fill(7, 256, 280);
  return { literals: new Code(lengths), distances: new Code(new Uint8Array(32).fill(5)) };
}

function starts(bits: readonly number[], first: number): number[] {
  let next = first;
  return bits.map((count) => {
    next += 2 ** count;
    return next - 2 ** count;
  });
}
