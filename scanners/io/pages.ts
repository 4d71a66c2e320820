// SPDX-License-Identifier: Apache-2.0
import type { RandomBytes } from './bytes.ts';

const PAGE_BYTES = 64 * 1024;
const PAGES = 64;

/**
 * Little-endian numbers at any place of a region, through a few pages that are kept: formats that are made of offsets
 * jump about, and one read of the descriptor a number would be slow. Beyond the end everything reads as zero; who needs
 * to know compares with `size` first.
 */
export class Pages {
  readonly size: number;
  private readonly bytes: RandomBytes;
  private readonly pages = new Map<number, DataView>();
  private lastNumber = -1;
  private last: DataView = new DataView(new ArrayBuffer(0));

  constructor(bytes: RandomBytes) {
    this.bytes = bytes;
    this.size = bytes.size;
  }

  u8(at: number): number {
    const number = Math.floor(at / PAGE_BYTES);
    const view = number === this.lastNumber ? this.last : this.page(number);
    const within = at - number * PAGE_BYTES;
    return within < view.byteLength ? view.getUint8(within) : 0;
  }

  u16(at: number): number {
    return this.u8(at) | (this.u8(at + 1) << 8);
  }

  u32(at: number): number {
    const number = Math.floor(at / PAGE_BYTES);
    const view = number === this.lastNumber ? this.last : this.page(number);
    const within = at - number * PAGE_BYTES;
    if (within + 4 <= view.byteLength) return view.getUint32(within, true);
    return (this.u16(at) | (this.u16(at + 2) << 16)) >>> 0;
  }

  i32(at: number): number {
    return this.u32(at) | 0;
  }

  /** A number that is too large to be exact stays too large to be a place in any file. */
  u64(at: number): number {
    return this.u32(at) + this.u32(at + 4) * 2 ** 32;
  }

  /** A copy of at most `length` bytes. */
  take(at: number, length: number): Uint8Array {
    return this.bytes.readAt(at, length);
  }

  private page(number: number): DataView {
    let page = this.pages.get(number);
    if (page === undefined) {
      const bytes = this.bytes.readAt(number * PAGE_BYTES, PAGE_BYTES);
      page = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      if (this.pages.size >= PAGES) this.pages.delete(this.pages.keys().next().value ?? 0);
      this.pages.set(number, page);
    }
    this.lastNumber = number;
    this.last = page;
    return page;
  }
}
