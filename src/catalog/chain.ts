// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '#src/domain/clock.ts';
import { type Sha256, sha256Of } from '#src/domain/digest.ts';
import { AirlockError, isAirlockError } from '#src/domain/errors.ts';
import type { Index } from '#src/index/index.ts';
import type { RecordStore, StoredRecord } from '#src/store/record-store.ts';
import { boundedCache } from './bounded-cache.ts';

/** Where a chain ends: `seq` 0 and no head where nothing was ever written. */
export interface Chained {
  readonly seq: number;
  /** Digest of the last entry's bytes. */
  readonly head: Sha256 | null;
}

/** A signed record of a chain: numbered from 1, naming the digest of the one before. */
export interface ChainEntry {
  readonly seq: number;
  readonly previous: Sha256 | null;
}

/** What a kind of chain is made of. `At` names one chain of the kind. */
export interface ChainFormat<At, State extends Chained, Entry extends ChainEntry> {
  /** In messages, and what its head is remembered under: one name for one chain. */
  readonly name: (at: At) => string;
  readonly headKey: (at: At) => string;
  /** What every entry's key begins with; byte order is the order of entries. */
  readonly prefix: (at: At) => string;
  readonly key: (at: At, seq: number) => string;
  readonly empty: State;
  /** @throws AirlockError signature-invalid, record-invalid */
  readonly open: (bytes: Uint8Array) => Entry;
  readonly sign: (entry: Entry) => Promise<Buffer>;
  /** Whether an entry was written for this chain, and not for another. */
  readonly belongs: (at: At, entry: Entry) => boolean;
  readonly replay: (state: State, entry: Entry, digest: Sha256) => State;
  /** What a state weighs in memory, in the unit of `cachedWeight`. */
  readonly weigh: (state: State) => number;
}

/**
 * Signed records in order, from which a state follows.
 *
 * What makes old copies worthless: an edited or removed record breaks the chain; the index remembers the highest number
 * and digest that was seen, so a store that was put back to an earlier state is refused; and an edited index can only
 * make us refuse, because nothing in it is believed without the signed record. (Where store *and* index are put back
 * together, this process can not tell. A transparency log kept elsewhere will.)
 */
export interface Chains<At, State extends Chained, Entry extends ChainEntry> {
  /**
   * The verified state, at most `refreshSeconds` behind the store. While the store gives no answer, the last one that was
   * verified, for at most `maxStaleSeconds`. @throws AirlockError record-invalid, signature-invalid, journal-rolled-back, store-unavailable
   */
  state(at: At): Promise<State>;
  /**
   * Append what `draft` makes of the state, or nothing where it makes nothing: false then. Of two writers at the same
   * time one goes first, and the other drafts again. Durable when it returns true.
   */
  append(at: At, draft: (state: State, now: string) => Entry | undefined): Promise<boolean>;
  /** One entry, verified by itself, with the digest of its bytes; undefined where there is none. @throws as {@link state} */
  entry(at: At, seq: number): Promise<{ readonly entry: Entry; readonly digest: Sha256 } | undefined>;
  /** Hear of each chain whose entries were read on, whoever wrote them; up to the process's end. Must not throw. */
  subscribe(listener: (at: At, seq: number) => void): void;
}

export interface ChainOptions {
  readonly records: RecordStore;
  readonly index: Pick<Index, 'heads'>;
  readonly clock: Clock;
  /** How long a state may be served without asking the store for a further entry. */
  readonly refreshSeconds: number;
  /** How long it may be served while the store can not be asked. */
  readonly maxStaleSeconds: number;
  readonly cachedChains: number;
  readonly cachedWeight: number;
}

interface Cached<State> {
  readonly state: State;
  readonly checkedAt: number;
}

/** So long a request waits for a store that may have gone; those behind it wait for nothing. */
const PATIENCE_MILLISECONDS = 2000;
/** Before every time: not asked since something was wrong. */
const NEVER = Number.NEGATIVE_INFINITY;

