// SPDX-License-Identifier: Apache-2.0
import type { Spending } from '../budgets.ts';
import type { Facts, MemberFacts } from '../facts.ts';
import type { Bytes } from '../io/bytes.ts';
import { type Cursor, EndOfBytes } from '../io/cursor.ts';
import { BrokenPickle, isThing } from '../pickle/machine.ts';
import { PickleRecord } from '../pickle/record.ts';
import { runPickle } from '../pickle/run.ts';
import { itemBytes } from '../pickle/storages.ts';
import type { Value } from '../pickle/values.ts';

/**
 * torch's first format (`legacy_load` in `torch/serialization.py`): a tar with `storages` and `tensors`, which are
 * pickles with numbers between them, and `pickle`, whose persistent ids are their keys.
 */
const PARTS: Readonly<Record<string, (part: Part) => Promise<void>>> = { storages: readStorages, tensors: readTensors };
const MOST_DIMENSIONS = 64;

/** Read such a member to its end into `member`. False where its bytes are something else: it is read as any other then. */
export async function readTorchPart(member: MemberFacts, bytes: Bytes, spending: Spending): Promise<boolean> {
  const read = PARTS[member.name];
  if (read === undefined || bytes.random === undefined) return false;
  const facts: Facts = { format: 'torch-part', size: bytes.size, problems: [] };
  const part = new Part(facts, bytes, spending);
  try {
    await read(part);
    if (!(await part.cursor.atEnd())) return false;
  } catch (error) {
    if (error instanceof BrokenPickle || error instanceof EndOfBytes || error instanceof NoPart) return false;
    throw error;
  }
  // Bytes for loaders, or source that a class runs: the reader of pickles looks into them.
  if (part.record.given.size + part.record.sources.length > 0) return false;
  Object.assign(member, facts, { pickle: part.record.facts() });
  return true;
}

/** When all parts are there and were read, the persistent ids of `pickle` are their keys. */
export function knowTorchTar(members: readonly MemberFacts[]): void {
  const isRead = (name: string) => members.some((member) => member.name === name && member.format === 'torch-part');
  if (!isRead('storages') || !isRead('tensors')) return;
  for (const member of members)
    if (member.name === 'pickle' && member.format === 'pickle') {
      member.format = 'torch-legacy';
      member.uses = (member.uses ?? []).filter(({ scheme, name }) => scheme !== 'torch-persistent' || name !== 'key');
    }
}

class NoPart extends Error {}

class Part {
  readonly record: PickleRecord;
  readonly cursor: Cursor;
  private readonly spending: Spending;

  constructor(facts: Facts, bytes: Bytes, spending: Spending) {
    this.record = new PickleRecord(facts);
    this.cursor = bytes.cursor();
    this.spending = spending;
  }

  pickle(): Promise<Value> {
    return runPickle(this.record, this.spending, this.cursor, () => {
      throw new NoPart();
    });
  }

  async count(): Promise<number> {
    const count = await this.pickle();
    if (typeof count !== 'number' || count < 0) throw new NoPart();
    return count;
  }

  /** A pickle of three values, the first of them a key. */
  async triple(): Promise<readonly Value[]> {
    const value = await this.pickle();
    if (!isThing(value, 'tuple') || value.items?.length !== 3 || typeof value.items[0] !== 'number') throw new NoPart();
    return value.items;
  }

  async pass(count: number): Promise<void> {
    if (!Number.isSafeInteger(count) || count < 0 || !(await this.cursor.skip(count))) throw new NoPart();
  }

  async u64(): Promise<number> {
    await this.cursor.fill(8);
    return Number(this.cursor.u64());
  }
}

/** `(key, place, type)`, the number of items, and the items, for each; then what views show of them. */
async function readStorages(part: Part): Promise<void> {
  for (let left = await part.count(); left > 0; left--) {
    const [, place, type] = await part.triple();
    const bytes = itemBytes(type);
    if (typeof place !== 'string' || bytes === undefined) throw new NoPart();
    await part.pass((await part.u64()) * bytes);
  }
  if (!isThing(await part.pickle(), 'list')) throw new NoPart();
}

/** `(key, storage, type)`, the number of dimensions, sizes, strides, and where in the storage it begins, for each. */
async function readTensors(part: Part): Promise<void> {
  for (let left = await part.count(); left > 0; left--) {
    const [, storage] = await part.triple();
    const dimensions = await part.u64();
    if (typeof storage !== 'number' || dimensions > MOST_DIMENSIONS) throw new NoPart();
    await part.pass(16 * dimensions + 8);
  }
}
