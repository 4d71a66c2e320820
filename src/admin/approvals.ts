// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import { AirlockError, isAirlockError } from '#src/domain/errors.ts';
import { type Repo, repoName } from '#src/domain/repo.ts';
import { type CommitSha, type Revision, revisionText } from '#src/domain/revision.ts';
import type { Intakes } from '#src/intake/intakes.ts';
import type { IntakeOutcome, Progress } from '#src/intake/progress.ts';
import type { Review } from '#src/review/review.ts';
import { outcomeJson, progressJson } from './json.ts';

/** What a person asked for. */
export interface ApproveAct {
  readonly by: string;
  readonly reason: string;
  readonly evenDenied: boolean;
}

/**
 * Approvals in progress. One takes as long as its intake, which can be hours, and no request lives that long: an answer
 * `running` names the approval, and whoever has that name may ask how it ended.
 */
export interface Approvals {
  /** @throws AirlockError as Review.approve */
  start(repo: Repo, revision: Revision, act: ApproveAct): Promise<object>;
  /** Undefined for one that this process did not start, or has forgotten. @throws AirlockError as {@link start} */
  wait(id: string): Promise<object | undefined>;
}

export interface ApprovalsDeps {
  readonly review: Pick<Review, 'approve'>;
  readonly intakes: Pick<Intakes, 'running'>;
  /** How long one request waits before it is told that the work goes on. */
  readonly waitMilliseconds: number;
}

interface Pending {
  readonly repo: Repo;
  readonly revision: Revision;
  commit?: CommitSha;
  readonly result: Promise<object>;
}

/** Many more than people approve at a time. An ended one is kept for whoever lost the connection. */
const KEPT = 500;

export function createApprovals({ review, intakes, waitMilliseconds }: ApprovalsDeps): Approvals {
  const approvals = new LRUCache<string, Pending>({ max: KEPT });

  function begin(repo: Repo, revision: Revision, { evenDenied, ...act }: ApproveAct): Pending {
    const run = async (): Promise<object> => {
      // Inside of the promise that is waited for: where nobody has asked for the revision yet, this is an intake.
      const { commit, outcome } = await review.approve(repo, revision, act, evenDenied);
      pending.commit = commit;
      return { repo: repoName(repo), commit, ...outcomeJson(named(await outcome, repo, revision)) };
    };
    const result = Promise.resolve()
      .then(run)
      .catch((error: unknown) => {
        throw notFoundUpstream(error, repo, revision);
      });
    // Whoever asks sees it fail; with nobody there it must not end the process.
    result.catch(() => undefined);
    const pending: Pending = { repo, revision, result };
    return pending;
  }

  async function answer(id: string, pending: Pending): Promise<object> {
    const timer = new AbortController();
    const patience = sleep(waitMilliseconds, undefined, { signal: timer.signal, ref: false }).catch(() => undefined);
    try {
      return (await Promise.race([pending.result, patience])) ?? running(id, pending);
    } finally {
      timer.abort();
    }
  }

  function running(id: string, { repo, revision, commit }: Pending): object {
    const progress = intakes.running().find((one) => isAbout(one, repo, revision, commit));
    const known = commit ?? progress?.commit ?? (revision.type === 'commit' ? revision.commit : undefined);
    return {
      repo: repoName(repo),
      ...(known === undefined ? {} : { commit: known }),
      state: 'running',
      approval: id,
      ...(progress ? { intake: progressJson(progress) } : {}),
    };
  }

  return {
    start(repo, revision, act) {
      const id = randomUUID();
      const pending = begin(repo, revision, act);
      approvals.set(id, pending);
      return answer(id, pending);
    },
    async wait(id) {
      const pending = approvals.get(id);
      return pending && answer(id, pending);
    },
  };
}

function isAbout(progress: Progress, repo: Repo, revision: Revision, commit: CommitSha | undefined): boolean {
  if (progress.repo.kind !== repo.kind || progress.repo.id !== repo.id) return false;
  if (commit !== undefined) return progress.commit === commit;
  return revision.type === 'commit' ? progress.commit === revision.commit : progress.ref === revision.ref;
}

function named(outcome: IntakeOutcome, repo: Repo, revision: Revision): IntakeOutcome {
  const error = outcome.type === 'failed' ? notFoundUpstream(outcome.error, repo, revision) : undefined;
  return outcome.type === 'failed' && error instanceof AirlockError ? { ...outcome, error } : outcome;
}

/** Upstream answers 401 for what does not exist, and its words would send a reviewer to look for a password. */
function notFoundUpstream(error: unknown, repo: Repo, revision: Revision): unknown {
  if (!isAirlockError(error, 'upstream-repo-not-found', 'upstream-revision-not-found')) return error;
  const name =
    error.code === 'upstream-repo-not-found' ? repoName(repo) : `${repoName(repo)}@${revisionText(revision)}`;
  return new AirlockError(error.code, `${name} was not found upstream.`, error.subject, error);
}
