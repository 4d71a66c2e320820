// SPDX-License-Identifier: Apache-2.0
import { type AuditRecord, openAuditRecord } from '#src/attest/audit-record.ts';
import type { PublicKey } from '#src/attest/signer.ts';
import { type Sha256, sha256Of } from '#src/domain/digest.ts';
import { isAirlockError, messageOf } from '#src/domain/errors.ts';
import type { Index } from '#src/index/index.ts';
import type { RecordStore } from '#src/store/record-store.ts';
import { chainName, recordKey, seqOfKey } from './keys.ts';

/** Where a chain goes on. */
export interface ChainHead {
  readonly seq: number;
  readonly digest: Sha256 | null;
}

export interface ChainEndDeps {
  readonly records: Pick<RecordStore, 'get' | 'list'>;
  readonly heads: Index['heads'];
  readonly keys: readonly PublicKey[];
}

/**
 * The last record of a chain of ours, or in words what is wrong with its end: somebody cut it off, or put another record
 * there. Looks at the end alone, because a start must not read years; the rest is for `airlock audit verify`.
 * @throws AirlockError store-unavailable
 */
export async function findChainEnd(deps: ChainEndDeps, chain: string): Promise<ChainHead | { problem: string }> {
  const seen = await deps.heads.get(chain);
  const last = seen?.seq ?? (await lastListed(deps, chain));
  if (last === 0) return { seq: 0, digest: null };
  let head: ChainHead = { seq: last - 1, digest: null };
  // Those behind the last that was seen were written by us, and the process ended before the index knew of them.
  for (;;) {
    const stored = await deps.records.get(recordKey(chain, head.seq + 1));
    if (!stored && head.seq < last) return { problem: `record ${last} was seen before, and is not there` };
    if (!stored) return head;
    const digest = sha256Of(stored.bytes);
    if (seen?.seq === head.seq + 1 && seen.digest !== digest)
      return { problem: `record ${last} is another one than was seen before` };
    const problem = problemOf(stored.bytes, deps.keys, chain, head);
    if (problem !== undefined) return { problem: `record ${head.seq + 1}: ${problem}` };
    head = { seq: head.seq + 1, digest };
  }
}

/** Where the index is new: by the names of the records. */
async function lastListed({ records }: ChainEndDeps, chain: string): Promise<number> {
  let last = 0;
  for await (const key of records.list(`${chain}/`)) last = seqOfKey(chain, key) ?? last;
  return last;
}

function problemOf(bytes: Buffer, keys: readonly PublicKey[], chain: string, head: ChainHead): string | undefined {
  try {
    return placeProblem(openAuditRecord(bytes, keys), chain, head);
  } catch (error) {
    if (isAirlockError(error, 'signature-invalid', 'record-invalid')) return messageOf(error);
    throw error;
  }
}

/** What keeps a record from being the next one of a chain. The digest before it may be unknown. */
function placeProblem(record: AuditRecord, chain: string, head: ChainHead): string | undefined {
  const its = chainName(record.kind, record.writer);
  if (its !== chain || record.seq !== head.seq + 1) return `it is record ${record.seq} of ${its}`;
  if (head.digest !== null && record.previous !== head.digest) return 'it does not follow the record before it';
  return undefined;
}
