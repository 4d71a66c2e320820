// SPDX-License-Identifier: Apache-2.0
import { type JournalEntry, type JournalEvent, openJournalEntry, signJournalEntry } from '#src/attest/journal-entry.ts';
import type { KeyRole, PublicKey, Signer } from '#src/attest/signer.ts';
import type { Sha256 } from '#src/domain/digest.ts';
import { type Repo, repoKey } from '#src/domain/repo.ts';
import { type ChainFormat, type ChainOptions, createChains } from './chain.ts';
import { journalKey, journalPrefix } from './keys.ts';
import { EMPTY_STATE, type RepoState, replay } from './repo-state.ts';

/** The truth about a repo: a chain of signed records ({@link createChains}). */
export interface Journal {
  /** The verified state, at most `refreshSeconds` behind the store. @throws AirlockError record-invalid, signature-invalid, journal-rolled-back, store-unavailable */
  state(repo: Repo): Promise<RepoState>;
  /**
   * Append an event, unless `applies` says that the state no longer wants it; false then. Of two writers at the same
   * time one goes first, and the other asks `applies` again. Durable when it returns true.
   */
  append(
    repo: Repo,
    event: JournalEvent,
    act: { by: string; reason: string },
    applies: (state: RepoState) => boolean,
  ): Promise<boolean>;
  /** One entry, with the digest of its bytes; undefined where there is none. @throws as {@link state} */
  entry(repo: Repo, seq: number): Promise<{ readonly entry: JournalEntry; readonly digest: Sha256 } | undefined>;
  /** Hear of each repo whose entries were read on, whoever wrote them; up to the process's end. Must not throw. */
  subscribe(listener: (repo: Repo, seq: number) => void): void;
}

export interface JournalOptions extends Omit<ChainOptions, 'cachedChains' | 'cachedWeight'> {
  readonly signers: Record<KeyRole, Signer>;
  readonly keys: readonly PublicKey[];
  readonly cachedRepos: number;
}

/** Commits and pins over all repos: some 500 bytes each, with who did it and why, are 50 MB. */
const CACHED_ACTS = 100_000;

export function createJournal(options: JournalOptions): Journal {
  const { signers, keys, cachedRepos } = options;
  const format: ChainFormat<Repo, RepoState, JournalEntry> = {
    name: (repo) => `the journal of ${repoKey(repo)}`,
    headKey: repoKey,
    prefix: journalPrefix,
    key: journalKey,
    empty: EMPTY_STATE,
    open: (bytes) => openJournalEntry(bytes, keys),
    sign: (entry) => signJournalEntry(signers, entry),
    belongs: (repo, entry) => repoKey(entry.repo) === repoKey(repo),
    replay,
    weigh: ({ commits, pins }) => commits.size + pins.size,
  };
  const chains = createChains({ ...options, cachedChains: cachedRepos, cachedWeight: CACHED_ACTS }, format);
  return {
    ...chains,
    append: (repo, event, { by, reason }, applies) =>
      chains.append(repo, (state, at) => {
        if (!applies(state)) return undefined;
        return { repo, seq: state.seq + 1, previous: state.head, at, by, reason, event };
      }),
  };
}
