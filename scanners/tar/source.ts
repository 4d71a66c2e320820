// SPDX-License-Identifier: Apache-2.0
import { BUDGETS } from '../budgets.ts';
import { type Bytes, RandomBytes } from '../io/bytes.ts';
import type { Cursor } from '../io/cursor.ts';
import { ForwardPart } from '../io/forward.ts';

/** An archive read from its beginning to its end, one piece after another. */
export interface Source {
  readonly at: number;
  /** The next bytes, the receiver's to keep; fewer where the archive ends. */
  take(length: number): Promise<Uint8Array>;
  /** The next bytes as a member; they are not passed by that. Fewer where the archive ends. */
  part(length: number): Promise<Bytes>;
  /** False: the archive ends before. */
  skip(length: number): Promise<boolean>;
}

export function sourceOf(bytes: Bytes): Source {
  return bytes.random ? new RandomSource(bytes.random) : new ForwardSource(bytes);
}

class RandomSource implements Source {
  at = 0;
  private readonly bytes: RandomBytes;

  constructor(bytes: RandomBytes) {
    this.bytes = bytes;
  }

  async take(length: number): Promise<Uint8Array> {
    const taken = this.bytes.readAt(this.at, length);
    this.at += taken.length;
    return taken;
  }

  async part(length: number): Promise<Bytes> {
    return this.bytes.slice(this.at, length);
  }

  async skip(length: number): Promise<boolean> {
    this.at = Math.min(this.at + length, this.bytes.size);
    return this.at < this.bytes.size;
  }
}

/** A decompressor's output: members are held while they are small, and unpacked again where they are not. */
class ForwardSource implements Source {
  private readonly bytes: Bytes;
  private readonly cursor: Cursor;

  constructor(bytes: Bytes) {
    this.bytes = bytes;
    this.cursor = bytes.cursor();
  }

  get at(): number {
    return this.cursor.offset;
  }

  async take(length: number): Promise<Uint8Array> {
    await this.cursor.fill(length);
    const taken = Buffer.from(this.cursor.lookAt(length));
    await this.cursor.skip(taken.length);
    return taken;
  }

  async part(length: number): Promise<Bytes> {
    const size = Math.min(length, this.bytes.size - this.at);
    if (size > BUDGETS.heldBytes) return ForwardPart.here(this.bytes, this.cursor, size);
    await this.cursor.fill(size);
    return RandomBytes.ofMemory(Buffer.from(this.cursor.lookAt(size)));
  }

  async skip(length: number): Promise<boolean> {
    return this.cursor.skip(length);
  }
}
