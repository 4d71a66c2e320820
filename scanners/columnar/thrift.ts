// SPDX-License-Identifier: Apache-2.0
import type { Pages } from '../io/pages.ts';

const DEPTH = 32;

/** The bytes are no structure of Thrift's compact protocol. */
export class MalformedThrift extends Error {}

/**
 * Reads Thrift's compact protocol (thrift-compact-protocol.md) forward. Every item takes at least one byte, so that a
 * count that the bytes cannot hold ends at `end`.
 */
export class ThriftReader {
  at: number;
  private readonly end: number;
  private readonly pages: Pages;

  constructor(pages: Pages, at: number, end: number) {
    this.pages = pages;
    this.at = at;
    this.end = end;
  }

  /** Calls `field` with each field; it reads the value, or says false to pass over it. */
  struct(field: (id: number, type: number) => boolean, depth = 0): void {
    if (depth > DEPTH) throw new MalformedThrift('structures are nested too deep');
    let id = 0;
    for (;;) {
      const head = this.byte();
      const type = head & 15;
      if (head === 0) return;
      id = head >> 4 === 0 ? this.integer() : id + (head >> 4);
      if (!field(id, type)) this.skip(type, depth);
    }
  }

  list(item: (type: number) => void): void {
    const head = this.byte();
    const count = head >> 4 === 15 ? this.varint() : head >> 4;
    for (let i = 0; i < count; i++) item(head & 15);
  }

  integer(): number {
    const value = this.varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  binary(): { at: number; length: number } {
    const length = this.varint();
    const at = this.at;
    if (at + length > this.end) throw new MalformedThrift(`${length} bytes at byte ${at}`);
    this.at += length;
    return { at, length };
  }

  skip(type: number, depth = 0): void {
    if (depth > DEPTH) throw new MalformedThrift('structures are nested too deep');
    if (type === 1 || type === 2) return;
    if (type === 3) this.byte();
    else if (type >= 4 && type <= 6) this.varint();
    else if (type === 7) this.advance(8);
    else if (type === 8) this.binary();
    else if (type === 9 || type === 10) this.list((item) => this.skipItem(item, depth + 1));
    else if (type === 12) this.struct(() => false, depth + 1);
    else if (type === 11) this.skipMap(depth + 1);
    else throw new MalformedThrift(`a value of type ${type}`);
  }

  /** A boolean takes a byte of its own in lists and maps. */
  private skipItem(type: number, depth: number): void {
    if (type === 1 || type === 2) this.byte();
    else this.skip(type, depth);
  }

  private skipMap(depth: number): void {
    const count = this.varint();
    const types = count === 0 ? 0 : this.byte();
    for (let i = 0; i < count; i++) {
      this.skipItem(types >> 4, depth);
      this.skipItem(types & 15, depth);
    }
  }

  private byte(): number {
    this.advance(1);
    return this.pages.u8(this.at - 1);
  }

  private varint(): number {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new MalformedThrift(`a number without an end at byte ${this.at}`);
  }

  private advance(length: number): void {
    this.at += length;
    if (this.at > this.end) throw new MalformedThrift(`it ends in the middle of something at byte ${this.end}`);
  }
}
