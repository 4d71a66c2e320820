// SPDX-License-Identifier: Apache-2.0
import { type ChainKind, openAuditRecord } from '#src/attest/audit-record.ts';
import type { PublicKey } from '#src/attest/signer.ts';
import type { Clock } from '#src/domain/clock.ts';
import { type Sha256, sha256Of } from '#src/domain/digest.ts';
import type { Index } from '#src/index/index.ts';
import type { RecordStore } from '#src/store/record-store.ts';
import type { ChainWriter } from './chain-writer.ts';
import { recordKey, seqOfKey } from './keys.ts';

export interface PruneDeps {
  readonly records: Pick<RecordStore, 'get' | 'list' | 'remove'>;
  readonly auditEvents: Pick<Index['auditEvents'], 'forget'>;
  readonly keys: readonly PublicKey[];
  readonly clock: Clock;
}

export interface RetentionDeps extends PruneDeps {
  readonly chains: Readonly<Record<ChainKind, ChainWriter>>;
  /** Null: for ever. */
  readonly keepDays: Readonly<Record<ChainKind, number | null>>;
  readonly onError: (error: unknown) => void;
}

const DAY_MILLISECONDS = 86_400_000;
/** Soon after a start, and then once a day. */
const FIRST_MILLISECONDS = 60_000;

/** Remove what was kept for long enough, again and again; the returned function ends it. */
export function startRetention(deps: RetentionDeps): () => Promise<void> {
  const { chains, keepDays } = deps;
  const kinds = (['acts', 'accesses'] as const).filter((kind) => keepDays[kind] !== null);
  let running: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;

  async function pass(): Promise<void> {
    for (const kind of kinds)
      await prune(deps, chains[kind], keepDays[kind] ?? Number.POSITIVE_INFINITY).catch(deps.onError);
  }
  function begin(after: number): void {
    timer = setTimeout(() => {
      running = pass();
      begin(DAY_MILLISECONDS);
    }, after).unref();
  }
  if (kinds.length > 0) begin(FIRST_MILLISECONDS);
  return async () => {
    clearTimeout(timer);
    await running;
  };
}

/**
 * Remove the records of a chain that are older than so many days, from its beginning on, and never its last one. How many
 * there were. What does not verify is evidence, and stays with all that follow it.
 */
export async function prune(deps: PruneDeps, writer: ChainWriter, days: number): Promise<number> {
  const chain = await writer.name();
  const before = new Date(deps.clock.now().getTime() - days * DAY_MILLISECONDS).toISOString();
  const { old, last } = await oldRecords(deps, chain, before);
  if (!last) return 0;
  // A crash before this line leaves everything. Behind it the records are removed by right, so that a part of them may
  // be missing: from the beginning on, and the next pass removes the rest.
  await writer.append({ type: 'checkpoint', at: deps.clock.now().toISOString(), ...last });
  // First: a crash behind the removal would leave rows that nobody comes back for.
  await deps.auditEvents.forget(chain, last.through);
  for (const seq of old) await deps.records.remove(recordKey(chain, seq));
  return old.length;
}

async function oldRecords(
  { records, keys }: PruneDeps,
  chain: string,
  before: string,
): Promise<{ old: number[]; last?: { through: number; digest: Sha256 } }> {
  const old: number[] = [];
  let last: { through: number; digest: Sha256 } | undefined;
  for await (const key of records.list(`${chain}/`)) {
    const seq = seqOfKey(chain, key);
    const stored = seq === undefined ? undefined : await records.get(key);
    if (seq === undefined || !stored || (last && seq !== last.through + 1)) break;
    const record = openAuditRecord(stored.bytes, keys);
    if (record.at >= before || record.seq !== seq) break;
    old.push(seq);
    last = { through: seq, digest: sha256Of(stored.bytes) };
  }
  return last ? { old, last } : { old };
}
