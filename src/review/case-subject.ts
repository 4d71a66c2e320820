// SPDX-License-Identifier: Apache-2.0
import { type Repo, repoKey } from '#src/domain/repo.ts';
import type { CommitSha } from '#src/domain/revision.ts';

/** What a case is about: a commit; without one, whether the repo may come in at all. */
export interface CaseSubject {
  readonly repo: Repo;
  readonly commit?: CommitSha | undefined;
}

/** One text per subject. Sources match whatever the case of a name, and so does the question about one. */
export function subjectKey({ repo, commit }: CaseSubject): string {
  return commit === undefined ? `source ${repoKey(repo).toLowerCase()}` : `commit ${repoKey(repo)}@${commit}`;
}
