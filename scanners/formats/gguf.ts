// SPDX-License-Identifier: Apache-2.0
import { within } from '../budgets.ts';
import type { Facts } from '../facts.ts';
import { type Cursor, EndOfBytes } from '../io/cursor.ts';
import { addTemplate, hasTags } from '../jinja/uses.ts';
import { UseList } from '../uses.ts';
import type { Extractor } from './context.ts';

const SCALAR_BYTES: Readonly<Record<number, number>> = {
  0: 1,
  1: 1,
  2: 2,
  3: 2,
  4: 4,
  5: 4,
  6: 4,
  7: 1,
  10: 8,
  11: 8,
  12: 8,
};
/** Items and bytes of a block, by ggml's type number (`ggml-common.h`); types that were withdrawn are left out. */
const BLOCKS: Readonly<Record<number, readonly [items: number, bytes: number]>> = {
  0: [1, 4],
  1: [1, 2],
  2: [32, 18],
  3: [32, 20],
  6: [32, 22],
  7: [32, 24],
  8: [32, 34],
  9: [32, 36],
  10: [256, 84],
  11: [256, 110],
  12: [256, 144],
  13: [256, 176],
  14: [256, 210],
  15: [256, 292],
  16: [256, 66],
  17: [256, 74],
  18: [256, 98],
  19: [256, 50],
  20: [32, 18],
  21: [256, 110],
  22: [256, 82],
  23: [256, 136],
  24: [1, 1],
  25: [1, 2],
  26: [1, 4],
  27: [1, 8],
  28: [1, 8],
  29: [256, 56],
  30: [1, 2],
  34: [256, 54],
  35: [256, 66],
  39: [32, 17],
};
const STRING = 8;
const ARRAY = 9;
const KEPT = 1024 * 1024;
const MAX_KEY = 65_535;

/**
 * ggml's `docs/gguf.md`, versions 2 and 3, little-endian: header, metadata, tensor descriptions, then the data. The
 * counts and lengths are checked against the file before they are believed; tensor bytes are not read.
 */
export const gguf: Extractor = async (facts, bytes) => {
  const reader = new GgufReader(facts, bytes.cursor(), bytes.size);
  try {
    await reader.read();
  } catch (error) {
    if (error instanceof EndOfBytes) reader.problem('the file ends inside the header');
    else if (error instanceof MalformedGguf) reader.problem(error.message);
    else throw error;
  }
};

class MalformedGguf extends Error {}

class GgufReader {
  private readonly facts: Facts;
  private readonly c: Cursor;
  private readonly size: number;
  private alignment = 32;

  constructor(facts: Facts, cursor: Cursor, size: number) {
    this.facts = facts;
    this.c = cursor;
    this.size = size;
  }

  problem(detail: string): void {
    this.facts.problems.push({ code: 'gguf-malformed', offset: this.c.offset, detail });
  }

  async read(): Promise<void> {
    await this.c.fill(24);
    this.c.take(4);
    const version = this.c.u32();
    if (version !== 2 && version !== 3) throw new MalformedGguf(`version ${version} is not known`);
    const tensors = this.count('tensors', 24);
    const pairs = this.count('metadata entries', 12);
    const keys = new Set<string>();
    for (let i = 0; i < pairs; i++) await this.readPair(keys);
    let last = 0;
    for (let i = 0; i < tensors; i++) last = Math.max(last, await this.readTensor());
    this.checkEnd(tensors === 0 ? this.c.offset : this.aligned(this.c.offset) + last);
  }

  private aligned(offset: number): number {
    return Math.ceil(offset / this.alignment) * this.alignment;
  }

  /** The file ends with the last tensor, or with the padding after it. */
  private checkEnd(end: number): void {
    if (end > this.size) throw new MalformedGguf(`the tensors end at byte ${end}, and the file at ${this.size}`);
    if (this.size > this.aligned(end))
      this.facts.problems.push({ code: 'trailing-bytes', offset: end, detail: 'bytes after the last tensor' });
  }

