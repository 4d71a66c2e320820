// SPDX-License-Identifier: Apache-2.0
import { BudgetHit, within } from '../budgets.ts';
import type { Facts } from '../facts.ts';
import type { Bytes } from '../io/bytes.ts';
import { type Cursor, EndOfBytes } from '../io/cursor.ts';
import { inflate } from '../io/inflate.ts';
import { addProblem } from '../problems.ts';
import { UseList } from '../uses.ts';
import type { Context, Extractor } from './context.ts';

const HEADER_BYTES = 128;
const MAX_DEPTH = 64;
const MATRIX = 14;
const COMPRESSED = 15;
const FLAGS = 6;
/** Numbers and texts: int8 to uint64, and UTF-8, UTF-16, UTF-32. */
const DATA: ReadonlySet<number> = new Set([1, 2, 3, 4, 5, 6, 7, 9, 12, 13, 16, 17, 18]);
const CLASSES: Readonly<Record<number, string>> = {
  ...{ 1: 'cell', 2: 'struct', 3: 'object', 4: 'char', 5: 'sparse', 6: 'double', 7: 'single', 8: 'int8', 9: 'uint8' },
  ...{ 10: 'int16', 11: 'uint16', 12: 'int32', 13: 'uint32', 14: 'int64', 15: 'uint64', 16: 'function', 17: 'opaque' },
};

/** MAT-File Format, chapter 1 (level 5): elements of a type, a size and data, down to the last byte. */
export const matlab: Extractor = async (facts, bytes, context) => {
  if (bytes.random === undefined) throw new BudgetHit('heldTogether', bytes.size);
  const reader = new MatlabReader(facts, context);
  try {
    await reader.read(bytes);
  } catch (error) {
    if (error instanceof EndOfBytes) reader.malformed(error.offset, 'an element is longer than what holds it');
    else if (!(error instanceof Malformed)) throw error;
  }
};

class Malformed extends Error {}

interface Tag {
  readonly type: number;
  readonly size: number;
  /** Data of up to four bytes stand in the tag itself. */
  readonly small: boolean;
}

class MatlabReader {
  private readonly facts: Facts;
  private readonly context: Context;
  private readonly uses: UseList;
  private values = 0;

  constructor(facts: Facts, context: Context) {
    this.facts = facts;
    this.context = context;
    this.uses = new UseList(facts);
  }

  malformed(offset: number, detail: string): void {
    addProblem(this.facts, { code: 'matlab-malformed', offset, detail });
  }

  async read(bytes: Bytes): Promise<void> {
    const subsystem = Buffer.from(bytes.head().subarray(116, 124));
    if (subsystem.some((byte) => byte !== 0 && byte !== 0x20)) this.uses.add('matlab-class', 'subsystem', 'the header');
    const cursor = bytes.cursor(HEADER_BYTES);
    while (cursor.offset < bytes.size) {
      const tag = await this.tag(cursor, bytes.size);
      if (tag.type === COMPRESSED) await this.compressed(cursor, tag.size, bytes);
      else if (tag.type === MATRIX) await this.matrix(cursor, cursor.offset + tag.size, 0);
      else this.stop(cursor, `an element of type ${tag.type} where a variable begins`);
    }
  }

  private async compressed(cursor: Cursor, size: number, bytes: Bytes): Promise<void> {
    const source = bytes.random?.slice(cursor.offset, size);
    if (source === undefined) return;
    const inflated = await inflate(source, 'zlib', this.context.spending);
    if (inflated.broken) this.stop(cursor, inflated.broken);
    if (inflated.consumed < size) this.malformed(cursor.offset, 'bytes behind a compressed variable');
    for (const doubt of inflated.doubts) this.malformed(cursor.offset, doubt);
    const inner = inflated.bytes.cursor();
    const tag = await this.tag(inner, inflated.bytes.size);
    if (tag.type !== MATRIX) this.stop(cursor, `an element of type ${tag.type} in a compressed one`);
    await this.matrix(inner, inner.offset + tag.size, 0);
    if (inner.offset < inflated.bytes.size) this.malformed(cursor.offset, 'something follows a compressed variable');
    await cursor.skip(size);
  }

  private async tag(cursor: Cursor, end: number): Promise<Tag> {
    within('values', ++this.values);
    const at = cursor.offset;
    const word = await this.u32(cursor);
    const small = word >>> 16 !== 0;
    const tag = small
      ? { type: word & 0xffff, size: word >>> 16, small }
      : { type: word, size: await this.u32(cursor), small };
    if (small ? tag.size > 4 || at + 8 > end : cursor.offset + tag.size > end)
      this.stop(cursor, 'an element is longer than what holds it');
    return tag;
  }

  /** Flags, dimensions, name, then what the class wants: numbers, texts, or variables again. */
  private async matrix(cursor: Cursor, end: number, depth: number): Promise<void> {
    if (depth > MAX_DEPTH) throw new BudgetHit('depth', depth);
    if (cursor.offset === end) return;
    const at = cursor.offset;
    const flags = await this.tag(cursor, end);
    if (flags.type !== FLAGS || flags.size !== 8 || flags.small) this.stop(cursor, 'a variable without flags');
    const code = (await this.u32(cursor)) & 0xff;
    await this.u32(cursor);
    const kind = CLASSES[code];
    this.uses.add('matlab-class', kind ?? `class ${code}`, `byte ${at}`, at);
    if (code === 17 || kind === undefined) await cursor.skip(end - cursor.offset);
    while (cursor.offset < end) {
      const tag = await this.tag(cursor, end);
      if (tag.type === MATRIX && !tag.small) await this.matrix(cursor, cursor.offset + tag.size, depth + 1);
      else if (DATA.has(tag.type)) await this.data(cursor, tag, end);
      else this.stop(cursor, `an element of type ${tag.type} in a variable`);
    }
    if (cursor.offset > end) this.stop(cursor, 'a variable is longer than it says');
  }

  /** Numbers or text, and zero bytes up to a multiple of eight. */
  private async data(cursor: Cursor, { size, small }: Tag, end: number): Promise<void> {
    if (!(await cursor.skip(size))) throw new EndOfBytes(cursor.offset);
    const padding = small ? 4 - size : Math.min((8 - (size % 8)) % 8, end - cursor.offset);
    if (!(await cursor.fill(padding))) throw new EndOfBytes(cursor.offset);
    if (cursor.take(padding).some((byte) => byte !== 0)) this.malformed(cursor.offset, 'padding that is not zero');
  }

  private async u32(cursor: Cursor): Promise<number> {
    await cursor.fill(4);
    return cursor.u32();
  }

  private stop(cursor: Cursor, detail: string): never {
    this.malformed(cursor.offset, detail);
    throw new Malformed();
  }
}
