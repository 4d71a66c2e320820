// SPDX-License-Identifier: Apache-2.0
import { within } from '../budgets.ts';
import { Corrupt } from './decoder.ts';
import type { Input } from './input.ts';

/** Where each group of probabilities begins (LZMA specification, "The main loop of decoder"). */
const IS_MATCH = 0;
const IS_REP = 192;
const IS_REP_G0 = 204;
const IS_REP_G1 = 216;
const IS_REP_G2 = 228;
const IS_REP0_LONG = 240;
const POS_SLOT = 432;
const POS_SPECIAL = 688;
const ALIGN = 816;
const LENGTH = 832;
const REP_LENGTH = 1346;
const LITERAL = 1860;
const EVEN = 1024;
/** What one call of {@link Lzma.decode} may be asked for: the window always holds it in full. */
export const DECODE_BYTES = 64 * 1024;

export interface LzmaProperties {
  readonly lc: number;
  readonly lp: number;
  readonly pb: number;
}

/** The byte `(pb * 5 + lp) * 9 + lc`. */
export function lzmaProperties(byte: number): LzmaProperties | undefined {
  if (byte >= 225) return undefined;
  return { lc: byte % 9, lp: Math.floor(byte / 9) % 5, pb: Math.floor(byte / 45) };
}

/** LZMA over a window: what .lzma files, zip members and the chunks of LZMA2 have in common. */
export class Lzma {
  private readonly input: Input;
  private readonly window: Uint8Array;
  private place = 0;
  /** Bytes in the window that a distance may reach. */
  private reachable = 0;
  /** Bytes since the window was reset: positions count from there. */
  private total = 0;
  private probs = new Uint16Array(0);
  private current: LzmaProperties = { lc: 0, lp: 0, pb: 0 };
  private lc = 0;
  private lpMask = 0;
  private pbMask = 0;
  private range = 0;
  private code = 0;
  private state = 0;
  private rep0 = 0;
  private rep1 = 0;
  private rep2 = 0;
  private rep3 = 0;
  /** What is left of a match that did not fit into the last call. */
  private pending = 0;
  private broken: Corrupt | undefined;
  ended = false;

  /** @throws BudgetHit when the dictionary is larger than anybody needs */
  constructor(input: Input, dictionary: number) {
    within('dictionaryBytes', dictionary);
    this.input = input;
    this.window = new Uint8Array(Math.max(dictionary, DECODE_BYTES));
  }

  get finished(): boolean {
    return this.code === 0;
  }

  /** A match reaches over the end of what was asked for. */
  get open(): boolean {
    return this.pending > 0;
  }

  get properties(): LzmaProperties {
    return this.current;
  }

  resetWindow(): void {
    this.reachable = 0;
    this.total = 0;
    this.pending = 0;
  }

  resetState(properties: LzmaProperties): void {
    const { lc, lp, pb } = properties;
    this.current = properties;
    const size = LITERAL + (0x300 << (lc + lp));
    if (this.probs.length !== size) this.probs = new Uint16Array(size);
    this.probs.fill(EVEN);
    this.lc = lc;
    this.lpMask = (1 << lp) - 1;
    this.pbMask = (1 << pb) - 1;
    this.state = this.rep0 = this.rep1 = this.rep2 = this.rep3 = 0;
    this.pending = 0;
  }

  /** The range coder's first five bytes, of which the first is zero. */
  startRange(): void {
    if (this.input.u8() !== 0) throw new Corrupt('no LZMA data');
    this.code = 0;
    for (let i = 0; i < 4; i++) this.code = (this.code << 8) | this.input.u8();
    this.range = -1;
  }

  /** Bytes that are no LZMA, put into the window all the same. */
  put(bytes: Uint8Array): void {
    for (const byte of bytes) this.emit(byte);
  }

  /**
   * At most `limit` (up to {@link DECODE_BYTES}) bytes; fewer only at the end marker, or before a break: what came
   * before it counts, because a loader has acted on it already. The call after that throws.
   */
  decode(limit: number): Uint8Array {
    if (this.broken !== undefined) throw this.broken;
    const start = this.total;
    try {
      this.run(start + limit);
    } catch (error) {
      if (!(error instanceof Corrupt) || this.total === start) throw error;
      this.broken = error;
    }
    return this.last(this.total - start);
  }

  private run(end: number): void {
    this.copyMatch(end - this.total);
    while (this.total < end && !this.ended) {
      const position = this.total & this.pbMask;
      if (this.bit(IS_MATCH + (this.state << 4) + position) === 0) this.literal();
      else if (this.match(position)) this.copyMatch(end - this.total);
    }
  }

  private last(count: number): Uint8Array {
    const start = this.place - count;
    if (start >= 0) return this.window.slice(start, this.place);
    const bytes = new Uint8Array(count);
    bytes.set(this.window.subarray(this.window.length + start));
    bytes.set(this.window.subarray(0, this.place), -start);
    return bytes;
  }

  private literal(): void {
    const { window } = this;
    const previous = this.total === 0 ? 0 : (window[(this.place || window.length) - 1] as number);
    const base = LITERAL + 0x300 * (((this.total & this.lpMask) << this.lc) + (previous >> (8 - this.lc)));
    let symbol = 1;
    if (this.state >= 7) {
      let match = this.back(this.rep0);
      do {
        const expected = (match >> 7) & 1;
        match <<= 1;
        const bit = this.bit(base + ((1 + expected) << 8) + symbol);
        symbol = (symbol << 1) | bit;
        if (bit !== expected) break;
      } while (symbol < 0x100);
    }
    while (symbol < 0x100) symbol = (symbol << 1) | this.bit(base + symbol);
    this.emit(symbol & 0xff);
    this.state = this.state < 4 ? 0 : this.state < 10 ? this.state - 3 : this.state - 6;
  }

