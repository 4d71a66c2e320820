// SPDX-License-Identifier: Apache-2.0
import { within } from '../budgets.ts';
import { type Facts, type MemberFacts, newFacts } from '../facts.ts';
import type { Bytes } from '../io/bytes.ts';
import { EndOfBytes } from '../io/cursor.ts';
import { noteTail } from '../io/tail.ts';
import { placeText } from '../json/walk.ts';
import { payloadName } from '../magic.ts';
import { ItemReader, MalformedMsgpack } from '../msgpack/items.ts';
import { readComplex, readTensor } from '../msgpack/tensor.ts';
import { type Level, type MsgpackListener, type Region, walkMsgpack } from '../msgpack/walk.ts';
import { sniff } from '../sniff.ts';
import { UseList } from '../uses.ts';
import type { Context, Extractor } from './context.ts';

const INNER_BYTES = 64 * 1024 * 1024;

/**
 * One msgpack value (spec.md), and nothing behind it. Flax keeps arrays in extensions, msgpack-numpy in maps with the
 * key `nd`; both are data. What is in other blobs is looked into.
 */
export const msgpack: Extractor = async (facts, bytes, context) => {
  const reader = new ItemReader(bytes);
  const listener = new WeightsReader(facts, reader);
  try {
    await walkMsgpack(reader, listener);
    if (!(await reader.atEnd())) await tail(facts, bytes, reader.offset, context);
  } catch (error) {
    if (!(error instanceof MalformedMsgpack) && !(error instanceof EndOfBytes)) throw error;
    problem(facts, 'msgpack-malformed', error.offset, error.message);
  }
  await readBlobs(facts, bytes, listener.blobs, context);
};

interface Blob extends Region {
  readonly at: string;
  readonly start: Uint8Array;
}

class WeightsReader implements MsgpackListener {
  readonly blobs: Blob[] = [];
  private readonly facts: Facts;
  private readonly uses: UseList;
  private readonly reader: ItemReader;

  constructor(facts: Facts, reader: ItemReader) {
    this.facts = facts;
    this.uses = new UseList(facts);
    this.reader = reader;
  }

  key(levels: readonly Level[], name: string, offset: number): void {
    if (/^__\w+__$/.test(name) || name.startsWith('py/'))
      this.uses.add('msgpack-key', name, placeText({ levels }), offset);
  }

  scalar(levels: readonly Level[], value: number | boolean | null): void {
    this.see(levels, value);
  }

  blob(levels: readonly Level[], kind: 'text' | 'bin', start: Uint8Array, { offset, length }: Region): void {
    const blob = { at: placeText({ levels }), start, offset, length };
    const level = levels.at(-1);
    if (kind === 'text' || length <= 64) this.see(levels, Buffer.from(start).toString('latin1'));
    // Whether the data of a map are those of an array is known when the map is closed: keys have no order.
    if (level?.kind === 'object' && level.key === 'data') this.remember(level, 'blob', blob);
    else this.keep(blob, kind);
  }

  async ext(levels: readonly Level[], type: number, at: Region): Promise<void> {
    const name = FLAX_TYPES[type];
    if (type === TIMESTAMP && [4, 8, 12].includes(at.length)) return void (await this.reader.take(at.length, 0));
    if (name === undefined) return this.strange(levels, type, at);
    if (name === 'complex') return readComplex(this.reader);
    const { dtype, wrong } = await readTensor(this.reader);
    this.uses.add('array-dtype', dtype, placeText({ levels }), at.offset);
    if (wrong !== undefined) problem(this.facts, 'msgpack-array', at.offset, wrong);
  }

  close(levels: readonly Level[]): void {
    const seen = levels.at(-1)?.seen;
    const blob = seen?.get('blob') as Blob | undefined;
    if (seen?.get('nd') === true || seen?.get('nd') === false) {
      const kind = String(seen.get('kind') ?? '');
      const dtype = kind === 'O' ? 'object' : String(seen.get('type') ?? '');
      this.uses.add('array-dtype', dtype === '' && kind === 'V' ? 'structured' : dtype, placeText({ levels }));
      if (kind !== 'O') return;
    }
    if (blob) this.keep(blob, 'bin');
  }

  private async strange(levels: readonly Level[], type: number, at: Region): Promise<void> {
    this.uses.add('msgpack-extension', String(type), placeText({ levels }), at.offset);
    const start = await this.reader.take(at.length, 1024);
    this.keep({ at: placeText({ levels }), start, ...at }, 'bin');
  }

  private keep(blob: Blob, kind: 'text' | 'bin'): void {
    const interesting = kind === 'bin' ? blob.length >= SMALLEST_BLOB : payloadName(blob.start) !== undefined;
    if (interesting) this.blobs.push(blob);
    within('facts', this.blobs.length);
  }

  /** Values of the keys by which msgpack-numpy knows an array. */
  private see(levels: readonly Level[], value: unknown): void {
    const level = levels.at(-1);
    if (level?.kind === 'object' && ARRAY_KEYS.has(level.key)) this.remember(level, level.key, value);
  }

  private remember(level: Level, key: string, value: unknown): void {
    level.seen ??= new Map();
    level.seen.set(key, value);
  }
}

const FLAX_TYPES: Readonly<Record<number, 'ndarray' | 'complex' | 'scalar'>> = {
  1: 'ndarray',
  2: 'complex',
  3: 'scalar',
};
const TIMESTAMP = -1;
const ARRAY_KEYS: ReadonlySet<string> = new Set(['nd', 'kind', 'type']);
const SMALLEST_BLOB = 8;

/** Formats that weights look like by chance, or that hold nothing that anybody would run. */
const PLAIN: ReadonlySet<string> = new Set(['unknown', 'empty', 'text', 'zlib']);

async function readBlobs(facts: Facts, bytes: Bytes, blobs: readonly Blob[], context: Context): Promise<void> {
  for (const { at, offset, length, start } of blobs) {
    const payload = payloadName(start);
    if (bytes.random === undefined) {
      if (payload) problem(facts, 'msgpack-blob', offset, `${payload} at ${at}, in a stream too large to look into`);
      continue;
    }
    const inner = bytes.random.slice(offset, length);
    if (payload === undefined && (length > INNER_BYTES || PLAIN.has(await sniff(inner)))) continue;
    const member: MemberFacts = { ...newFacts('unknown', length), name: `(${at})`, offset };
    facts.members ??= [];
    facts.members.push(member);
    await context.extractInner(member, inner);
  }
}

async function tail(facts: Facts, bytes: Bytes, end: number, { spending }: Context): Promise<void> {
  if (bytes.random) await noteTail(facts, bytes.random, end, 'the value', spending);
  else problem(facts, 'trailing-bytes', end, 'bytes behind the value');
}

function problem(facts: Facts, code: string, offset: number, detail: string): void {
  facts.problems.push({ code, offset, detail });
}
