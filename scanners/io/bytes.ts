// SPDX-License-Identifier: Apache-2.0
import { readSync } from 'node:fs';
import { Cursor } from './cursor.ts';

/** Bytes of a file, or of one member of it, read where they are needed and never all at once. */
export interface Bytes {
  readonly size: number;
  /** A cursor that reads forward from `offset`. */
  cursor(offset?: number): Cursor;
  /** The first bytes, at most {@link HEAD_BYTES} of them. */
  head(): Uint8Array;
  /** Random access, where there is any: a large compressed member can only be read forward. */
  readonly random: RandomBytes | undefined;
}

/** What a cursor reads from: the next bytes, `undefined` at the end. May be asynchronous (decompression). */
export type NextChunk = () => Uint8Array | undefined | Promise<Uint8Array | undefined>;

export const HEAD_BYTES = 64 * 1024;
const CHUNK_BYTES = 256 * 1024;

/** Random access to a region: of a descriptor, or of bytes in memory. */
export class RandomBytes implements Bytes {
  readonly size: number;
  private readonly read: (offset: number, length: number) => Uint8Array;

  private constructor(size: number, read: (offset: number, length: number) => Uint8Array) {
    this.size = size;
    this.read = read;
  }

  static ofDescriptor(fd: number, size: number): RandomBytes {
    return new RandomBytes(size, (offset, length) => readFully(fd, offset, length));
  }

  static ofMemory(bytes: Uint8Array): RandomBytes {
    return new RandomBytes(bytes.length, (offset, length) => bytes.subarray(offset, offset + length));
  }

  get random(): RandomBytes {
    return this;
  }

  /** At most `length` bytes; fewer only where the region ends. */
  readAt(offset: number, length: number): Uint8Array {
    if (offset < 0 || offset >= this.size) return new Uint8Array(0);
    return this.read(offset, Math.min(length, this.size - offset));
  }

  slice(offset: number, length: number): RandomBytes {
    const start = Math.min(Math.max(0, offset), this.size);
    return new RandomBytes(Math.min(Math.max(0, length), this.size - start), (at, n) => this.read(start + at, n));
  }

  /** The same region with zeros before `end`: for an archive behind something else whose offsets count from the start. */
  blankBefore(end: number): RandomBytes {
    return new RandomBytes(this.size, (at, n) => {
      const bytes = Buffer.from(this.read(at, n));
      return at < end ? bytes.fill(0, 0, Math.min(n, end - at)) : bytes;
    });
  }

  cursor(offset = 0): Cursor {
    let at = offset;
    return new Cursor(() => {
      const chunk = this.readAt(at, CHUNK_BYTES);
      at += chunk.length;
      return chunk.length === 0 ? undefined : chunk;
    }, offset);
  }

  head(): Uint8Array {
    return this.readAt(0, HEAD_BYTES);
  }
}

function readFully(fd: number, offset: number, length: number): Uint8Array {
  const buffer = Buffer.allocUnsafe(length);
  let filled = 0;
  while (filled < length) {
    const got = readSync(fd, buffer, filled, length - filled, offset + filled);
    // The parent said how long the file is; a shorter one changed under us, and no verdict may come of it.
    if (got === 0) throw new Error(`the file ends at byte ${offset + filled}, before its length says`);
    filled += got;
  }
  return buffer;
}
