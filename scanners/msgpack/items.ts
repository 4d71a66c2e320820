// SPDX-License-Identifier: Apache-2.0
import type { Bytes } from '../io/bytes.ts';
import { type Cursor, EndOfBytes } from '../io/cursor.ts';

/** The head of one msgpack value; the bytes of `text`, `bin` and `ext`, and the items of containers, follow it. */
export type Item =
  | { readonly kind: 'scalar'; readonly value: number | boolean | null }
  | { readonly kind: 'text'; readonly length: number }
  | { readonly kind: 'bin'; readonly length: number }
  | { readonly kind: 'ext'; readonly length: number; readonly type: number }
  | { readonly kind: 'map'; readonly length: number }
  | { readonly kind: 'array'; readonly length: number };

/** A byte that begins no value (0xc1), or a value that is not what its place asks for. */
export class MalformedMsgpack extends Error {
  readonly offset: number;

  constructor(offset: number, message: string) {
    super(message);
    this.name = 'MalformedMsgpack';
    this.offset = offset;
  }
}

const SEEK_BYTES = 1024 * 1024;

/** Reads the values of a msgpack document one after another (github.com/msgpack/msgpack, spec.md). */
export class ItemReader {
  private readonly bytes: Bytes;
  private cursor: Cursor;

  constructor(bytes: Bytes, offset = 0) {
    this.bytes = bytes;
    this.cursor = bytes.cursor(offset);
  }

  get offset(): number {
    return this.cursor.offset;
  }

  async atEnd(): Promise<boolean> {
    return this.cursor.atEnd();
  }

  /** @throws MalformedMsgpack, EndOfBytes */
  async next(): Promise<Item> {
    if (!this.cursor.ready(LONGEST_HEAD)) await this.cursor.fill(LONGEST_HEAD);
    return readItem(this.cursor);
  }

  /** The first `keep` of `length` bytes; all of them are passed over. */
  async take(length: number, keep: number): Promise<Uint8Array> {
    const kept = Math.min(length, keep);
    if (!(await this.cursor.fill(kept))) throw new EndOfBytes(this.bytes.size);
    const bytes = this.cursor.take(kept);
    if (length > kept) await this.skip(length - kept);
    return bytes;
  }

  private async skip(length: number): Promise<void> {
    const end = this.cursor.offset + length;
    if (end > this.bytes.size) throw new EndOfBytes(this.bytes.size);
    // Tensors are passed over without reading them, where that is possible.
    if (length > SEEK_BYTES && this.bytes.random) this.cursor = this.bytes.random.cursor(end);
    else if (!(await this.cursor.skip(length))) throw new EndOfBytes(this.bytes.size);
  }
}

const LONGEST_HEAD = 9;

function readItem(c: Cursor): Item {
  const offset = c.offset;
  const byte = c.u8();
  if (byte <= 0x7f) return { kind: 'scalar', value: byte };
  if (byte <= 0x8f) return { kind: 'map', length: byte & 0x0f };
  if (byte <= 0x9f) return { kind: 'array', length: byte & 0x0f };
  if (byte <= 0xbf) return { kind: 'text', length: byte & 0x1f };
  if (byte >= 0xe0) return { kind: 'scalar', value: byte - 256 };
  const read = HEADS[byte];
  if (read === undefined) throw new MalformedMsgpack(offset, `no value begins with the byte 0x${byte.toString(16)}`);
  return read(c);
}

type ReadHead = (c: Cursor) => Item;

const HEADS: Readonly<Record<number, ReadHead>> = {
  192: () => ({ kind: 'scalar', value: null }),
  194: () => ({ kind: 'scalar', value: false }),
  195: () => ({ kind: 'scalar', value: true }),
  196: (c) => ({ kind: 'bin', length: c.u8() }),
  197: (c) => ({ kind: 'bin', length: u16(c) }),
  198: (c) => ({ kind: 'bin', length: u32(c) }),
  199: (c) => ext(c, c.u8()),
  200: (c) => ext(c, u16(c)),
  201: (c) => ext(c, u32(c)),
  202: (c) => ({ kind: 'scalar', value: viewOf(c, 4).getFloat32(0) }),
  203: (c) => ({ kind: 'scalar', value: c.f64be() }),
  204: (c) => ({ kind: 'scalar', value: c.u8() }),
  205: (c) => ({ kind: 'scalar', value: u16(c) }),
  206: (c) => ({ kind: 'scalar', value: u32(c) }),
  207: (c) => ({ kind: 'scalar', value: Number(viewOf(c, 8).getBigUint64(0)) }),
  208: (c) => ({ kind: 'scalar', value: viewOf(c, 1).getInt8(0) }),
  209: (c) => ({ kind: 'scalar', value: viewOf(c, 2).getInt16(0) }),
  210: (c) => ({ kind: 'scalar', value: viewOf(c, 4).getInt32(0) }),
  211: (c) => ({ kind: 'scalar', value: Number(viewOf(c, 8).getBigInt64(0)) }),
  212: (c) => ext(c, 1),
  213: (c) => ext(c, 2),
  214: (c) => ext(c, 4),
  215: (c) => ext(c, 8),
  216: (c) => ext(c, 16),
  217: (c) => ({ kind: 'text', length: c.u8() }),
  218: (c) => ({ kind: 'text', length: u16(c) }),
  219: (c) => ({ kind: 'text', length: u32(c) }),
  220: (c) => ({ kind: 'array', length: u16(c) }),
  221: (c) => ({ kind: 'array', length: u32(c) }),
  222: (c) => ({ kind: 'map', length: u16(c) }),
  223: (c) => ({ kind: 'map', length: u32(c) }),
};

function ext(c: Cursor, length: number): Item {
  return { kind: 'ext', length, type: viewOf(c, 1).getInt8(0) };
}

function u16(c: Cursor): number {
  return viewOf(c, 2).getUint16(0);
}

function u32(c: Cursor): number {
  return viewOf(c, 4).getUint32(0);
}

/** The numbers of msgpack are big-endian. */
function viewOf(c: Cursor, length: number): DataView {
  const bytes = c.take(length);
  return new DataView(bytes.buffer, bytes.byteOffset, length);
}