export function createChains<At, State extends Chained, Entry extends ChainEntry>(
  options: ChainOptions,
  format: ChainFormat<At, State, Entry>,
): Chains<At, State, Entry> {
  const { records, index, clock } = options;
  const cache = boundedCache<Cached<State>>(options.cachedChains, options.cachedWeight, ({ state }) =>
    format.weigh(state),
  );
  const loading = new Map<string, Promise<State>>();
  /** Why the store did not answer the last time; undefined while it does. */
  let outage: AirlockError | undefined;
  /** The one look whether it is back. */
  let probing: Promise<unknown> | undefined;
  const listeners: ((at: At, seq: number) => void)[] = [];

  async function load(at: At, from: State): Promise<State> {
    const headKey = format.headKey(at);
    // The time before the first question: a slow store must not make an old answer look new.
    const checkedAt = clock.now().getTime();
    const seen = await index.heads.get(headKey);
    let state = from;
    for (;;) {
      const record = await nextRecord(at, from, state);
      if (!record) break;
      const entry = format.open(record.bytes);
      checkLink(at, state, entry);
      const digest = sha256Of(record.bytes);
      if (seen?.seq === entry.seq && seen.digest !== digest) throw rolledBack(format.name(at), entry.seq, seen.seq);
      state = format.replay(state, entry, digest);
    }
    if (seen && state.seq < seen.seq) throw rolledBack(format.name(at), state.seq, seen.seq);
    // What was verified counts, whether or not the index can be told: a no must not be lost to a disk that is full.
    cache.set(headKey, { state, checkedAt });
    if (state.head && (!seen || state.seq > seen.seq)) await index.heads.advance(headKey, state.seq, state.head);
    if (state.seq > from.seq) for (const listener of listeners) listener(at, state.seq);
    return state;
  }

  /**
   * Durable already: it is in force here, although the store or the index went away before it could be read back.
   * The next reading tells the index.
   */
  function remember(at: At, state: State): void {
    const key = format.headKey(at);
    const known = cache.get(key);
    if (!known || known.state.seq < state.seq) cache.set(key, { state, checkedAt: known?.checkedAt ?? NEVER });
    for (const listener of listeners) listener(at, state.seq);
  }

  async function nextRecord(at: At, from: State, state: State): Promise<StoredRecord | undefined> {
    try {
      const next = await records.get(format.key(at, state.seq + 1));
      // Asked once per chain and process: a removed entry shows even where the index has forgotten how far it went.
      return next ?? (from.seq === 0 ? await lateEntry(at, state.seq + 1) : undefined);
    } catch (error) {
      // A no that was read before the store went away counts, though nobody knows what came behind it.
      const known = cache.get(format.headKey(at));
      if (known && state.seq > known.state.seq) cache.set(format.headKey(at), { ...known, state });
      throw error;
    }
  }

  /**
   * An entry that was written since it was looked for; undefined where the chain ends before it.
   * @throws AirlockError record-invalid when only later entries are there
   */
  async function lateEntry(at: At, seq: number): Promise<StoredRecord | undefined> {
    for await (const key of records.list(format.prefix(at))) {
      if (key < format.key(at, seq)) continue;
      const record = await records.get(format.key(at, seq));
      if (record) return record;
      throw missing(format.name(at), seq);
    }
    return undefined;
  }

  function checkLink(at: At, state: State, entry: Entry): void {
    if (format.belongs(at, entry) && entry.seq === state.seq + 1 && entry.previous === state.head) return;
    throw new AirlockError(
      'record-invalid',
      `Entry ${state.seq + 1} of ${format.name(at)} does not follow the entry before it.`,
      { chain: format.headKey(at), seq: entry.seq, expected: state.head ?? 'none', actual: entry.previous ?? 'none' },
    );
  }

  /** Read on from what is known; callers at the same time share one reading. */
  function refresh(at: At): Promise<State> {
    const key = format.headKey(at);
    const running = loading.get(key);
    if (running) return running;
    const reading = load(at, cache.get(key)?.state ?? format.empty).then(
      (state) => {
        outage = undefined;
        return state;
      },
      (error: unknown) => {
        if (isAirlockError(error, 'store-unavailable')) outage = error;
        else distrust(key);
        throw error;
      },
    );
    loading.set(
      key,
      reading.finally(() => loading.delete(key)),
    );
    return loading.get(key) ?? reading;
  }

  /** What is wrong in the store stays so when the store goes away: memory must not speak for it. */
  function distrust(key: string): void {
    const known = cache.get(key);
    if (known) cache.set(key, { ...known, checkedAt: NEVER });
  }

  /** A clock that was put back must not keep a state for as long. */
  function isWithin({ checkedAt }: Cached<State>, seconds: number): boolean {
    const age = clock.now().getTime() - checkedAt;
    return age >= 0 && age < seconds * 1000;
  }

  /** @throws AirlockError store-unavailable */
  function fromMemory(known: Cached<State> | undefined, why: AirlockError): State {
    if (known && isWithin(known, options.maxStaleSeconds)) return known.state;
    throw why;
  }

  /** Ask the store, and answer from memory where it gives no answer. */
  async function ask(at: At, known: Cached<State> | undefined): Promise<State> {
    if (outage && probing) {
      if (!known) await inTime(probing);
      // Back meanwhile, or not: whoever asks about something known has not waited.
      return outage ? fromMemory(known, outage) : refresh(at);
    }
    const reading = refresh(at);
    if (outage) probe(reading);
    try {
      const state = await inTime(reading);
      if (state) return state;
    } catch (error) {
      if (!isAirlockError(error, 'store-unavailable')) throw error;
      // The reading has moved what is known on, where it came to read something.
      return fromMemory(cache.get(format.headKey(at)), error);
    }
    outage ??= new AirlockError('store-unavailable', `The store gives no answer about ${format.name(at)}.`);
    probe(reading);
    return fromMemory(known, outage);
  }

  function probe(reading: Promise<unknown>): void {
    const done = reading
      .catch(() => undefined)
      .finally(() => {
        if (probing === done) probing = undefined;
      });
    probing ??= done;
  }

  return {
    subscribe: (listener) => void listeners.push(listener),

    async state(at) {
      const known = cache.get(format.headKey(at));
      return known && isWithin(known, options.refreshSeconds) ? known.state : ask(at, known);
    },

    async entry(at, seq) {
      const record = await records.get(format.key(at, seq));
      if (!record) return undefined;
      const entry = format.open(record.bytes);
      if (format.belongs(at, entry) && entry.seq === seq) return { entry, digest: sha256Of(record.bytes) };
      const text = `Entry ${seq} of ${format.name(at)} is that of another number or chain.`;
      throw new AirlockError('record-invalid', text, { chain: format.headKey(at), seq, actual: entry.seq });
    },

    async append(at, draft) {
      for (;;) {
        const state = await refresh(at);
        const entry = draft(state, clock.now().toISOString());
        if (!entry) return false;
        const bytes = await format.sign(entry);
        // A crash before this line leaves nothing; after it the entry counts, whoever reads it next.
        if (!(await records.create(format.key(at, entry.seq), bytes))) continue;
        try {
          // A reading that began before our entry may answer first: the caller must see its own act.
          while ((await refresh(at)).seq < entry.seq);
        } catch (error) {
          if (!isAirlockError(error, 'store-unavailable')) throw error;
          remember(at, format.replay(state, entry, sha256Of(bytes)));
        }
        return true;
      }
    },
  };
}

/** Undefined where it takes too long; it goes on then. */
async function inTime<T>(work: Promise<T>): Promise<T | undefined> {
  const timer = new AbortController();
  const late = sleep(PATIENCE_MILLISECONDS, undefined, { signal: timer.signal, ref: false }).catch(() => undefined);
  try {
    return await Promise.race([work, late]);
  } finally {
    timer.abort();
  }
}

function missing(name: string, seq: number): AirlockError {
  return new AirlockError(
    'record-invalid',
    `Entry ${seq} of ${name} is missing, and later ones are there. Nothing that depends on it is served until it is back.`,
    { chain: name, seq },
  );
}

function rolledBack(name: string, found: number, seen: number): AirlockError {
  return new AirlockError(
    'journal-rolled-back',
    `The store has ${found} entries of ${name}, and ${seen} were seen before: it was rolled back or replaced. Nothing that depends on it is served until the newer store is back.`,
    { chain: name, found, seen },
  );
}
