// SPDX-License-Identifier: Apache-2.0
import { type Sha256, sha256Of } from '#src/domain/digest.ts';
import { isAirlockError, messageOf } from '#src/domain/errors.ts';
import type { Index } from '#src/index/index.ts';
import type { RecordStore } from '#src/store/record-store.ts';
import { type ChainSource, type OpenedRecord, placeOf } from './source.ts';

/** What a look at every record says, as it goes on. */
export type Finding =
  | { readonly type: 'progress'; readonly records: number; readonly chains: number }
  | { readonly type: 'problem'; readonly chain: string; readonly record: string | null; readonly problem: string }
  | { readonly type: 'end'; readonly records: number; readonly chains: number; readonly problems: number };

export interface VerifyDeps {
  readonly records: Pick<RecordStore, 'get' | 'list'>;
  readonly heads: Index['heads'];
  readonly sources: readonly ChainSource[];
}

/** What was seen of a chain before. */
interface Seen {
  readonly seq: number;
  readonly digest: Sha256;
}

const PROGRESS = 500;

/**
 * Read every record of every chain: signature, place, link to the one before, and the end as it was ever seen. Whatever
 * was edited, dropped, moved, put in or cut off is named once, by its record.
 * @throws AirlockError store-unavailable
 */
export async function* verifyChains({ records, heads, sources }: VerifyDeps): AsyncGenerator<Finding> {
  // Before the names are listed: what is written meanwhile can only be more.
  const seen = new Map((await heads.all()).map(({ repoKey, seq, digest }) => [repoKey, { seq, digest }]));
  const counts = { records: 0, chains: 0, problems: 0 };
  let check: ChainCheck | undefined;
  const told = function* (chain: string, problems: readonly Trouble[]): Generator<Finding> {
    counts.problems += problems.length;
    for (const { record, problem } of problems) yield { type: 'problem', chain, record, problem };
  };
  for (const source of sources) {
    for await (const key of records.list(source.prefix)) {
      const place = placeOf(key);
      if (!place) yield* told(source.prefix, [{ record: key, problem: 'it is no record of a chain' }]);
      if (!place) continue;
      if (check?.chain !== place.chain) {
        if (check) yield* told(check.chain, await finish(check, heads));
        const headKey = source.headKey(place.chain);
        check = new ChainCheck(place.chain, source, seen.get(headKey));
        seen.delete(headKey);
        counts.chains++;
      }
      const stored = await records.get(key);
      if (stored) yield* told(place.chain, check.next(key, place.seq, stored.bytes));
      counts.records++;
      if (counts.records % PROGRESS === 0) yield { type: 'progress', records: counts.records, chains: counts.chains };
    }
  }
  if (check) yield* told(check.chain, await finish(check, heads));
  for (const [chain, { seq }] of seen)
    yield* told(chain, [{ record: null, problem: `${seq} records were seen before, and none is there` }]);
  yield { type: 'end', ...counts };
}

/** Nobody but the audit remembers other processes' chains: from now on, as far as they were found whole. */
async function finish(check: ChainCheck, heads: Index['heads']): Promise<readonly Trouble[]> {
  const problems = check.end();
  const { source, chain, seq, digest, isWhole } = check;
  if (source.remembers && isWhole && digest) await heads.advance(source.headKey(chain), seq, digest);
  return problems;
}

interface Trouble {
  readonly record: string | null;
  readonly problem: string;
}

/** One chain, record by record. */
class ChainCheck {
  readonly chain: string;
  readonly source: ChainSource;
  readonly #seen: Seen | undefined;
  seq = 0;
  /** Of the record before; undefined where that one is missing or not what it should be. */
  digest: Sha256 | null | undefined = null;
  isWhole = true;
  /** Records at the beginning that are not there, and what the first one that is says of the last of them. */
  #cut: { through: number; previous: Sha256 | null | undefined } | undefined;
  #removed: { readonly through: number; readonly digest: Sha256 } | undefined;

  constructor(chain: string, source: ChainSource, seen: Seen | undefined) {
    this.chain = chain;
    this.source = source;
    this.#seen = seen;
  }

  next(record: string, seq: number, bytes: Buffer): Trouble[] {
    const problems: string[] = [];
    if (seq !== this.seq + 1) problems.push(...this.#gap(seq));
    const opened = this.#open(bytes, seq);
    const digest = sha256Of(bytes);
    if (typeof opened === 'string') problems.push(opened);
    else {
      if (this.digest !== undefined && opened.previous !== this.digest)
        problems.push('it does not follow the record before it: one of the two was replaced');
      if (this.#cut && this.#cut.through === seq - 1) this.#cut.previous = opened.previous;
      this.#removed = opened.removed ?? this.#removed;
      // Edited ones say so already.
      if (this.#seen?.seq === seq && this.#seen.digest !== digest)
        problems.push('it is another one than was seen before');
    }
    this.seq = seq;
    this.digest = typeof opened === 'string' ? undefined : digest;
    this.isWhole &&= problems.length === 0;
    return problems.map((problem) => ({ record, problem }));
  }

  /** What is missing in the middle was dropped; at the beginning it may have been removed on purpose. */
  #gap(seq: number): string[] {
    const missing = this.seq + 1 === seq - 1 ? `record ${seq - 1} is` : `records ${this.seq + 1} to ${seq - 1} are`;
    this.digest = undefined;
    if (this.seq > 0) return [`${missing} missing before it`];
    this.#cut = { through: seq - 1, previous: undefined };
    return [];
  }

  #open(bytes: Buffer, seq: number): OpenedRecord | string {
    try {
      const opened = this.source.open(bytes);
      if (opened.chain === this.chain && opened.seq === seq) return opened;
      return `it is record ${opened.seq} of ${opened.chain}, in another place`;
    } catch (error) {
      if (isAirlockError(error, 'signature-invalid', 'record-invalid')) return `it was edited: ${messageOf(error)}`;
      throw error;
    }
  }

  end(): Trouble[] {
    const problems = [...this.#beginning(), ...this.#ending()];
    this.isWhole &&= problems.length === 0;
    return problems.map((problem) => ({ record: null, problem }));
  }

  #beginning(): string[] {
    if (!this.#cut) return [];
    const { through, previous } = this.#cut;
    if (!this.#removed || this.#removed.through < through)
      return [`records 1 to ${through} are missing, and no checkpoint says that they were removed`];
    const isNamed = this.#removed.through > through || previous === this.#removed.digest;
    return isNamed ? [] : [`record ${through + 1} does not follow the last one that the checkpoint removed`];
  }

  #ending(): string[] {
    if (!this.#seen || this.seq >= this.#seen.seq) return [];
    return [`records ${this.seq + 1} to ${this.#seen.seq} were seen before, and are not there: the end was cut off`];
  }
}
