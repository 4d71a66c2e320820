// SPDX-License-Identifier: Apache-2.0
import { type Cursor, EndOfBytes } from '../io/cursor.ts';

/** The wire types of the encoding (protobuf.dev, "Encoding"). Groups (3 and 4) are refused: no model format has them. */
export const VARINT = 0;
export const FIXED64 = 1;
export const LENGTH = 2;
export const FIXED32 = 5;

/** A tag and a varint together take no more than this many bytes. */
export const RECORD_BYTES = 20;

/** The bytes are no wire format. */
export class MalformedProtobuf extends Error {
  readonly offset: number;

  constructor(offset: number, message: string) {
    super(message);
    this.name = 'MalformedProtobuf';
    this.offset = offset;
  }
}

export interface Tag {
  readonly field: number;
  readonly wire: number;
}

/** Field number and wire type. The caller has filled the cursor with {@link RECORD_BYTES}, as far as there are any. */
export function readTag(c: Cursor): Tag {
  const offset = c.offset;
  const tag = readVarint(c);
  if (tag < 8 || tag > 0xffff_ffff) throw new MalformedProtobuf(offset, 'a field number that no message can have');
  const wire = tag % 8;
  if (wire === 3 || wire === 4) throw new MalformedProtobuf(offset, 'a group, which no model format has');
  if (wire > FIXED32) throw new MalformedProtobuf(offset, `wire type ${wire} does not exist`);
  return { field: Math.floor(tag / 8), wire };
}

/**
 * A varint as a signed 64-bit number, as int32, int64, bool and enum fields are written; beyond 2^53 the last digits are
 * lost, which no field that is looked at needs.
 */
export function readVarint(c: Cursor): number {
  const first = c.u8();
  if (first < 0x80) return first;
  let low = first & 0x7f;
  let high = 0;
  for (let i = 1; i < 10; i++) {
    const byte = c.u8();
    const bits = byte & 0x7f;
    if (i < 4) low += bits * 2 ** (7 * i);
    else if (i === 4) {
      low += (bits & 0x0f) * 2 ** 28;
      high += bits >> 4;
    } else high += i === 9 ? (bits & 1) * 2 ** 31 : bits * 2 ** (7 * i - 32);
    if (byte < 0x80) return high >= 2 ** 31 ? (high - 2 ** 32) * 2 ** 32 + low : high * 2 ** 32 + low;
  }
  throw new MalformedProtobuf(c.offset, 'a varint of more than ten bytes');
}

/** @throws EndOfBytes */
export async function passOver(c: Cursor, length: number): Promise<void> {
  if (!(await c.skip(length))) throw new EndOfBytes(c.offset);
}
