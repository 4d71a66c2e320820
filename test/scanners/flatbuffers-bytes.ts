// SPDX-License-Identifier: Apache-2.0
import type { FieldType, Schema } from '#scanners/flatbuffers/schema.ts';

/** A field's value by name. A union is `{type, value}`; a struct is bytes; a vector of small numbers may be bytes. */
export type Value = number | bigint | string | Uint8Array | readonly Value[] | Fields | Union;
export interface Fields {
  readonly [field: string]: Value;
}
interface Union {
  readonly type: string;
  readonly value: Fields;
}

/** A flatbuffer written front to back: each table behind its vtable, and what it refers to behind both. */
export function flatbuffer(schema: Schema, root: string, fields: Fields, identifier: string): Buffer {
  const writer = new Writer(schema);
  writer.bytes.writeUInt32LE(0);
  writer.bytes = Buffer.concat([writer.bytes, Buffer.from(identifier, 'latin1')]);
  writer.refer(0, () => writer.table(root, fields));
  return writer.bytes;
}

class Writer {
  bytes = Buffer.alloc(4);
  private readonly schema: Schema;

  constructor(schema: Schema) {
    this.schema = schema;
  }

  /** Point the offset at `place` to what is written next. */
  refer(place: number, write: () => number): void {
    const target = write();
    this.bytes.writeUInt32LE(target - place, place);
  }

  table(name: string, fields: Fields): number {
    const types = this.schema.tables.get(name) ?? [];
    const present = Object.entries(fields).map(([field, value]) => {
      const slot = this.schema.slots.get(`${name}.${field}`);
      if (slot === undefined) throw new Error(`${name} has no field ${field}`);
      return { slot, type: types[slot] as FieldType, value };
    });
    const slots: number[] = [];
    let inline = 4;
    for (const { slot, type } of present) {
      if (type.kind === 'union') slots[slot - 1] = inline;
      inline += type.kind === 'union' ? 8 : 0;
      inline = Math.ceil(inline / 8) * 8;
      slots[slot] = inline;
      inline += type.kind === 'scalar' || type.kind === 'struct' ? type.bytes : 4;
    }
    this.align(8);
    const vtable = this.grow(Math.ceil((4 + slots.length * 2) / 8) * 8);
    const length = 4 + slots.length * 2;
    const at = this.grow(inline);
    this.bytes.writeUInt16LE(length, vtable);
    this.bytes.writeUInt16LE(inline, vtable + 2);
    for (const [slot, offset] of slots.entries()) this.bytes.writeUInt16LE(offset ?? 0, vtable + 4 + slot * 2);
    this.bytes.writeInt32LE(at - vtable, at);
    for (const { slot, type, value } of present) {
      if (type.kind !== 'union') this.put(type, at + (slots[slot] ?? 0), value);
      else this.union(type.name, at + (slots[slot - 1] ?? 0), at + (slots[slot] ?? 0), value as Union);
    }
    return at;
  }

  private union(name: string, typeAt: number, at: number, { type, value }: Union): void {
    this.bytes.writeUInt8((this.schema.unions.get(name) ?? []).indexOf(type) + 1, typeAt);
    this.refer(at, () => this.table(type, value));
  }

  private put(type: FieldType, at: number, value: Value): void {
    if (type.kind === 'scalar') this.number(at, type.bytes, value as number | bigint);
    else if (type.kind === 'struct') this.bytes.set(value as Uint8Array, at);
    else if (type.kind === 'string') this.refer(at, () => this.text(value as string));
    else if (type.kind === 'table') this.refer(at, () => this.table(type.name, value as Fields));
    else if (type.kind === 'vector')
      this.refer(at, () => this.vector(type.item, value as readonly Value[] | Uint8Array));
  }

  private text(value: string): number {
    const bytes = Buffer.from(value);
    this.align(4);
    const at = this.grow(4 + bytes.length + 1);
    this.bytes.writeUInt32LE(bytes.length, at);
    bytes.copy(this.bytes, at + 4);
    return at;
  }

  private vector(item: FieldType, values: readonly Value[] | Uint8Array): number {
    this.align(4);
    const width = item.kind === 'scalar' || item.kind === 'struct' ? item.bytes : 4;
    const at = this.grow(4 + values.length * width);
    this.bytes.writeUInt32LE(values.length, at);
    values.forEach((value: Value, i: number) => {
      this.put(item, at + 4 + i * width, value);
    });
    return at;
  }

  private number(at: number, width: number, value: number | bigint): void {
    if (width === 8) this.bytes.writeBigInt64LE(BigInt.asIntN(64, BigInt(value)), at);
    else if (width === 4) this.bytes.writeInt32LE(Number(value) | 0, at);
    else if (width === 2) this.bytes.writeInt16LE((Number(value) << 16) >> 16, at);
    else this.bytes.writeUInt8(Number(value) & 0xff, at);
  }

  private align(width: number): void {
    this.grow((width - (this.bytes.length % width)) % width);
  }

  private grow(length: number): number {
    const at = this.bytes.length;
    this.bytes = Buffer.concat([this.bytes, Buffer.alloc(length)]);
    return at;
  }
}
