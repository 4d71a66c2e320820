// SPDX-License-Identifier: Apache-2.0
import type { Spending } from '../budgets.ts';
import type { Pages } from '../io/pages.ts';
import type { Schema } from './schema.ts';

const TEXT_BYTES = 4096;

/** What the tables of one buffer share. */
export interface Buffer {
  readonly pages: Pages;
  readonly schema: Schema;
  readonly spending: Spending;
}

/**
 * One table of a verified buffer, its fields by name. Reads outside of the bytes give zero, so that a buffer with
 * problems may be read too. Walking the items of a vector is paid for: several tables may share one long vector.
 */
export class Table {
  private readonly buffer: Buffer;
  private readonly type: string;
  readonly at: number;
  private readonly vtable: number;
  private readonly slots: number;

  constructor(buffer: Buffer, type: string, at: number) {
    this.buffer = buffer;
    this.type = type;
    this.at = at;
    this.vtable = at - buffer.pages.i32(at);
    this.slots = this.vtable < 0 ? 0 : (buffer.pages.u16(this.vtable) - 4) / 2;
  }

  static root(buffer: Buffer, type: string, start = 0): Table {
    return new Table(buffer, type, start + buffer.pages.u32(start));
  }

  has(field: string): boolean {
    return this.place(field) !== undefined;
  }

  u8(field: string): number {
    const at = this.place(field);
    return at === undefined ? 0 : this.buffer.pages.u8(at);
  }

  u32(field: string): number {
    const at = this.place(field);
    return at === undefined ? 0 : this.buffer.pages.u32(at);
  }

  i32(field: string): number {
    return this.u32(field) | 0;
  }

  u64(field: string): number {
    const at = this.place(field);
    return at === undefined ? 0 : this.buffer.pages.u64(at);
  }

  /** A text, cut at 4 KiB. */
  text(field: string): string {
    const at = this.place(field);
    return at === undefined ? '' : this.textAt(at);
  }

  texts(field: string): string[] {
    return [...this.items(field, 4)].map((at) => this.textAt(at));
  }

  table(field: string): Table | undefined {
    const at = this.place(field);
    const type = this.fieldType(field);
    if (at === undefined || type?.kind !== 'table') return undefined;
    return new Table(this.buffer, type.name, at + this.buffer.pages.u32(at));
  }

  union(field: string): { readonly type: string; readonly table: Table } | undefined {
    const slot = this.slotOf(field);
    const type = this.fieldType(field);
    const at = this.placeOf(slot);
    const numberAt = this.placeOf(slot - 1);
    if (at === undefined || numberAt === undefined || type?.kind !== 'union') return undefined;
    const name = this.buffer.schema.unions.get(type.name)?.[this.buffer.pages.u8(numberAt) - 1];
    if (name === undefined) return undefined;
    return { type: name, table: new Table(this.buffer, name, at + this.buffer.pages.u32(at)) };
  }

  *tables(field: string): Generator<Table> {
    const type = this.fieldType(field);
    if (type?.kind !== 'vector' || type.item.kind !== 'table') return;
    for (const at of this.items(field, 4)) yield new Table(this.buffer, type.item.name, at + this.buffer.pages.u32(at));
  }

  /** Places of the items of a vector. */
  *items(field: string, itemBytes: number): Generator<number> {
    const vector = this.vector(field, itemBytes);
    this.buffer.spending.spend('flatbufferItems', vector.length);
    for (let i = 0; i < vector.length; i++) yield vector.at + i * itemBytes;
  }

  *numbers(field: string): Generator<number> {
    for (const at of this.items(field, 4)) yield this.buffer.pages.i32(at);
  }

  /** Where the first item is, and how many there are. */
  vector(field: string, itemBytes: number): { readonly at: number; readonly length: number } {
    const place = this.place(field);
    if (place === undefined) return { at: 0, length: 0 };
    const at = place + this.buffer.pages.u32(place);
    const fit = Math.max(0, Math.floor((this.buffer.pages.size - at - 4) / itemBytes));
    return { at: at + 4, length: Math.min(this.buffer.pages.u32(at), fit) };
  }

  private textAt(at: number): string {
    const start = at + this.buffer.pages.u32(at);
    const length = this.buffer.pages.u32(start);
    return new TextDecoder().decode(this.buffer.pages.take(start + 4, Math.min(length, TEXT_BYTES)));
  }

  private place(field: string): number | undefined {
    return this.placeOf(this.slotOf(field));
  }

  private placeOf(slot: number): number | undefined {
    if (slot < 0 || slot >= this.slots) return undefined;
    const offset = this.buffer.pages.u16(this.vtable + 4 + slot * 2);
    return offset === 0 ? undefined : this.at + offset;
  }

  private slotOf(field: string): number {
    return this.buffer.schema.slots.get(`${this.type}.${field}`) ?? -1;
  }

  private fieldType(field: string) {
    return this.buffer.schema.tables.get(this.type)?.[this.slotOf(field)];
  }
}
