// SPDX-License-Identifier: Apache-2.0
import type { ReleaseStatement } from '#src/attest/release-statement.ts';
import { parseRepo, type Repo } from '#src/domain/repo.ts';
import { type CommitSha, parseCommitSha, parseRef } from '#src/domain/revision.ts';
import { release } from '#test/attest/release-fixture.ts';
import type { House } from '#test/support/house.ts';

export const MAIN = parseRef('main');
export const ann = { by: 'ann', reason: 'read the evidence' };

export function model(id: string): Repo {
  return parseRepo('models', id);
}

/** The commit of one digit, forty times. */
export function commitOf(digit: string): CommitSha {
  return parseCommitSha(digit.repeat(40));
}

/** A release that policy approved. */
export function draft(repo: Repo, commit: CommitSha): Omit<ReleaseStatement, 'modelSignature'> {
  const { modelSignature: _, ...rest } = release;
  return { ...rest, repo, commit, approver: { type: 'policy' } };
}

/** Publish a commit, and point `main` at it. */
export async function publish({ publisher }: House, repo: Repo, commit: CommitSha): Promise<void> {
  if (!(await publisher.publish(draft(repo, commit)))) throw new Error('it was not published');
  await publisher.pin(repo, { ref: MAIN, kind: 'branch', commit }, ann);
}

/** Anything may be appended: whether it counts is what the test is about. */
export async function append(
  { journal }: House,
  repo: Repo,
  type: 'approval' | 'rejection' | 'revocation',
  commit: CommitSha,
): Promise<void> {
  const event = type === 'approval' ? { type, commit, accepts: [] } : { type, commit };
  if (!(await journal.append(repo, event, ann, () => true))) throw new Error('it was not appended');
}
