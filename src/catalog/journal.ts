// SPDX-License-Identifier: Apache-2.0
import { type JournalEntry, type JournalEvent, openJournalEntry, signJournalEntry } from '#src/attest/journal-entry.ts';
import type { KeyRole, PublicKey, Signer } from '#src/attest/signer.ts';
import type { Clock } from '#src/domain/clock.ts';
import { type Sha256, sha256Of } from '#src/domain/digest.ts';
import { AirlockError } from '#src/domain/errors.ts';
import { type Repo, repoKey } from '#src/domain/repo.ts';
import type { Index } from '#src/index/index.ts';
import type { RecordStore, StoredRecord } from '#src/store/record-store.ts';
import { boundedCache } from './bounded-cache.ts';
import { journalKey, journalPrefix } from './keys.ts';
import { EMPTY_STATE, type RepoState, replay } from './repo-state.ts';

/**
 * The truth about a repo: signed records, numbered from 1, each naming the digest of the one before.
 *
 * What makes old copies worthless: an edited or removed record breaks the chain; the index remembers the highest number
 * and digest that was seen, so a store that was put back to an earlier state is refused; and an edited index can only
 * make us refuse, because nothing in it is believed without the signed record. (Where store *and* index are put back
 * together, this process can not tell. A transparency log kept elsewhere will.)
 */
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
  /** Hear of each repo whose entries were read on, whoever wrote them; up to the process's end. Must not throw. */
  subscribe(listener: (repo: Repo, seq: number) => void): void;
}

export interface JournalOptions {
  readonly records: RecordStore;
  readonly index: Pick<Index, 'heads'>;
  readonly signers: Record<KeyRole, Signer>;
  readonly keys: readonly PublicKey[];
  readonly clock: Clock;
  /** How long a state may be served without asking the store for a further entry. */
  readonly refreshSeconds: number;
  readonly cachedRepos: number;
}

interface Cached {
  readonly state: RepoState;
  readonly checkedAt: number;
}

/** Commits and pins over all repos: some 500 bytes each, with who did it and why, are 50 MB. */
const CACHED_ACTS = 100_000;

export function createJournal(options: JournalOptions): Journal {
  const { records, index, clock } = options;
  const cache = boundedCache<Cached>(
    options.cachedRepos,
    CACHED_ACTS,
    ({ state }) => state.commits.size + state.pins.size,
  );
  const loading = new Map<string, Promise<RepoState>>();
  const listeners: ((repo: Repo, seq: number) => void)[] = [];

  async function load(repo: Repo, from: RepoState): Promise<RepoState> {
    const key = repoKey(repo);
    // The time before the first question: a slow store must not make an old answer look new.
    const checkedAt = clock.now().getTime();
    const seen = await index.heads.get(key);
    let state = from;
    for (;;) {
      const next = await records.get(journalKey(repo, state.seq + 1));
      // Asked once per repo and process: a removed entry shows even where the index has forgotten how far it went.
      const record = next ?? (from.seq === 0 ? await lateEntry(repo, state.seq + 1) : undefined);
      if (!record) break;
      const entry = openJournalEntry(record.bytes, options.keys);
      checkLink(repo, state, entry);
      const digest = sha256Of(record.bytes);
      if (seen?.seq === entry.seq && seen.digest !== digest) throw rolledBack(repo, entry.seq, seen.seq);
      state = replay(state, entry, digest);
    }
    if (seen && state.seq < seen.seq) throw rolledBack(repo, state.seq, seen.seq);
    if (state.head && (!seen || state.seq > seen.seq)) await index.heads.advance(key, state.seq, state.head);
    cache.set(key, { state, checkedAt });
    if (state.seq > from.seq) for (const listener of listeners) listener(repo, state.seq);
    return state;
  }

  /**
   * An entry that was written since it was looked for; undefined where the journal ends before it.
   * @throws AirlockError record-invalid when only later entries are there
   */
  async function lateEntry(repo: Repo, seq: number): Promise<StoredRecord | undefined> {
    for await (const key of records.list(journalPrefix(repo))) {
      if (key < journalKey(repo, seq)) continue;
      const record = await records.get(journalKey(repo, seq));
      if (record) return record;
      throw missing(repo, seq);
    }
    return undefined;
  }

  /** Read on from what is known; callers at the same time share one reading. */
  function refresh(repo: Repo): Promise<RepoState> {
    const key = repoKey(repo);
    const running = loading.get(key);
    if (running) return running;
    const reading = load(repo, cache.get(key)?.state ?? EMPTY_STATE).finally(() => loading.delete(key));
    loading.set(key, reading);
    return reading;
  }

  return {
    subscribe: (listener) => void listeners.push(listener),

    async state(repo) {
      const known = cache.get(repoKey(repo));
      if (!known) return refresh(repo);
      const age = clock.now().getTime() - known.checkedAt;
      // A clock that was put back must not keep a state for as long.
      return age >= 0 && age < options.refreshSeconds * 1000 ? known.state : refresh(repo);
    },

    async append(repo, event, { by, reason }, applies) {
      for (;;) {
        const state = await refresh(repo);
        if (!applies(state)) return false;
        const entry: JournalEntry = {
          repo,
          seq: state.seq + 1,
          previous: state.head,
          at: clock.now().toISOString(),
          by,
          reason,
          event,
        };
        const bytes = await signJournalEntry(options.signers, entry);
        // A crash before this line leaves nothing; after it the entry counts, whoever reads it next.
        if (!(await records.create(journalKey(repo, entry.seq), bytes))) continue;
        // A reading that began before our entry may answer first: the caller must see its own act.
        while ((await refresh(repo)).seq < entry.seq);
        return true;
      }
    },
  };
}

function checkLink(repo: Repo, state: RepoState, entry: JournalEntry): void {
  const right = repoKey(entry.repo) === repoKey(repo) && entry.seq === state.seq + 1 && entry.previous === state.head;
  if (right) return;
  throw new AirlockError(
    'record-invalid',
    `Journal entry ${state.seq + 1} of ${repoKey(repo)} does not follow the entry before it.`,
    {
      repo: repoKey(repo),
      seq: entry.seq,
      expected: state.head ?? 'none',
      actual: (entry.previous as Sha256 | null) ?? 'none',
    },
  );
}

function missing(repo: Repo, seq: number): AirlockError {
  return new AirlockError(
    'record-invalid',
    `Journal entry ${seq} of ${repoKey(repo)} is missing, and later ones are there. Nothing of this repo is served until it is back.`,
    { repo: repoKey(repo), seq },
  );
}

function rolledBack(repo: Repo, found: number, seen: number): AirlockError {
  return new AirlockError(
    'journal-rolled-back',
    `The journal of ${repoKey(repo)} was rolled back or replaced: the store has ${found} entries, ${seen} were seen before. Nothing of this repo is served until the newer store is back.`,
    { repo: repoKey(repo), found, seen },
  );
}