  /** A count of things that take at least `least` bytes each. */
  private count(what: string, least: number): number {
    const count = this.c.u64();
    if (count * BigInt(least) > BigInt(this.size)) throw new MalformedGguf(`${count} ${what} in ${this.size} bytes`);
    within('tensors', Number(count));
    return Number(count);
  }

  private async readPair(keys: Set<string>): Promise<void> {
    const key = (await this.text(MAX_KEY)) ?? '';
    if (keys.has(key)) throw new MalformedGguf(`key ${JSON.stringify(key.slice(0, 80))} is there twice`);
    keys.add(key);
    await this.c.fill(4);
    const type = this.c.u32();
    if (type === STRING) {
      const value = await this.text(KEPT);
      if (/chat_template/.test(key)) this.template(key, value);
    } else if (key === 'general.alignment' && type === 4) {
      await this.c.fill(4);
      this.alignment = this.c.u32();
      if (this.alignment < 8 || this.alignment % 8 !== 0 || this.alignment > 65_536)
        throw new MalformedGguf(`an alignment of ${this.alignment}`);
    } else await this.passValue(type, 0);
  }

  private template(key: string, source: string | undefined): void {
    if (source === undefined) this.problem(`${key} is longer than ${KEPT} bytes`);
    else if (hasTags(source)) addTemplate(new UseList(this.facts), source, key);
  }

  private async passValue(type: number, depth: number): Promise<void> {
    if (type === STRING) return void (await this.text(0));
    if (type === ARRAY) return this.passArray(depth);
    const bytes = SCALAR_BYTES[type];
    if (bytes === undefined) throw new MalformedGguf(`value type ${type} is not known`);
    if (!(await this.c.skip(bytes))) throw new EndOfBytes(this.c.offset);
  }

  private async passArray(depth: number): Promise<void> {
    within('depth', depth);
    await this.c.fill(12);
    const type = this.c.u32();
    const bytes = SCALAR_BYTES[type];
    const count = this.c.u64();
    if (count * BigInt(bytes ?? 8) > BigInt(this.size)) throw new MalformedGguf(`an array of ${count} items`);
    if (bytes === undefined) for (let i = 0; i < Number(count); i++) await this.passValue(type, depth + 1);
    else if (!(await this.c.skip(Number(count) * bytes))) throw new EndOfBytes(this.c.offset);
  }

  /** Returns where the tensor ends, counted from the start of the data. */
  private async readTensor(): Promise<number> {
    await this.text(MAX_KEY);
    await this.c.fill(4);
    const dimensions = this.c.u32();
    if (dimensions > 4) throw new MalformedGguf(`a tensor of ${dimensions} dimensions`);
    await this.c.fill(8 * dimensions + 12);
    let items = 1n;
    for (let i = 0; i < dimensions; i++) items *= this.c.u64();
    if (items > 2n ** 62n) throw new MalformedGguf(`a tensor of ${items} items`);
    const type = this.c.u32();
    const offset = this.c.u64();
    if (offset > BigInt(this.size) || offset % BigInt(this.alignment) !== 0n)
      throw new MalformedGguf(`a tensor at offset ${offset}`);
    return Number(offset) + this.tensorBytes(type, items);
  }

  private tensorBytes(type: number, items: bigint): number {
    const block = BLOCKS[type];
    if (block === undefined) {
      this.facts.problems.push({ code: 'gguf-unknown-type', offset: this.c.offset, detail: `tensor type ${type}` });
      return 0;
    }
    const [perBlock, bytes] = block;
    return Number(((items + BigInt(perBlock) - 1n) / BigInt(perBlock)) * BigInt(bytes));
  }

  /** A length and that many bytes; kept up to `keep` of them, `undefined` when longer. */
  private async text(keep: number): Promise<string | undefined> {
    await this.c.fill(8);
    const length = this.c.u64();
    if (length > BigInt(this.size)) throw new MalformedGguf(`a text of ${length} bytes`);
    const bytes = Number(length);
    if (bytes <= keep) {
      await this.c.fill(bytes);
      return Buffer.from(this.c.take(bytes)).toString('utf8');
    }
    if (!(await this.c.skip(bytes))) throw new EndOfBytes(this.c.offset);
    return undefined;
  }
}
