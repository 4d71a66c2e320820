// SPDX-License-Identifier: Apache-2.0
import { AirlockError, isAirlockError } from '#src/domain/errors.ts';
import { type Repo, repoName } from '#src/domain/repo.ts';
import { type Revision, revisionText } from '#src/domain/revision.ts';
import type { IntakeOutcome } from '#src/intake/progress.ts';

/** An outcome whose error says what was not found, and not how upstream put it. */
export function foundOutcome(outcome: IntakeOutcome, repo: Repo, revision: Revision): IntakeOutcome {
  const error = outcome.type === 'failed' ? notFoundUpstream(outcome.error, repo, revision) : undefined;
  return outcome.type === 'failed' && error instanceof AirlockError ? { ...outcome, error } : outcome;
}

/** Upstream answers 401 for what does not exist, and its words would send a person to look for a password. */
export function notFoundUpstream(error: unknown, repo: Repo, revision: Revision): unknown {
  if (!isAirlockError(error, 'upstream-repo-not-found', 'upstream-revision-not-found')) return error;
  const name =
    error.code === 'upstream-repo-not-found' ? repoName(repo) : `${repoName(repo)}@${revisionText(revision)}`;
  return new AirlockError(error.code, `${name} was not found upstream.`, error.subject, error);
}
