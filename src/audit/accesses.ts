// SPDX-License-Identifier: Apache-2.0
import type { AccessEvent, AuditEvent, RefusalEvent } from '#src/attest/audit-record.ts';
import type { Clock } from '#src/domain/clock.ts';
import { AirlockError, isAirlockError } from '#src/domain/errors.ts';
import type { Release, ReleaseFile } from '#src/domain/release.ts';
import { type ChainWriter, MAX_EVENTS } from './chain-writer.ts';
import { textOrNull } from './details.ts';

/** What left the mirror. `issued`: a URL of the store was given out; `asked`: HEAD, no byte. */
export type Served = 'whole' | 'part' | 'issued' | 'asked';

/** Who a request comes from. */
export interface Visitor {
  readonly actor: { readonly id: string; readonly owner: string } | undefined;
  readonly address: string | undefined;
}

/**
 * Who was served which file of a release, and who was turned away: added up in memory, one sum for each (who, file), and
 * written every few seconds for all of them together. A process that is killed loses what it has not written, which is so
 * many seconds at most.
 */
export interface Accesses {
  /**
   * Before the first byte leaves. One look into a map: serving waits for nothing.
   * @throws AirlockError audit-unavailable where the store has not taken anything for long, and what is not counted is
   * not served
   */
  served(visitor: Visitor, release: Release, file: ReleaseFile, how: Served, bytes: number): void;
  refused(visitor: Visitor, status: number): void;
  /** These were written, though the store did not say so. */
  landed(events: readonly AuditEvent[]): void;
  /** Write what is left. What the store does not take is lost then. */
  stop(): Promise<void>;
}

export interface AccessesDeps {
  readonly chain: ChainWriter;
  readonly clock: Clock;
  readonly writeSeconds: number;
  /** What is not counted is not served. */
  readonly required: boolean;
  /** What could not be written is kept, and tried again. */
  readonly onError: (error: unknown) => void;
  /** Sums that are kept while the store is away. Default: 100,000, some 50 MB. */
  readonly maxKept?: number;
}

const MAX_KEPT = 100_000;
/** So many are written before their time. */
const MANY = 5000;
/** Of strangers that were turned away. Those beyond are one sum: whoever sends nonsense can not fill the memory. */
const MAX_REFUSED = 1000;

interface Sum {
  readonly visitor: Visitor;
  readonly release: Release;
  readonly file: ReleaseFile;
  readonly first: number;
  last: number;
  readonly counts: Record<Served, number>;
  bytes: number;
}

interface Refused {
  readonly visitor: Visitor;
  readonly status: number;
  readonly first: number;
  last: number;
  count: number;
}

export function createAccesses(deps: AccessesDeps): Accesses {
  const { chain, clock, required, maxKept = MAX_KEPT } = deps;
  let sums = new Map<ReleaseFile, Map<string, Sum>>();
  let size = 0;
  let refusals = new Map<string, Refused>();
  let uncounted = 0;
  /** Sums that the store has not taken yet. */
  let kept: AuditEvent[] = [];
  const landed = new WeakSet<AuditEvent>();
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> = Promise.resolve();

  function take(): AuditEvent[] {
    const all = [...sums.values()].flatMap((byWho) => [...byWho.values()].map(accessEvent));
    const events: AuditEvent[] = [...all, ...[...refusals.values()].map(refusalEvent)];
    if (uncounted > 0) events.push({ type: 'uncounted', at: clock.now().toISOString(), answers: uncounted });
    [sums, size, refusals, uncounted] = [new Map(), 0, new Map(), 0];
    return events;
  }

  async function write(): Promise<void> {
    const events = [...kept, ...take()];
    // Still kept while they are on their way: they take up memory, and may come back.
    kept = events;
    for (let at = 0; at < events.length; at += MAX_EVENTS) {
      const batch = events.slice(at, at + MAX_EVENTS);
      try {
        await chain.append(...batch);
        for (const event of batch) landed.add(event);
      } catch (error) {
        deps.onError(error);
        if (isAirlockError(error, 'store-unavailable', 'store-full')) break;
        // What can not be signed never will be: it must not hold up the rest.
        uncounted += batch.length;
        for (const event of batch) landed.add(event);
      }
    }
    kept = kept.filter((event) => !landed.has(event));
  }

  function begin(): void {
    clearTimeout(timer);
    timer = undefined;
    writing = writing.then(write).then(() => {
      if (kept.length > 0) arm();
    });
  }

  function arm(): void {
    timer ??= setTimeout(begin, deps.writeSeconds * 1000).unref();
  }

  /** A further sum may be kept. */
  function hasRoom(how: Served): boolean {
    if (size + kept.length < maxKept) return true;
    if (required && how !== 'asked') throw full();
    uncounted++;
    return false;
  }

  return {
    served: (visitor, release, file, how, bytes) => {
      let byWho = sums.get(file);
      const who = `${visitor.actor?.id ?? ''} ${visitor.address ?? ''}`;
      const now = clock.now().getTime();
      let sum = byWho?.get(who);
      if (!sum) {
        if (!hasRoom(how)) return;
        sum = {
          visitor,
          release,
          file,
          first: now,
          last: now,
          counts: { whole: 0, part: 0, issued: 0, asked: 0 },
          bytes: 0,
        };
        byWho ??= new Map();
        sums.set(file, byWho);
        byWho.set(who, sum);
        size++;
        if (size === MANY) begin();
        else arm();
      }
      sum.counts[how]++;
      sum.bytes += bytes;
      sum.last = now;
    },
    refused: (visitor, status) => {
      const now = clock.now().getTime();
      const known = refusals.size < MAX_REFUSED ? visitor : { actor: undefined, address: undefined };
      const key = (one: Visitor) => `${status} ${one.actor?.id ?? ''} ${one.address ?? ''}`;
      const sum = refusals.get(key(visitor)) ?? refusals.get(key(known));
      if (sum) Object.assign(sum, { count: sum.count + 1, last: now });
      else refusals.set(key(known), { visitor: known, status, first: now, last: now, count: 1 });
      arm();
    },
    landed: (events) => {
      for (const event of events) landed.add(event);
      kept = kept.filter((event) => !landed.has(event));
    },
    stop: async () => {
      begin();
      await writing;
      clearTimeout(timer);
    },
  };
}

function accessEvent({ visitor, release, file, first, last, counts, bytes }: Sum): AccessEvent {
  const { repo, commit } = release;
  const { path, sha256 } = file;
  return {
    type: 'access',
    ...span(first, last),
    ...who(visitor),
    owner: textOrNull(visitor.actor?.owner),
    repo,
    commit,
    path,
    sha256,
    ...counts,
    bytes,
  };
}

function refusalEvent({ visitor, status, first, last, count }: Refused): RefusalEvent {
  return { type: 'refusal', ...span(first, last), ...who(visitor), status, count };
}

function span(first: number, last: number): { at: string; last: string } {
  return { at: new Date(first).toISOString(), last: new Date(last).toISOString() };
}

function who({ actor, address }: Visitor): { actor: string | null; address: string | null } {
  return { actor: textOrNull(actor?.id), address: textOrNull(address) };
}

function full(): AirlockError {
  const message =
    'This mirror serves only what it can count, and its store has not taken the counts for a long while. Try again later, and tell its operators.';
  return new AirlockError('audit-unavailable', message);
}
