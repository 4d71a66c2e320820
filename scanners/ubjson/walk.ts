// SPDX-License-Identifier: Apache-2.0
import { within } from '../budgets.ts';
import type { Bytes } from '../io/bytes.ts';
import { type Cursor, EndOfBytes } from '../io/cursor.ts';
import type { JsonLevel, JsonListener, JsonPlace } from '../json/walk.ts';

/** A marker that begins no value, or a length that the document can not have. */
export class MalformedUbjson extends Error {
  readonly offset: number;

  constructor(offset: number, message: string) {
    super(message);
    this.name = 'MalformedUbjson';
    this.offset = offset;
  }
}

/** What the walker tells beside the values: where texts and arrays of bytes lie. */
export interface UbjsonListener extends JsonListener {
  region(place: JsonPlace, kind: 'text' | 'bytes', start: Uint8Array, at: Region): void;
}

export interface Region {
  readonly offset: number;
  readonly length: number;
}

/** `left` is how many items a counted container still has, `type` the marker that all of them share. */
interface Level extends JsonLevel {
  left: number | undefined;
  readonly type: string | undefined;
  atKey: boolean;
}

type Scalar = number | boolean | null;

const KEY_BYTES = 4096;
const START_BYTES = 1024;
const SEEK_BYTES = 1024 * 1024;
const SIZES: Readonly<Record<string, number>> = {
  Z: 0,
  T: 0,
  F: 0,
  N: 0,
  i: 1,
  U: 1,
  C: 1,
  I: 2,
  l: 4,
  d: 4,
  L: 8,
  D: 8,
};
const LENGTH_MARKERS = 'iUIlL';
const MARKERS = 'ZTFiUCIldLDHS[{';

/**
 * Universal Binary JSON, draft 12 (ubjson.org): one value with everything in it, told to a listener of JSON. Strongly
 * typed arrays of numbers are passed over.
 */
export class UbjsonWalker implements JsonPlace {
  readonly levels: Level[] = [];
  private readonly bytes: Bytes;
  private readonly listener: UbjsonListener;
  private cursor: Cursor;
  private items = 0;

  constructor(bytes: Bytes, listener: UbjsonListener) {
    this.bytes = bytes;
    this.listener = listener;
    this.cursor = bytes.cursor();
  }

  get offset(): number {
    return this.cursor.offset;
  }

  /** @throws MalformedUbjson, EndOfBytes, BudgetHit */
  async walk(): Promise<void> {
    do {
      within('values', ++this.items);
      await this.ready(LONGEST_HEAD);
      const level = this.levels.at(-1);
      if (level?.left === 0) this.close();
      else if (level?.atKey) await this.key(level);
      else await this.value(level);
    } while (this.levels.length > 0);
  }

  private async ready(length: number): Promise<void> {
    if (!this.cursor.ready(length)) await this.cursor.fill(length);
  }

  private marker(): string {
    return String.fromCharCode(this.cursor.u8());
  }

  private async key(level: Level): Promise<void> {
    const offset = this.offset;
    const marker = this.marker();
    if (marker === 'N') return;
    if (marker === '}' && level.left === undefined) return this.close();
    const length = this.length(marker, offset);
    const name = await this.take(length, Math.min(length, KEY_BYTES));
    level.key = length > KEY_BYTES ? '(long key)' : Buffer.from(name).toString('utf8');
    level.atKey = false;
  }

  private async value(level: Level | undefined): Promise<void> {
    const offset = this.offset;
    const marker = level?.type ?? this.marker();
    if (marker === 'N' && level?.type === undefined) return this.unlessFirst(offset);
    if (marker === ']' && level?.kind === 'array' && level.left === undefined) return this.close();
    if (marker === '{' || marker === '[') return this.open(marker);
    if (marker === 'S' || marker === 'H') await this.text(marker);
    else this.listener.scalar(this, this.scalar(marker, offset));
    this.finish();
  }

  /** A document that begins with no-ops is none that anybody writes. */
  private unlessFirst(offset: number): void {
    if (this.levels.length === 0) throw new MalformedUbjson(offset, 'the document begins with no value');
  }

  private async text(marker: string): Promise<void> {
    await this.ready(LONGEST_HEAD);
    const length = this.length(this.marker(), this.offset);
    const at = { offset: this.offset, length };
    const wanted = marker === 'H' ? 0 : this.listener.keep(this);
    const kept = await this.take(length, Math.min(length, Math.max(START_BYTES, wanted)));
    this.listener.region(this, 'text', kept.subarray(0, START_BYTES), at);
    this.listener.scalar(this, length > wanted ? undefined : Buffer.from(kept).toString('utf8'));
  }

