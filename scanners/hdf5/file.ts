// SPDX-License-Identifier: Apache-2.0
import type { RandomBytes } from '../io/bytes.ts';

/** The file breaks the HDF5 File Format Specification here. Caught for each object; a problem of the facts. */
export class MalformedHdf5 extends Error {
  readonly offset: number;

  constructor(offset: number, message: string) {
    super(message);
    this.name = 'MalformedHdf5';
    this.offset = offset;
  }
}

/** One structure's bytes, read field by field; a field that the structure is too short for is malformed. */
export class Fields {
  readonly bytes: Uint8Array;
  /** Where the first byte is in the file, for messages. */
  readonly start: number;
  at = 0;
  private readonly view: DataView;
  private readonly sizes: Sizes;

  constructor(bytes: Uint8Array, start: number, sizes: Sizes) {
    this.bytes = bytes;
    this.start = start;
    this.sizes = sizes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get left(): number {
    return this.bytes.length - this.at;
  }

  u8(): number {
    return this.uint(1);
  }

  u16(): number {
    return this.uint(2);
  }

  u32(): number {
    return this.uint(4);
  }

  /** A little-endian number of 1 to 8 bytes. Above 2^53 nothing in a file can be meant. */
  uint(width: number): number {
    this.need(width);
    let value = 0;
    for (let i = width - 1; i >= 0; i--) value = value * 256 + this.view.getUint8(this.at + i);
    this.at += width;
    if (value > Number.MAX_SAFE_INTEGER && width < 9) return Number.POSITIVE_INFINITY;
    return value;
  }

  /** "Size of Lengths" bytes; all ones is unlimited or unknown. */
  length(): number {
    return this.uint(this.sizes.lengths);
  }

  /** "Size of Offsets" bytes; `undefined` is the undefined address, all ones. */
  address(): number | undefined {
    this.need(this.sizes.offsets);
    const isUndefined = this.bytes.subarray(this.at, this.at + this.sizes.offsets).every((byte) => byte === 0xff);
    const value = this.uint(this.sizes.offsets);
    return isUndefined ? undefined : value;
  }

  take(length: number): Uint8Array {
    this.need(length);
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  skip(length: number): void {
    this.take(length);
  }

  /** A text up to its NUL, which is consumed. */
  text(): string {
    const end = this.bytes.indexOf(0, this.at);
    if (end < 0) throw this.broken('a text has no end');
    const text = Buffer.from(this.take(end - this.at)).toString('utf8');
    this.at++;
    return text;
  }

  signature(expected: string): void {
    const found = Buffer.from(this.take(4)).toString('latin1');
    if (found !== expected) throw new MalformedHdf5(this.start, `no ${expected} block is here`);
  }

  broken(message: string): MalformedHdf5 {
    return new MalformedHdf5(this.start + this.at, message);
  }

  private need(length: number): void {
    if (!(length <= this.left)) throw this.broken('a structure is longer than its place');
  }
}

export interface Sizes {
  readonly offsets: number;
  readonly lengths: number;
}

/** No structure of metadata is longer: header chunks, heaps and index nodes are kilobytes. */
const STRUCTURE_BYTES = 64 * 1024 * 1024;

/** The file as addresses see it: they count from the superblock. Remembers which bytes anything has claimed. */
export class Hdf5File {
  readonly bytes: RandomBytes;
  readonly base: number;
  readonly sizes: Sizes;
  /** Pairs of start and end in the file, in the order they were claimed. */
  readonly extents: number[] = [];

  constructor(bytes: RandomBytes, base: number, sizes: Sizes) {
    this.bytes = bytes;
    this.base = base;
    this.sizes = sizes;
  }

  /** Metadata at an address, which is claimed. */
  fields(address: number | undefined, length: number): Fields {
    return this.peek(address, length, true);
  }

  /** The same without a claim, for those who look first how long it is. */
  peek(address: number | undefined, length: number, claim = false): Fields {
    if (address === undefined) throw new MalformedHdf5(this.base, 'an address is undefined where one is needed');
    const start = this.base + address;
    if (!(start + length <= this.bytes.size) || length > STRUCTURE_BYTES)
      throw new MalformedHdf5(start, `${length} bytes are announced, and the file ends before`);
    if (claim) this.claim(address, length);
    return new Fields(this.bytes.readAt(start, length), start, this.sizes);
  }

  claim(address: number, length: number): void {
    if (length > 0) this.extents.push(this.base + address, this.base + address + length);
  }
}
