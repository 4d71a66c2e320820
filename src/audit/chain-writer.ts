// SPDX-License-Identifier: Apache-2.0
import { type AuditEvent, type ChainKind, signAuditRecord } from '#src/attest/audit-record.ts';
import type { Signer } from '#src/attest/signer.ts';
import type { Clock } from '#src/domain/clock.ts';
import { type Sha256, sha256Of } from '#src/domain/digest.ts';
import { AirlockError } from '#src/domain/errors.ts';
import type { RecordStore } from '#src/store/record-store.ts';
import { type ChainEndDeps, type ChainHead, findChainEnd } from './chain-end.ts';
import { chainName, recordKey } from './keys.ts';
import { newWriterId, type WriterId } from './writer-id.ts';

/** The one writer of a chain. Events of the same time share a record, in the order in which they came. */
export interface ChainWriter {
  /** Durable in the store when it resolves. What it throws may have been written all the same: see `onLate`. */
  append(...events: readonly AuditEvent[]): Promise<void>;
  /** The chain that it writes now, where what came before is written. @throws AirlockError store-unavailable */
  name(): Promise<string>;
  /** Until nothing waits any more. */
  idle(): Promise<void>;
}

export interface ChainWriterDeps extends ChainEndDeps {
  readonly kind: ChainKind;
  readonly records: RecordStore;
  readonly signer: Signer;
  readonly clock: Clock;
  readonly id: WriterId;
  /** These events stand in the chain, and whoever brought them was told that they do not. Must not throw. */
  readonly onLate: (events: readonly AuditEvent[]) => void;
  /** The chain does not end as this process left it: a new one was begun. A security error. */
  readonly onBroken: (chain: string, problem: string) => void;
}

const EMPTY: ChainHead = { seq: 0, digest: null };
/** A store that says "taken" and has nothing there, so many times. */
const TRIES = 10;
/** In one record: opening and checking it must not hold up others for long. */
export const MAX_EVENTS = 500;

interface Waiting {
  readonly events: readonly AuditEvent[];
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

/** A record that was sent, and whose answer was lost. */
type Attempts = Map<Sha256, readonly AuditEvent[]>;

interface OpenChain {
  readonly writer: string;
  readonly name: string;
  head: ChainHead;
  readonly attempts: Attempts;
}

export function createChainWriter(deps: ChainWriterDeps): ChainWriter {
  const { kind, records, signer, clock, heads } = deps;
  const queue: Waiting[] = [];
  let chain: OpenChain | undefined;
  let working: Promise<void> | undefined;

  async function open(): Promise<OpenChain> {
    const writer = await deps.id.read();
    if (writer === undefined) return first();
    const end = await findChainEnd(deps, chainName(kind, writer));
    return 'problem' in end ? begin(chainName(kind, writer), end.problem) : opened(writer, end);
  }

  async function first(): Promise<OpenChain> {
    const writer = newWriterId();
    // A crash behind this line leaves the name of a chain without a record, which is none.
    await deps.id.save(writer);
    return opened(writer, EMPTY);
  }

  /** The first record of the new chain tells of the old one, so that the old one can not be forgotten. */
  async function begin(broken: string, problem: string): Promise<OpenChain> {
    const fresh = opened(newWriterId(), EMPTY);
    await write(fresh, [{ type: 'chain-broken', at: clock.now().toISOString(), chain: broken, problem }]);
    // A crash before this line leaves a chain of one record, and the next start finds the broken one again.
    await deps.id.save(fresh.writer);
    deps.onBroken(broken, problem);
    return fresh;
  }

  function opened(writer: string, head: ChainHead): OpenChain {
    return { writer, name: chainName(kind, writer), head, attempts: new Map() };
  }

  /** @throws AirlockError store-unavailable, store-full: the record may be there, and `attempts` knows of it */
  async function write(to: OpenChain, all: readonly AuditEvent[]): Promise<void> {
    let events = all;
    for (let tries = 0; tries < TRIES; tries++) {
      const { seq, digest: previous } = to.head;
      const record = { kind, writer: to.writer, seq: seq + 1, previous, at: clock.now().toISOString(), events };
      const bytes = await signAuditRecord(signer, record);
      const digest = sha256Of(bytes);
      to.attempts.set(digest, events);
      // A crash before this line leaves nothing; after it the events happened, and the next start finds the record.
      const created = await records.create(recordKey(to.name, seq + 1), bytes);
      if (created) return advance(to, digest).catch((error: unknown) => late(events, error));
      // Taken: by a record of ours whose answer was lost, or by a stranger.
      to.attempts.delete(digest);
      const landed = await yieldTo(to);
      deps.onLate([...landed].filter((event) => !all.includes(event)));
      events = events.filter((event) => !landed.has(event));
      if (events.length === 0) return;
    }
    throw new AirlockError('store-unavailable', `The store neither takes nor has a next record of ${to.name}.`);
  }

  function late(events: readonly AuditEvent[], error: unknown): never {
    deps.onLate(events);
    throw error;
  }

  async function advance(to: OpenChain, digest: Sha256): Promise<void> {
    to.head = { seq: to.head.seq + 1, digest };
    to.attempts.clear();
    await heads.advance(to.name, to.head.seq, digest);
  }

  /** What stands in our place is a record of ours, after which the chain goes on; or this is no longer our chain. */
  async function yieldTo(to: OpenChain): Promise<ReadonlySet<AuditEvent>> {
    const there = await records.get(recordKey(to.name, to.head.seq + 1));
    if (!there) return new Set();
    const digest = sha256Of(there.bytes);
    const ours = to.attempts.get(digest);
    if (!ours) throw new ForeignRecord(to.head.seq + 1);
    await advance(to, digest).catch((error: unknown) => late(ours, error));
    return new Set(ours);
  }

  async function commit(events: readonly AuditEvent[]): Promise<void> {
    chain ??= await open();
    if (events.length === 0) return;
    try {
      await write(chain, events);
    } catch (error) {
      if (!(error instanceof ForeignRecord)) throw error;
      const problem = `another process wrote record ${error.seq}: is its data folder a copy of this one?`;
      chain = await begin(chain.name, problem);
      await write(chain, events);
    }
  }

  function takeBatch(): Waiting[] {
    let events = 0;
    const end = queue.findIndex((waiting) => {
      events += waiting.events.length;
      return events > MAX_EVENTS;
    });
    return queue.splice(0, end < 0 ? queue.length : Math.max(end, 1));
  }

  async function work(): Promise<void> {
    while (queue.length > 0) {
      const batch = takeBatch();
      try {
        await commit(batch.flatMap(({ events }) => events));
        for (const { done } of batch) done();
      } catch (error) {
        for (const { failed } of batch) failed(error);
      }
    }
    working = undefined;
  }

  function append(...events: readonly AuditEvent[]): Promise<void> {
    return new Promise((done, failed) => {
      queue.push({ events, done, failed });
      working ??= work();
    });
  }

  return {
    append,
    name: async () => {
      await append();
      return (chain ?? (await open())).name;
    },
    idle: async () => {
      while (working) await working;
    },
  };
}

class ForeignRecord extends Error {
  readonly seq: number;

  constructor(seq: number) {
    super(`record ${seq} is not ours`);
    this.seq = seq;
  }
}
