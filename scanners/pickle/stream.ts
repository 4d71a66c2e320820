// SPDX-License-Identifier: Apache-2.0
import { BudgetHit, type Spending } from '../budgets.ts';
import type { Facts, Problem } from '../facts.ts';
import type { Bytes, RandomBytes } from '../io/bytes.ts';
import { type Cursor, EndOfBytes } from '../io/cursor.ts';
import { noteTail } from '../io/tail.ts';
import { payloadName } from '../magic.ts';
import { isLegacyMagic, LEGACY_PICKLES, passStorages } from './legacy-torch.ts';
import { BrokenPickle } from './machine.ts';
import { PickleRecord } from './record.ts';
import { runPickle } from './run.ts';
import { persistentKind, type Storage, storageOf } from './storages.ts';
import type { Value } from './values.ts';

/** What reading a stream of pickles gave, beside the facts. */
export interface PickleStream {
  readonly record: PickleRecord;
  /** Tensor storages that the persistent ids name. */
  readonly storages: readonly Storage[];
  /** The stream ended with its last pickle. */
  readonly clean: boolean;
}

/**
 * Read pickles one after another to the end of the bytes. Loading stops at the first STOP, but a program may call load
 * again, and a broken end does not undo what ran before it: everything is recorded.
 * @throws BudgetHit, after having put what was read so far into `facts`
 */
export async function readPickles(facts: Facts, bytes: Bytes, spending: Spending): Promise<PickleStream> {
  const stream = new Stream(facts, bytes, spending);
  try {
    await stream.read();
    readSources(stream.record, bytes);
  } finally {
    facts.pickle = stream.record.facts();
    if (facts.pickle.opcodes.includes('NEXT_BUFFER'))
      facts.problems.push({ code: 'pickle-out-of-band', detail: 'NEXT_BUFFER' });
  }
  return stream;
}

const LONGEST_SOURCE = 64 * 1024;

function readSources(record: PickleRecord, bytes: Bytes): void {
  for (const { offset, length } of record.sources) {
    const text = length <= LONGEST_SOURCE ? bytes.random?.readAt(offset, length) : undefined;
    record.source(text === undefined ? '<text that was not read>' : Buffer.from(text).toString('utf8'), offset);
  }
}

class Stream implements PickleStream {
  readonly record: PickleRecord;
  readonly storages: Storage[] = [];
  clean = false;
  private readonly results: Value[] = [];
  /** Bytes of each storage, by key. */
  private readonly lengths = new Map<string, number>();
  private disagrees = false;
  private readonly facts: Facts;
  private readonly random: RandomBytes | undefined;
  private readonly cursor: Cursor;
  private readonly spending: Spending;

  constructor(facts: Facts, bytes: Bytes, spending: Spending) {
    this.facts = facts;
    this.record = new PickleRecord(facts);
    this.random = bytes.random;
    this.cursor = bytes.cursor();
    this.spending = spending;
  }

  async read(): Promise<void> {
    while (!(await this.cursor.atEnd())) {
      const start = this.cursor.offset;
      if (this.record.count > 0 && (await this.readTail(start))) return;
      if (!(await this.readOne(start))) return;
      if (isLegacyMagic(this.results[0]) && this.results.length === LEGACY_PICKLES) return this.readLegacyTail();
    }
    this.clean = this.record.count > 0;
  }

  /** False when the pickle broke: nothing after that point means anything. */
  private async readOne(start: number): Promise<boolean> {
    const before = this.record.steps;
    try {
      const result = await runPickle(this.record, this.spending, this.cursor, (id, offset) =>
        this.keepStorage(id, offset),
      );
      if (this.results.length < LEGACY_PICKLES) this.results.push(result);
      return true;
    } catch (error) {
      if (error instanceof BudgetHit) throw error;
      if (!(error instanceof BrokenPickle || error instanceof EndOfBytes)) throw error;
      const ran = this.record.steps > before;
      if (ran) this.problem('pickle-broken-after-call', error.offset, error.message);
      else if (this.record.count > 0) await this.tail(start, 'the last pickle');
      else this.problem('pickle-broken', error.offset, error.message);
      return false;
    }
  }

  /** What follows a pickle may be padding, or something with a name of its own. True when that ends the stream. */
  private async readTail(start: number): Promise<boolean> {
    await this.cursor.fill(64);
    const head = this.cursor.lookAt(64);
    const payload = payloadName(head);
    if (payload !== undefined && payload !== 'pickle') {
      this.problem('trailing-payload', start, `${payload} after the last pickle`);
      return true;
    }
    if (head[0] !== 0) return false;
    await this.tail(start, 'the last pickle');
    return true;
  }

  private async readLegacyTail(): Promise<void> {
    this.facts.format = 'torch-legacy';
    const problem = await passStorages(this.cursor, this.storages, this.results.at(-1));
    if (problem) this.problem('torch-storage', this.cursor.offset, problem);
    else if (!(await this.cursor.atEnd())) {
      const start = this.cursor.offset;
      await this.tail(start, 'the last storage');
    } else this.clean = true;
  }

  /** A loader that is given a place begins there: a second pickle may lie behind anything. */
  private async tail(start: number, what: string): Promise<void> {
    if (this.random) await noteTail(this.facts, this.random, start, what, this.spending);
    else this.problem('trailing-bytes', start, `bytes after ${what}`);
  }

  /** The first mention of a storage makes it; the others must mean the same bytes. */
  private keepStorage(id: Value, offset: number): void {
    const storage = storageOf(id);
    if (storage === undefined) {
      this.record.uses.add('torch-persistent', persistentKind(id), `byte ${offset}`, offset);
      return;
    }
    const known = this.lengths.get(storage.key);
    if (known === undefined) {
      this.lengths.set(storage.key, storage.bytes);
      this.storages.push(storage);
    } else if (known !== storage.bytes && !this.disagrees) {
      this.disagrees = true;
      this.problem('torch-storage', offset, `a storage of ${known} bytes is also one of ${storage.bytes}`);
    }
  }

  private problem(code: Problem['code'], offset: number, detail: string): void {
    this.facts.problems.push({ code, offset, detail });
  }
}
