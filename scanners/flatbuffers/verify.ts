// SPDX-License-Identifier: Apache-2.0
import { BUDGETS, BudgetHit, type Spending } from '../budgets.ts';
import type { Pages } from '../io/pages.ts';
import type { FieldType, Schema } from './schema.ts';

/** The depth at which flatbuffers' own verifier stops. */
const DEPTH = 64;
const RANGES_PER_TABLE = 2;

export interface Verified {
  /** What breaks the format, the first few. */
  readonly problems: readonly { readonly offset: number; readonly detail: string }[];
  /** Tables that hold fields which the schema does not know: a newer writer, or something to hide. */
  readonly unknown: readonly string[];
  /** Places of bytes that the walk has explained, merged and in order. */
  readonly covered: readonly (readonly [start: number, end: number])[];
  /** Places where two different things lie over each other. */
  readonly overlaps: readonly number[];
}

/**
 * Walks a whole flatbuffer by its schema, as flatbuffers::Verifier does (verifier.h): every offset leads to a vtable, a
 * table, a vector or a string that lies within the bytes, strings end with a zero, the nesting is bounded. Written by
 * hand because the npm package reads a buffer that is in memory, checks nothing, and has no verifier; this one reads
 * through pages and also says which bytes nothing refers to. `named`: an identifier follows the root offset.
 */
export function verify(pages: Pages, schema: Schema, root: string, spending: Spending, named = true): Verified {
  const walk = new Walk(pages, schema, spending);
  walk.run(root, named ? 8 : 4);
  return walk.result();
}

interface Visit {
  readonly type: string;
  readonly at: number;
  readonly depth: number;
}

class Walk {
  private readonly pages: Pages;
  private readonly schema: Schema;
  private readonly spending: Spending;
  private readonly stack: Visit[] = [];
  /** Tables that were walked, by place; a shared one is walked once for each type under which it is reached. */
  private readonly seen = new Map<number, string>();
  private readonly starts: number[] = [];
  private readonly ends: number[] = [];
  private readonly problems: { offset: number; detail: string }[] = [];
  private readonly unknown = new Set<string>();

  constructor(pages: Pages, schema: Schema, spending: Spending) {
    this.pages = pages;
    this.schema = schema;
    this.spending = spending;
  }

  run(root: string, header: number): void {
    this.range(0, header);
    this.follow(0, root, 1);
    for (let visit = this.stack.pop(); visit !== undefined; visit = this.stack.pop()) this.table(visit);
  }

  result(): Verified {
    const { covered, overlaps } = merged(this.starts, this.ends);
    return { problems: this.problems, unknown: [...this.unknown], covered, overlaps };
  }

  /** The unsigned offset at `at` leads to a table. */
  private follow(at: number, type: string, depth: number): void {
    const target = at + this.pages.u32(at);
    if (target === at || target + 4 > this.pages.size) this.problem(at, `an offset that leads to byte ${target}`);
    else if (depth > DEPTH) this.problem(at, `tables are nested deeper than ${DEPTH}`);
    else if (this.seen.get(target) !== type) {
      this.seen.set(target, type);
      this.spending.spend('flatbufferTables', 1);
      this.stack.push({ type, at: target, depth });
    }
  }

  private table({ type, at, depth }: Visit): void {
    const vtable = at - this.pages.i32(at);
    if (vtable < 0 || vtable + 4 > this.pages.size) return void this.problem(at, `a vtable at byte ${vtable}`);
    const length = this.pages.u16(vtable);
    const inline = this.pages.u16(vtable + 2);
    if (length < 4 || length % 2 !== 0 || vtable + length > this.pages.size)
      return void this.problem(vtable, `a vtable of ${length} bytes`);
    if (inline < 4 || at + inline > this.pages.size) return void this.problem(at, `a table of ${inline} bytes`);
    this.range(vtable, vtable + length);
    this.range(at, at + inline);
    const fields = this.schema.tables.get(type) ?? [];
    for (let slot = 0; slot < (length - 4) / 2; slot++) {
      const offset = this.pages.u16(vtable + 4 + slot * 2);
      if (offset === 0) continue;
      const field = fields[slot];
      if (field === undefined) this.unknown.add(`${type} (slot ${slot})`);
      else if (offset < 4 || offset + inlineBytes(field) > inline)
        this.problem(at, `a field of ${type} outside of its table`);
      else this.field(field, at + offset, depth, this.unionType(field, fields, slot, vtable, at));
    }
  }

