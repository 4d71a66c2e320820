// SPDX-License-Identifier: Apache-2.0
import type { JournalEntry } from '#src/attest/journal-entry.ts';
import type { Approval } from '#src/domain/decision.ts';
import type { Sha256 } from '#src/domain/digest.ts';
import type { CommitSha, Ref, RefKind } from '#src/domain/revision.ts';

/** Who did something, when and why. */
export interface Act {
  readonly by: string;
  readonly at: string;
  readonly reason: string;
  /** Number of the ruling, where it is one, and not an entry of the repo's own journal. */
  readonly ruling?: number;
}

/** What the journal says about one commit. */
export interface CommitState extends Act {
  /** `quarantined`: released, and no longer passing under newer scanner rules. */
  readonly status: 'approved' | 'rejected' | 'revoked' | 'quarantined' | 'open';
  /** Digest of the release statement's bundle, once there was a release. */
  readonly statement?: Sha256;
  /** The last approval by a person that no rejection or revocation has ended. */
  readonly approval?: Approval;
}

export interface Pin extends Act {
  readonly kind: RefKind;
  readonly commit: CommitSha;
}

/** A repo as its journal tells it. `seq` 0: nothing was ever decided. */
export interface RepoState {
  readonly seq: number;
  /** Digest of the last entry's bytes. */
  readonly head: Sha256 | null;
  readonly commits: ReadonlyMap<CommitSha, CommitState>;
  readonly pins: ReadonlyMap<Ref, Pin>;
  /**
   * What each ref pointed to, oldest first, up to where it points now. Going back to an earlier one forgets what came
   * after it: nobody goes back to what somebody went back from.
   */
  readonly history: ReadonlyMap<Ref, readonly CommitSha[]>;
}

/** Of one ref. */
const MAX_HISTORY = 50;

export const EMPTY_STATE: RepoState = { seq: 0, head: null, commits: new Map(), pins: new Map(), history: new Map() };

/**
 * The next state. One rule carries the gate: a `release` after a rejection or revocation counts only when a person's
 * approval lies between, so that an intake which was already running can not undo what a person decided meanwhile.
 */
export function replay(state: RepoState, entry: JournalEntry, digest: Sha256): RepoState {
  const { event } = entry;
  const act: Act = { by: entry.by, at: entry.at, reason: entry.reason };
  const next = { seq: entry.seq, head: digest };
  if (event.type === 'pin') {
    const pin: Pin = { ...act, kind: event.refKind, commit: event.commit };
    const pins = new Map(state.pins).set(event.ref, pin);
    return { ...state, ...next, pins, history: historyAfter(state.history, event.ref, event.commit) };
  }
  const now = state.commits.get(event.commit);
  const commits = new Map(state.commits).set(event.commit, commitAfter(now, act, event));
  return { ...state, ...next, commits };
}

function historyAfter(history: RepoState['history'], ref: Ref, commit: CommitSha): RepoState['history'] {
  const before = history.get(ref) ?? [];
  const at = before.indexOf(commit);
  const after = [...(at < 0 ? before : before.slice(0, at)), commit].slice(-MAX_HISTORY);
  return new Map(history).set(ref, after);
}

function commitAfter(
  now: CommitState | undefined,
  act: Act,
  event: Exclude<JournalEntry['event'], { type: 'pin' }>,
): CommitState {
  switch (event.type) {
    case 'release':
      if (now && !allowsRelease(now)) return now;
      return { ...now, ...act, status: 'approved', statement: event.statement };
    case 'approval':
      // An approval re-opens a rejected or revoked commit; only the release that follows makes it servable. One that
      // is quarantined stays so until it was judged again with this approval.
      return {
        ...(now && isReleased(now) ? now : { ...act, status: 'open' as const, ...released(now) }),
        approval: { ...act, accepts: event.accepts },
      };
    case 'rejection':
      return { ...act, status: 'rejected', ...released(now) };
    case 'revocation':
      return { ...act, status: 'revoked', ...released(now) };
    case 'quarantine':
      // What a person closed meanwhile stays closed by that person.
      if (now?.status !== 'approved') return now ?? { ...act, status: 'open' };
      // Nor does an earlier yes cover what new rules say.
      return { ...act, status: 'quarantined', ...released(now) };
  }
}

/** That it was released stays known, whatever is decided: who pulled it then has to be found. */
function released(now: CommitState | undefined): Pick<CommitState, 'statement'> {
  return now?.statement === undefined ? {} : { statement: now.statement };
}

/** Every person's yes to a commit of the repo that nothing has ended since. */
export function approvalsOf(commits: RepoState['commits']): Approval[] {
  return [...commits.values()].flatMap(({ approval }) => approval ?? []);
}

/** Whether a release of this commit may be published now. */
export function allowsRelease(state: CommitState | undefined): boolean {
  return state === undefined || state.status === 'open' || isReleased(state);
}

/** It has a release that the mirror itself may serve again, or withhold. */
function isReleased({ status }: CommitState): boolean {
  return status === 'approved' || status === 'quarantined';
}