  private async open(marker: '{' | '['): Promise<void> {
    await this.ready(LONGEST_HEAD);
    const kind = marker === '{' ? 'object' : 'array';
    const { type, count } = this.header();
    this.listener.open(this, kind);
    this.levels.push({ kind, key: '', index: 0, left: count, type, atKey: kind === 'object' });
    within('jsonDepth', this.levels.length);
    const size = SIZES[type ?? ''];
    if (kind === 'array' && size !== undefined && count !== undefined) await this.numbers(size, count);
  }

  /** `$` and a type, `#` and a count; a type without a count is an error. */
  private header(): { type: string | undefined; count: number | undefined } {
    const offset = this.offset;
    const type = this.next('$') ? this.marker() : undefined;
    if (type !== undefined && !MARKERS.includes(type)) throw new MalformedUbjson(offset, 'items of an unknown type');
    if (this.next('#')) return { type, count: this.length(this.marker(), this.offset) };
    if (type !== undefined) throw new MalformedUbjson(offset, 'a type without a count');
    return { type, count: undefined };
  }

  private next(wanted: string): boolean {
    if (this.cursor.lookAt(1)[0] !== wanted.charCodeAt(0)) return false;
    this.cursor.u8();
    return true;
  }

  private async numbers(size: number, count: number): Promise<void> {
    const at = { offset: this.offset, length: size * count };
    const start = await this.take(at.length, Math.min(at.length, START_BYTES));
    if (size === 1) this.listener.region(this, 'bytes', start, at);
    const level = this.levels.at(-1);
    if (level) level.left = 0;
  }

  private scalar(marker: string, offset: number): Scalar {
    const read = SCALARS[marker];
    if (read === undefined) throw new MalformedUbjson(offset, `no value begins with the byte 0x${hex(marker)}`);
    return read(viewOf(this.cursor, SIZES[marker] ?? 0));
  }

  /** @throws MalformedUbjson when the length is negative or beyond the end */
  private length(marker: string, offset: number): number {
    const length = LENGTH_MARKERS.includes(marker) ? this.scalar(marker, offset) : undefined;
    if (typeof length !== 'number') throw new MalformedUbjson(offset, 'a length that is no whole number');
    if (length < 0 || length > this.bytes.size) throw new MalformedUbjson(offset, `a length of ${length}`);
    return length;
  }

  private close(): void {
    this.levels.pop();
    this.listener.close(this);
    this.finish();
  }

  private finish(): void {
    const level = this.levels.at(-1);
    if (level === undefined) return;
    if (level.left !== undefined) level.left--;
    if (level.kind === 'object') level.atKey = true;
    else level.index++;
  }

  /** The first `kept` of `length` bytes; all of them are passed over. */
  private async take(length: number, kept: number): Promise<Uint8Array> {
    if (!(await this.cursor.fill(kept))) throw new EndOfBytes(this.bytes.size);
    const bytes = this.cursor.take(kept);
    const end = this.offset + length - kept;
    if (end > this.bytes.size) throw new EndOfBytes(this.bytes.size);
    if (length - kept > SEEK_BYTES && this.bytes.random) this.cursor = this.bytes.random.cursor(end);
    else if (!(await this.cursor.skip(length - kept))) throw new EndOfBytes(this.bytes.size);
    return bytes;
  }
}

/** A marker, `$`, a type, `#`, and a length of nine bytes. */
const LONGEST_HEAD = 13;

/** Numbers are big-endian. */
const SCALARS: Readonly<Record<string, (view: DataView) => Scalar>> = {
  Z: () => null,
  T: () => true,
  F: () => false,
  i: (view) => view.getInt8(0),
  U: (view) => view.getUint8(0),
  C: (view) => view.getUint8(0),
  I: (view) => view.getInt16(0),
  l: (view) => view.getInt32(0),
  L: (view) => Number(view.getBigInt64(0)),
  d: (view) => view.getFloat32(0),
  D: (view) => view.getFloat64(0),
};

function viewOf(cursor: Cursor, length: number): DataView {
  const bytes = cursor.take(length);
  return new DataView(bytes.buffer, bytes.byteOffset, length);
}

function hex(marker: string): string {
  return marker.charCodeAt(0).toString(16).padStart(2, '0');
}
