// SPDX-License-Identifier: Apache-2.0
import type { RandomBytes } from '../io/bytes.ts';
import { Corrupt } from './decoder.ts';

const STEP = 64 * 1024;

/** The compressed bytes in order, for decoders that ask for one at a time. */
export class Input {
  private readonly source: RandomBytes;
  private window: Uint8Array = new Uint8Array(0);
  private at = 0;
  private base = 0;

  constructor(source: RandomBytes, offset = 0) {
    this.source = source;
    this.base = offset;
  }

  get offset(): number {
    return this.base + this.at;
  }

  get left(): number {
    return this.source.size - this.offset;
  }

  u8(): number {
    if (this.at === this.window.length) this.refill();
    return this.window[this.at++] as number;
  }

  u16be(): number {
    return this.u8() * 256 + this.u8();
  }

  u32(): number {
    return (this.u8() | (this.u8() << 8) | (this.u8() << 16) | (this.u8() << 24)) >>> 0;
  }

  u64(): number {
    const low = this.u32();
    const value = low + this.u32() * 0x1_0000_0000;
    if (!Number.isSafeInteger(value)) throw new Corrupt('a number that no file reaches');
    return value;
  }

  /** Exactly `length` bytes, the receiver's to keep. */
  take(length: number): Uint8Array {
    const bytes = this.source.readAt(this.offset, length);
    if (bytes.length < length) throw new Corrupt('the stream ends too early');
    this.seek(this.offset + length);
    return bytes;
  }

  /** At most `length` of the next bytes, not consumed. */
  peek(length: number): Uint8Array {
    return this.source.readAt(this.offset, length);
  }

  seek(offset: number): void {
    const inside = offset - this.base;
    if (inside >= 0 && inside <= this.window.length) {
      this.at = inside;
      return;
    }
    this.base = offset;
    this.at = 0;
    this.window = new Uint8Array(0);
  }

  private refill(): void {
    this.base += this.window.length;
    this.at = 0;
    this.window = this.source.readAt(this.base, STEP);
    if (this.window.length === 0) throw new Corrupt('the stream ends too early');
  }
}