  /** The number in the slot before a union's value says which table it is. */
  private unionType(field: FieldType, fields: readonly FieldType[], slot: number, vtable: number, at: number): number {
    if (field.kind !== 'union' || fields[slot - 1]?.kind !== 'union-type') return 0;
    const offset = this.pages.u16(vtable + 4 + (slot - 1) * 2);
    return offset === 0 ? 0 : this.pages.u8(at + offset);
  }

  private field(field: FieldType, at: number, depth: number, unionType: number): void {
    if (field.kind === 'table') this.follow(at, field.name, depth + 1);
    else if (field.kind === 'string') this.string(at);
    else if (field.kind === 'vector') this.vector(field.item, at, depth);
    else if (field.kind === 'union') {
      const table = this.schema.unions.get(field.name)?.[unionType - 1];
      if (table === undefined) this.unknown.add(`${field.name} (type ${unionType})`);
      else this.follow(at, table, depth + 1);
    }
  }

  private string(at: number): void {
    const found = this.sized(at, 1);
    if (found === undefined) return;
    if (found.end >= this.pages.size || this.pages.u8(found.end) !== 0)
      this.problem(found.start, 'a string that does not end with a zero');
    this.range(found.start, found.end + 1);
  }

  private vector(item: FieldType, at: number, depth: number): void {
    const found = this.sized(at, inlineBytes(item));
    if (found === undefined) return;
    this.range(found.start, found.end);
    if (item.kind !== 'string' && item.kind !== 'table') return;
    this.spending.spend('flatbufferTables', found.count);
    for (let i = 0; i < found.count; i++) {
      const place = found.start + 4 + i * 4;
      if (item.kind === 'string') this.string(place);
      else this.follow(place, item.name, depth + 1);
    }
  }

  /** The length and the bytes of the vector or string that the offset at `at` leads to. */
  private sized(at: number, itemBytes: number): { start: number; end: number; count: number } | undefined {
    const start = at + this.pages.u32(at);
    const count = this.pages.u32(start);
    const end = start + 4 + count * itemBytes;
    if (start !== at && start + 4 <= this.pages.size && end <= this.pages.size) return { start, end, count };
    this.problem(at, `${count} items of ${itemBytes} bytes at byte ${start}`);
    return undefined;
  }

  private range(start: number, end: number): void {
    this.starts.push(start);
    this.ends.push(end);
    if (this.starts.length > BUDGETS.flatbufferTables * RANGES_PER_TABLE)
      throw new BudgetHit('flatbufferTables', this.starts.length);
  }

  private problem(offset: number, detail: string): void {
    if (this.problems.length < 10) this.problems.push({ offset, detail });
  }
}

function inlineBytes(type: FieldType): number {
  if (type.kind === 'scalar' || type.kind === 'struct') return type.bytes;
  return type.kind === 'union-type' ? 1 : 4;
}

/** Equal ranges are one thing that is referred to twice; ranges that only touch in part lie over each other. */
function merged(starts: readonly number[], ends: readonly number[]): Pick<Verified, 'covered' | 'overlaps'> {
  // Start and index in one number, because typed arrays of numbers sort natively: 32 bits of offset and 21 of index.
  const order = Float64Array.from(starts, (start, i) => start * INDEXES + i).sort();
  const covered: [number, number][] = [];
  const overlaps: number[] = [];
  let current: [number, number] | undefined;
  let last: readonly [number, number] = [-1, -1];
  for (const key of order) {
    const index = key % INDEXES;
    const start = starts[index] ?? 0;
    const end = ends[index] ?? 0;
    if (current !== undefined && start <= current[1]) {
      const same = start === last[0] && end === last[1];
      if (start < current[1] && !same && overlaps.length < 10) overlaps.push(start);
      current[1] = Math.max(current[1], end);
    } else {
      current = [start, end];
      covered.push(current);
    }
    last = [start, end];
  }
  return { covered, overlaps };
}

const INDEXES = 2 ** 21;
