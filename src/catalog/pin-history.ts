// SPDX-License-Identifier: Apache-2.0
import { AirlockError } from '#src/domain/errors.ts';
import { type Repo, repoKey } from '#src/domain/repo.ts';
import type { CommitSha, Ref, RefKind } from '#src/domain/revision.ts';
import type { Journal } from './journal.ts';

/** One move of a ref, as it was signed. `from` is null for the first pin, or where that lies further back than was read. */
export interface PinMove {
  readonly seq: number;
  readonly ref: Ref;
  readonly kind: RefKind;
  readonly from: CommitSha | null;
  readonly to: CommitSha;
  readonly by: string;
  readonly at: string;
  readonly reason: string;
}

export interface PinHistory {
  /** The newest first. */
  readonly moves: readonly PinMove[];
  /** Where the next page begins: give it as `before`. Not there when all was read. */
  readonly next?: number;
}

export interface PinHistoryQuery {
  readonly ref?: Ref | undefined;
  /** Only entries of a lower number. */
  readonly before?: number | undefined;
  readonly limit: number;
}

/** Entries that one page reads: each is a record of the store, and a repo may have thousands about other things. */
const READ_ENTRIES = 500;

/**
 * Every pin of a repo, from its journal, backwards. Each entry is verified, and must be the one that the entry after it
 * names.
 * @throws AirlockError record-invalid, signature-invalid, store-unavailable
 */
export async function pinHistory(
  journal: Pick<Journal, 'state' | 'entry'>,
  repo: Repo,
  { ref, before, limit }: PinHistoryQuery,
): Promise<PinHistory> {
  const { seq, head } = await journal.state(repo);
  const from = Math.min(seq, (before ?? seq + 1) - 1);
  let expected = from === seq ? head : (await journal.entry(repo, from + 1))?.entry.previous;
  const moves: PinMove[] = [];
  for (let at = from; at > 0; at--) {
    if (from - at >= READ_ENTRIES) return { moves: moves.slice(0, limit), next: nextOf(moves, limit, at + 1) };
    const found = await journal.entry(repo, at);
    if (!found || found.digest !== expected) throw altered(repo, at);
    expected = found.entry.previous;
    const { event, by, reason } = found.entry;
    if (event.type !== 'pin' || (ref !== undefined && event.ref !== ref)) continue;
    link(moves, event.ref, event.commit);
    if (moves.length > limit && moves.slice(0, limit).every((move) => move.from !== null)) break;
    const { ref: name, refKind: kind, commit: to } = event;
    moves.push({ seq: at, ref: name, kind, from: null, to, by, at: found.entry.at, reason });
  }
  return moves.length > limit ? { moves: moves.slice(0, limit), next: nextOf(moves, limit, 1) } : { moves };
}

/** An older pin of the same ref is where the move after it began. */
function link(moves: PinMove[], ref: Ref, commit: CommitSha): void {
  const i = moves.findLastIndex((move) => move.ref === ref);
  const move = moves[i];
  if (move && move.from === null) moves[i] = { ...move, from: commit };
}

function nextOf(moves: readonly PinMove[], limit: number, read: number): number {
  return moves.length > limit ? (moves[limit - 1]?.seq ?? read) : read;
}

function altered(repo: Repo, seq: number): AirlockError {
  return new AirlockError(
    'record-invalid',
    `Entry ${seq} of the journal of ${repoKey(repo)} is not the one that was read before.`,
    {
      repo: repoKey(repo),
      seq,
    },
  );
}
