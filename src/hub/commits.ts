// SPDX-License-Identifier: Apache-2.0
import type { RepoState } from '#src/catalog/repo-state.ts';
import type { Release } from '#src/domain/release.ts';

/** A commit in `/commits`: Python and JavaScript take the authors apart, so there is a list. */
interface CommitEntry {
  id: string;
  title: string;
  message: string;
  date: string;
  authors: { user: string }[];
}

interface CommitPage {
  readonly commits: readonly CommitEntry[];
  readonly total: number;
  /** Number of the next page, where there is one. */
  readonly next?: number;
}

/** `/commits`: the approved commits, newest approval first. Titles upstream are not part of what was approved. */
export function approvedCommits(state: RepoState, limit: number, page: number): CommitPage {
  const all = [...state.commits]
    .filter(([, { status }]) => status === 'approved')
    .sort(([, a], [, b]) => (a.at < b.at ? 1 : a.at > b.at ? -1 : 0))
    .map(([id, { at, by }]): CommitEntry => ({ id, title: titleOf(by), message: '', date: at, authors: [] }));
  const commits = all.slice(page * limit, (page + 1) * limit);
  return { commits, total: all.length, ...((page + 1) * limit < all.length ? { next: page + 1 } : {}) };
}

/** The commit that a file of a release was served from: the one commit that was looked at, whoever changed the file. */
export function lastCommit({ commit, approvedAt, approvedBy }: Release): { id: string; title: string; date: string } {
  return { id: commit, title: titleOf(approvedBy), date: approvedAt };
}

function titleOf(by: string): string {
  return `Approved by ${by}`;
}
