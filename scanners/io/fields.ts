// SPDX-License-Identifier: Apache-2.0
import { BudgetHit, within } from '../budgets.ts';
import type { Facts } from '../facts.ts';
import type { Context, Extractor } from '../formats/context.ts';
import { archiveFromEnd } from '../zip/polyglot.ts';
import type { RandomBytes } from './bytes.ts';
import { type Cursor, EndOfBytes } from './cursor.ts';
import { noteTail } from './tail.ts';

/** What the file says of itself does not fit it. */
export class BrokenLayout extends Error {}

/** The fields of a file one after another, little-endian. A length is compared with what is left before it is used. */
export class Fields {
  readonly size: number;
  private readonly cursor: Cursor;
  private steps = 0;
  /** Where the last thing ended that was there in full. */
  whole = 0;

  constructor(bytes: RandomBytes, offset = 0) {
    this.size = bytes.size;
    this.cursor = bytes.cursor(offset);
  }

  get offset(): number {
    return this.cursor.offset;
  }

  get left(): number {
    return this.size - this.cursor.offset;
  }

  async u8(): Promise<number> {
    if (this.cursor.available < 1) await this.cursor.fill(1);
    return this.cursor.u8();
  }

  async u16(): Promise<number> {
    if (this.cursor.available < 2) await this.cursor.fill(2);
    return this.cursor.u16();
  }

  async u32(): Promise<number> {
    if (this.cursor.available < 4) await this.cursor.fill(4);
    return this.cursor.u32();
  }

  async i32(): Promise<number> {
    return (await this.u32()) | 0;
  }

  /** A number that no place in a file reaches breaks the layout. */
  async u64(): Promise<number> {
    const low = await this.u32();
    const value = low + (await this.u32()) * 2 ** 32;
    if (!Number.isSafeInteger(value)) throw new BrokenLayout('a number that no file reaches');
    return value;
  }

  async text(length: number): Promise<string> {
    this.need(length);
    if (this.cursor.available < length) await this.cursor.fill(length);
    return Buffer.from(this.cursor.take(length)).toString('utf8');
  }

  /** Up to the next line feed and with it, within the next `most`. */
  async line(most: number): Promise<string> {
    await this.cursor.fill(most);
    const length = this.cursor.find(0x0a);
    return this.text(Math.min(length + 1, most));
  }

  /** Up to the byte, which is passed over, within the next `most`. */
  async until(byte: number, most: number): Promise<void> {
    if (this.cursor.available < most) await this.cursor.fill(Math.min(most, this.left));
    const length = this.cursor.find(byte);
    if (length < 0 || length >= most) throw new BrokenLayout('a name without its end');
    this.cursor.take(length + 1);
  }

  async skip(length: number): Promise<void> {
    this.need(length);
    await this.cursor.skip(length);
  }

  /** So many items of at least so many bytes must be able to follow. */
  count(items: number, bytes: number): number {
    this.need(items * bytes);
    return items;
  }

  private need(length: number): void {
    within('values', ++this.steps);
    if (length < 0 || length > this.left) throw new BrokenLayout(`${length} bytes of which ${this.left} are there`);
  }
}

export type Walk = (fields: Fields, bytes: RandomBytes, facts: Facts) => Promise<Fields | undefined>;

/** A format whose fields explain every byte. The walk moves the fields to the end, or returns those that are there. */
export function laidOut(walk: Walk): Extractor {
  return async (facts, { random, size }, context) => {
    if (random === undefined) throw new BudgetHit('heldTogether', size);
    let fields = new Fields(random);
    try {
      fields = (await walk(fields, random, facts)) ?? fields;
    } catch (error) {
      if (!(error instanceof BrokenLayout || error instanceof EndOfBytes)) throw error;
      facts.problems.push({ code: 'layout-malformed', offset: fields.offset, detail: error.message });
      return noteEnd(facts, random, fields.whole, context);
    }
    await noteEnd(facts, random, fields.offset, context);
  };
}

/** What begins as one format may be opened as another that is found from the end, or from a place behind the first. */
async function noteEnd(facts: Facts, bytes: RandomBytes, end: number, { spending }: Context): Promise<void> {
  const archive = archiveFromEnd(bytes);
  const detail = `an archive, from ${JSON.stringify(archive?.name.slice(0, 80))} on`;
  if (archive !== undefined) facts.problems.push({ code: 'trailing-payload', offset: archive.at, detail });
  else await noteTail(facts, bytes, end, 'the last field', spending);
}
