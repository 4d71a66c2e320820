// SPDX-License-Identifier: Apache-2.0
import { type Cursor, EndOfBytes } from '../io/cursor.ts';

/** Structure that no reader can go on from. */
export class MalformedGguf extends Error {}

/** Numbers and texts of a GGUF file, in its byte order. Version 1 has lengths and counts of 32 bits. */
export class GgufInput {
  readonly cursor: Cursor;
  readonly size: number;
  bigEndian = false;
  shortCounts = false;

  constructor(cursor: Cursor, size: number) {
    this.cursor = cursor;
    this.size = size;
  }

  /** Enough for a few numbers; what is missing shows when they are taken. */
  async ready(bytes: number): Promise<void> {
    if (!this.cursor.ready(bytes)) await this.cursor.fill(bytes);
  }

  u32(): number {
    const bytes = this.take(4);
    return this.bigEndian ? bytes.getUint32(0, false) : bytes.getUint32(0, true);
  }

  u64(): bigint {
    return this.take(8).getBigUint64(0, !this.bigEndian);
  }

  /** A length or count, which may not ask for more than the file holds at `least` bytes each. */
  count(what: string, least: number): number {
    const count = this.shortCounts ? BigInt(this.u32()) : this.u64();
    if (count * BigInt(least) > BigInt(this.size)) throw new MalformedGguf(`${count} ${what} in ${this.size} bytes`);
    return Number(count);
  }

  /** A text of up to `keep` bytes; `undefined` for a longer one, which is passed over. */
  async text(keep: number): Promise<string | undefined> {
    await this.ready(8);
    const length = this.count('bytes of text', 1);
    if (length > keep) return void (await this.skip(length));
    await this.ready(length);
    return Buffer.from(this.cursor.take(length)).toString('utf8');
  }

  async skip(bytes: number): Promise<void> {
    if (!(await this.cursor.skip(bytes))) throw new EndOfBytes(this.cursor.offset);
  }

  private take(length: number): DataView {
    const bytes = this.cursor.take(length);
    return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
}
