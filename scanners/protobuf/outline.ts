// SPDX-License-Identifier: Apache-2.0
import type { RandomBytes } from '../io/bytes.ts';
import { EndOfBytes } from '../io/cursor.ts';
import { FIXED64, LENGTH, MalformedProtobuf, RECORD_BYTES, readTag, readVarint, VARINT } from './wire.ts';

/** What one level of a message holds: for each field number its wire type, how often, and where the first one is. */
export interface Outline {
  readonly fields: ReadonlyMap<number, OutlineField>;
}

export interface OutlineField {
  readonly wire: number;
  /** Field numbers that come with more than one wire type are no field of any schema. */
  readonly mixed: boolean;
  readonly count: number;
  /** The content of the first one, without its length. */
  readonly start: number;
  readonly length: number;
}

/** A head of one level is enough to recognise a message; all of it must still end where the bytes end. */
const MAX_FIELDS = 4_000_000;

/** The outline of these bytes, or `undefined` when they are no message that ends where they end. */
export async function outline(bytes: RandomBytes, limit = MAX_FIELDS): Promise<Outline | undefined> {
  try {
    return { fields: await readOutline(bytes, limit) };
  } catch (error) {
    if (error instanceof MalformedProtobuf || error instanceof EndOfBytes) return undefined;
    throw error;
  }
}

async function readOutline(bytes: RandomBytes, limit: number): Promise<Map<number, OutlineField>> {
  const fields = new Map<number, OutlineField>();
  let c = bytes.cursor();
  for (let count = 0; c.offset < bytes.size; count++) {
    if (count >= limit) throw new MalformedProtobuf(c.offset, 'more fields than are counted');
    if (c.available < RECORD_BYTES) await c.fill(RECORD_BYTES);
    const { field, wire } = readTag(c);
    const at = c.offset;
    let length = wire === FIXED64 ? 8 : 4;
    if (wire === VARINT) {
      readVarint(c);
      length = c.offset - at;
    } else {
      if (wire === LENGTH) length = readVarint(c);
      if (length < 0 || c.offset + length > bytes.size) throw new EndOfBytes(bytes.size);
    }
    const start = wire === VARINT ? at : c.offset;
    note(fields, field, wire, start, length);
    if (wire === VARINT) continue;
    if (length > c.available) c = bytes.cursor(c.offset + length);
    else c.take(length);
  }
  return fields;
}

function note(fields: Map<number, OutlineField>, field: number, wire: number, start: number, length: number): void {
  const before = fields.get(field);
  if (before === undefined) fields.set(field, { wire, mixed: false, count: 1, start, length });
  else fields.set(field, { ...before, count: before.count + 1, mixed: before.mixed || before.wire !== wire });
}
