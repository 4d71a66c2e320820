// SPDX-License-Identifier: Apache-2.0
import type { Bytes } from '../io/bytes.ts';
import { type Cursor, EndOfBytes } from '../io/cursor.ts';
import { HAS_ATTRIBUTES, T } from './types.ts';

/** Something that R's reader does not read, or that nobody writes. */
export class MalformedR extends Error {
  readonly offset: number;

  constructor(offset: number, message: string) {
    super(message);
    this.name = 'MalformedR';
    this.offset = offset;
  }
}

export type Encoding = 'xdr' | 'native' | 'ascii';

/** Of a name: longer ones are told by their beginning. */
const KEEP = 256;
const LONGEST_WORD = 128;
const SEEK_BYTES = 1024 * 1024;

/** Numbers and characters of a stream in one of its three encodings (InInteger, InString, InReal of serialize.c). */
export class RInput {
  encoding: Encoding = 'xdr';
  private readonly bytes: Bytes;
  private cursor: Cursor;

  constructor(bytes: Bytes, offset: number) {
    this.bytes = bytes;
    this.cursor = bytes.cursor(offset);
  }

  get offset(): number {
    return this.cursor.offset;
  }

  async integer(): Promise<number> {
    if (this.encoding === 'ascii') return numberOf(await this.word(), this.offset);
    if (!this.cursor.ready(4)) await this.cursor.fill(4);
    const value = this.cursor.i32();
    return this.encoding === 'native' ? value : swapped(value);
  }

  /** A length, which is two numbers where it does not fit one (ReadLENGTH). */
  async length(): Promise<number> {
    const { offset } = this;
    const length = await this.integer();
    if (length >= 0) return length;
    const [high, low] = length === -1 ? [await this.integer(), await this.integer()] : [-1, 0];
    if (high < 0 || high > 65_536) throw new MalformedR(offset, 'a length below zero');
    return high * 0x1_0000_0000 + (low >>> 0);
  }

  /** The first `keep` of `length` bytes of characters. */
  async characters(length: number, keep = KEEP): Promise<string> {
    if (this.encoding === 'ascii') return this.escaped(length, keep);
    const kept = Math.min(length, keep);
    if (!(await this.cursor.fill(kept))) throw new EndOfBytes(this.bytes.size);
    const text = Buffer.from(this.cursor.take(kept)).toString('latin1');
    if (length > kept) await this.skipBytes(length - kept);
    return text;
  }

  /** An item that must be characters; `undefined` for a missing text. */
  async charactersItem(): Promise<string | undefined> {
    const { offset } = this;
    const flags = await this.integer();
    if ((flags & 0xff) !== T.CHARACTERS) throw new MalformedR(offset, 'something else where characters belong');
    if (flags & HAS_ATTRIBUTES) throw new MalformedR(offset, 'characters with attributes');
    return this.charactersAfterFlags();
  }

  async charactersAfterFlags(): Promise<string | undefined> {
    const { offset } = this;
    const length = await this.integer();
    if (length < -1) throw new MalformedR(offset, 'a length below zero');
    return length < 0 ? undefined : this.characters(length);
  }

  /** A length that is one number. */
  async shortLength(): Promise<number> {
    const { offset } = this;
    const length = await this.integer();
    if (length < 0) throw new MalformedR(offset, 'a length below zero');
    return length;
  }

  /** The first bytes of a raw vector, which are words of two digits in a text stream. */
  async rawStart(length: number): Promise<Uint8Array> {
    if (this.encoding !== 'ascii') return Buffer.from(await this.characters(length, length), 'latin1');
    const bytes = new Uint8Array(length);
    for (let i = 0; i < length; i++) bytes[i] = Number.parseInt(await this.word(), 16);
    return bytes;
  }

  /** Pass over the items of a vector; complex numbers are two words each. */
  async skipItems(count: number, itemBytes: number): Promise<void> {
    if (this.encoding !== 'ascii') return this.skipBytes(count * itemBytes);
    for (let left = itemBytes === 16 ? 2 * count : count; left > 0; left--) await this.word();
  }

  async skipSpace(): Promise<void> {
    while ((await this.cursor.fill(1)) && isSpace(this.cursor.lookAt(1)[0])) this.cursor.u8();
  }

  async atEnd(): Promise<boolean> {
    return this.cursor.atEnd();
  }

  private async skipBytes(length: number): Promise<void> {
    const end = this.offset + length;
    // The size of a compressed member is an announcement alone; a cursor finds its end by itself.
    if (this.bytes.random && end > this.bytes.size) throw new EndOfBytes(this.bytes.size);
    if (length > SEEK_BYTES && this.bytes.random) this.cursor = this.bytes.random.cursor(end);
    else if (!(await this.cursor.skip(length))) throw new EndOfBytes(this.offset);
  }

  private async word(): Promise<string> {
    await this.skipSpace();
    if (!this.cursor.ready(LONGEST_WORD)) await this.cursor.fill(LONGEST_WORD);
    const ahead = this.cursor.lookAt(LONGEST_WORD);
    const end = ahead.findIndex((byte) => isSpace(byte));
    const length = end < 0 ? ahead.length : end;
    if (length === 0) throw new EndOfBytes(this.offset);
    if (length === LONGEST_WORD) throw new MalformedR(this.offset, 'a word without end');
    return Buffer.from(this.cursor.take(length)).toString('latin1');
  }

  private async escaped(length: number, keep: number): Promise<string> {
    if (length > 0) await this.skipSpace();
    let text = '';
    for (let i = 0; i < length; i++) {
      const char = await this.escapedByte();
      if (i < keep) text += String.fromCharCode(char);
    }
    return text;
  }

  private async escapedByte(): Promise<number> {
    if (!this.cursor.ready(4)) await this.cursor.fill(4);
    const byte = this.cursor.u8();
    if (byte !== BACKSLASH) return byte;
    const next = this.cursor.u8();
    if (!isOctal(next)) return ESCAPES[String.fromCharCode(next)] ?? next;
    let value = next - ZERO;
    for (let i = 1; i < 3 && isOctal(this.cursor.lookAt(1)[0]); i++) value = value * 8 + this.cursor.u8() - ZERO;
    return value & 0xff;
  }
}

const BACKSLASH = 0x5c;
const ZERO = 0x30;
const ESCAPES: Readonly<Record<string, number>> = { n: 10, t: 9, v: 11, b: 8, r: 13, f: 12, a: 7 };

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || (byte !== undefined && byte >= 9 && byte <= 13);
}

function isOctal(byte: number | undefined): boolean {
  return byte !== undefined && byte >= ZERO && byte < ZERO + 8;
}

function numberOf(word: string, offset: number): number {
  if (word === 'NA') return -0x8000_0000;
  if (!/^[-+]?\d{1,10}$/.test(word)) throw new MalformedR(offset, 'a word where a number belongs');
  return Number(word) | 0;
}

function swapped(value: number): number {
  return ((value & 0xff) << 24) | ((value & 0xff00) << 8) | ((value >>> 8) & 0xff00) | (value >>> 24);
}
