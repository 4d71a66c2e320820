// SPDX-License-Identifier: Apache-2.0
import type { Act } from '#src/catalog/repo-state.ts';
import type { Decision } from '#src/domain/decision.ts';
import type { AirlockError } from '#src/domain/errors.ts';
import type { Repo } from '#src/domain/repo.ts';
import type { CommitSha, Ref } from '#src/domain/revision.ts';

/** Where an intake is, in order. */
export type Stage = 'queued' | 'resolving' | 'listing' | 'card' | 'fetching' | 'scanning' | 'publishing';

/** A running intake as people see it. Bytes and files are those of the selection. */
export interface Progress {
  readonly repo: Repo;
  readonly commit?: CommitSha;
  readonly ref?: Ref;
  readonly stage: Stage;
  readonly bytesDone: number;
  readonly bytesTotal: number;
  readonly filesDone: number;
  readonly filesTotal: number;
  /** Seconds since the first byte was asked for. */
  readonly fetchSeconds: number;
  readonly startedAt: string;
}

/** Who closed a commit, and how. */
export interface Closing extends Act {
  readonly status: 'rejected' | 'revoked';
}

/**
 * How an intake ended. `refused`: policy or a person said no, or not yet; it stays so until policy, rules or a person
 * change that. `failed`: something broke, and the next request tries again.
 */
export type IntakeOutcome =
  | { readonly type: 'approved'; readonly commit: CommitSha }
  /** `source`: the repo that a person has to approve as a source; no commit is what it is about then. */
  | {
      readonly type: 'refused';
      readonly commit?: CommitSha;
      readonly source?: Repo;
      readonly decision: Decision;
    }
  /** A person rejected or revoked it: the catalog says who. */
  | { readonly type: 'closed'; readonly commit: CommitSha; readonly closing?: Closing }
  | { readonly type: 'failed'; readonly commit?: CommitSha; readonly error: AirlockError };

/** A place in the queue: shared by everyone who asks for the same thing. */
export interface Ticket {
  progress(): Progress;
  /** Never rejects. */
  readonly outcome: Promise<IntakeOutcome>;
}
