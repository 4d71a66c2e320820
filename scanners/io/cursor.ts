// SPDX-License-Identifier: Apache-2.0
import type { NextChunk } from './bytes.ts';

/**
 * Reads forward through a bounded window. `fill` makes bytes available and is the only asynchronous step; the readers
 * after it are plain and fast. A reader that asks for more than is available throws {@link EndOfBytes}.
 */
export class Cursor {
  private window: Uint8Array = new Uint8Array(0);
  private view: DataView = new DataView(new ArrayBuffer(0));
  private at = 0;
  private base: number;
  private ended = false;
  private readonly next: NextChunk;

  constructor(next: NextChunk, offset = 0) {
    this.next = next;
    this.base = offset;
  }

  /** Where the next byte is, counted from the start of the bytes. */
  get offset(): number {
    return this.base + this.at;
  }

  get available(): number {
    return this.window.length - this.at;
  }

  /** True when `length` bytes can be had without waiting, or no more will ever come. */
  ready(length: number): boolean {
    return this.ended || this.available >= length;
  }

  /** Make `length` bytes available. False: the bytes end before, and what is left is available. */
  async fill(length: number): Promise<boolean> {
    if (this.available >= length) return true;
    const parts: Uint8Array[] = this.available > 0 ? [this.window.subarray(this.at)] : [];
    let total = this.available;
    while (total < length && !this.ended) {
      const chunk = await this.next();
      if (chunk === undefined) this.ended = true;
      else {
        parts.push(chunk);
        total += chunk.length;
      }
    }
    this.base += this.at;
    this.at = 0;
    this.window = parts.length === 1 ? (parts[0] ?? new Uint8Array(0)) : Buffer.concat(parts);
    this.view = new DataView(this.window.buffer, this.window.byteOffset, this.window.byteLength);
    return total >= length;
  }

  async atEnd(): Promise<boolean> {
    return !(await this.fill(1));
  }

  /** Pass over `length` bytes without keeping them. False: the bytes end before. */
  async skip(length: number): Promise<boolean> {
    let left = length;
    while (left > this.available) {
      left -= this.available;
      this.at = this.window.length;
      if (!(await this.fill(1))) return false;
    }
    this.at += left;
    return true;
  }

  /** What is available now, consumed; empty at the end. For those who read everything. */
  async chunk(): Promise<Uint8Array> {
    await this.fill(1);
    return this.take(this.available);
  }

  /** At most `length` of the available bytes, not consumed. */
  lookAt(length: number): Uint8Array {
    return this.window.subarray(this.at, Math.min(this.at + length, this.window.length));
  }

  take(length: number): Uint8Array {
    this.need(length);
    const bytes = this.window.subarray(this.at, this.at + length);
    this.at += length;
    return bytes;
  }

  u8(): number {
    this.need(1);
    return this.view.getUint8(this.at++);
  }

  u16(): number {
    this.need(2);
    this.at += 2;
    return this.view.getUint16(this.at - 2, true);
  }

  u32(): number {
    this.need(4);
    this.at += 4;
    return this.view.getUint32(this.at - 4, true);
  }

  i32(): number {
    this.need(4);
    this.at += 4;
    return this.view.getInt32(this.at - 4, true);
  }

  f64be(): number {
    this.need(8);
    this.at += 8;
    return this.view.getFloat64(this.at - 8, false);
  }

  u64(): bigint {
    this.need(8);
    this.at += 8;
    return this.view.getBigUint64(this.at - 8, true);
  }

  /** The distance to the next `byte` among the available ones, or -1. */
  find(byte: number): number {
    const found = this.window.indexOf(byte, this.at);
    return found < 0 ? -1 : found - this.at;
  }

  private need(length: number): void {
    if (length > this.available) throw new EndOfBytes(this.offset + this.available);
  }
}

/** The bytes ended where more were expected. */
export class EndOfBytes extends Error {
  readonly offset: number;

  constructor(offset: number) {
    super(`the bytes end at ${offset}, in the middle of something`);
    this.name = 'EndOfBytes';
    this.offset = offset;
  }
}