  /** Sets `rep0` and `pending`. False at the end marker. */
  private match(position: number): boolean {
    const { state } = this;
    if (this.bit(IS_REP + state) === 0) {
      this.rep3 = this.rep2;
      this.rep2 = this.rep1;
      this.rep1 = this.rep0;
      this.pending = this.length(LENGTH, position);
      this.state = state < 7 ? 7 : 10;
      this.rep0 = this.distance(Math.min(this.pending - 2, 3));
      if (this.rep0 === 0xffffffff) {
        this.ended = true;
        this.pending = 0;
        return false;
      }
    } else if (this.repeated(state, position)) {
      this.pending = 1;
      this.state = state < 7 ? 9 : 11;
    } else {
      this.pending = this.length(REP_LENGTH, position);
      this.state = state < 7 ? 8 : 11;
    }
    if (this.rep0 >= this.reachable) throw new Corrupt('a match that reaches before the beginning');
    return true;
  }

  /** One of the last four distances comes to the front. True: for a single byte. */
  private repeated(state: number, position: number): boolean {
    if (this.bit(IS_REP_G0 + state) === 0) return this.bit(IS_REP0_LONG + (state << 4) + position) === 0;
    let distance = this.rep1;
    if (this.bit(IS_REP_G1 + state) !== 0) {
      distance = this.rep2;
      if (this.bit(IS_REP_G2 + state) !== 0) {
        distance = this.rep3;
        this.rep3 = this.rep2;
      }
      this.rep2 = this.rep1;
    }
    this.rep1 = this.rep0;
    this.rep0 = distance;
    return false;
  }

  private length(base: number, position: number): number {
    if (this.bit(base) === 0) return 2 + this.tree(base + 2 + (position << 3), 3);
    if (this.bit(base + 1) === 0) return 10 + this.tree(base + 130 + (position << 3), 3);
    return 18 + this.tree(base + 258, 8);
  }

  private distance(lengthState: number): number {
    const slot = this.tree(POS_SLOT + (lengthState << 6), 6);
    if (slot < 4) return slot;
    const count = (slot >> 1) - 1;
    const high = ((2 | (slot & 1)) << count) >>> 0;
    if (slot < 14) return high + this.reversed(POS_SPECIAL + high - slot, count);
    return high + this.direct(count - 4) * 16 + this.reversed(ALIGN, 4);
  }

  private tree(base: number, count: number): number {
    let value = 1;
    for (let i = 0; i < count; i++) value = (value << 1) | this.bit(base + value);
    return value - (1 << count);
  }

  private reversed(base: number, count: number): number {
    let value = 1;
    let result = 0;
    for (let i = 0; i < count; i++) {
      const bit = this.bit(base + value);
      value = (value << 1) | bit;
      result |= bit << i;
    }
    return result;
  }

  private direct(count: number): number {
    let result = 0;
    for (let i = 0; i < count; i++) {
      this.range >>>= 1;
      this.code = (this.code - this.range) | 0;
      const below = this.code >> 31;
      this.code = (this.code + (this.range & below)) | 0;
      result = ((result << 1) | (below + 1)) >>> 0;
      if ((this.range & 0xff000000) === 0) this.normalise();
    }
    return result;
  }

  /** Range and code are unsigned, held as signed: flipping the highest bit compares them. */
  private bit(index: number): number {
    const probability = this.probs[index] as number;
    const bound = Math.imul(this.range >>> 11, probability);
    let bit = 0;
    if ((this.code ^ 0x80000000) < (bound ^ 0x80000000)) {
      this.range = bound;
      this.probs[index] = probability + ((2048 - probability) >> 5);
    } else {
      this.range = (this.range - bound) | 0;
      this.code = (this.code - bound) | 0;
      this.probs[index] = probability - (probability >> 5);
      bit = 1;
    }
    if ((this.range & 0xff000000) === 0) this.normalise();
    return bit;
  }

  private normalise(): void {
    this.range <<= 8;
    this.code = (this.code << 8) | this.input.u8();
  }

  private back(distance: number): number {
    if (distance >= this.reachable) throw new Corrupt('a match that reaches before the beginning');
    const at = this.place - distance - 1;
    return this.window[at < 0 ? at + this.window.length : at] as number;
  }

  private copyMatch(limit: number): void {
    const count = Math.min(this.pending, limit);
    if (count === 0) return;
    const { window } = this;
    let from = this.place - this.rep0 - 1;
    if (from < 0) from += window.length;
    for (let i = 0; i < count; i++) {
      window[this.place++] = window[from++] as number;
      if (this.place === window.length) this.place = 0;
      if (from === window.length) from = 0;
    }
    this.total += count;
    this.reachable = Math.min(this.reachable + count, window.length);
    this.pending -= count;
  }

  private emit(byte: number): void {
    this.window[this.place++] = byte;
    if (this.place === this.window.length) this.place = 0;
    this.total++;
    if (this.reachable < this.window.length) this.reachable++;
  }
}
