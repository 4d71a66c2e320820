// SPDX-License-Identifier: Apache-2.0
import type { Sha256 } from '#src/domain/digest.ts';
import { isRepoKind, parseRepo, type Repo, type RepoKind } from '#src/domain/repo.ts';
import type { CommitSha } from '#src/domain/revision.ts';

/*
 * Every record of the catalog:
 *
 *   journal/<kind>/<namespace>=<name>/000000001.json               what was decided, in order
 *   rulings/000000001.json                                         what was decided for more than one commit, in order
 *   releases/<kind>/<namespace>=<name>/<commit>/<digest>.json      statement and model signature bundles, by their sha256
 *                                                /<digest>.json.gz   the evidence that the statement names
 *
 * A repo is one segment (`=` is in no repo id), so that a legacy one-segment id can not be the prefix of another repo.
 *   evaluations/<kind>/<namespace>=<name>/<commit>/<digest>.json   signed evaluations, by their sha256; verified when read
 */
function repoSegment(repo: Repo): string {
  return `${repo.kind}/${repo.id.replace('/', '=')}`;
}

export function journalKey(repo: Repo, seq: number): string {
  return `${journalPrefix(repo)}${numbered(seq)}`;
}

/** Byte order is the order of numbers. */
function numbered(seq: number): string {
  return `${String(seq).padStart(9, '0')}.json`;
}

/** What the key of every ruling begins with. */
export const RULINGS = 'rulings/';

export function rulingKey(seq: number): string {
  return `${RULINGS}${numbered(seq)}`;
}

/** What every entry's key of a repo begins with; byte order is the order of entries. */
export function journalPrefix(repo: Repo): string {
  return `journal/${repoSegment(repo)}/`;
}

/** What every journal's keys begin with. */
export const JOURNALS = 'journal/';

/** What the keys of all journals of a kind begin with. */
export function journalsOf(kind: RepoKind): string {
  return `${JOURNALS}${kind}/`;
}

/** The number of a journal entry, from its key; 0 for a key that is none. */
export function seqOfJournalKey(key: string): number {
  return Number(/\/(\d{9})\.json$/.exec(key)?.[1] ?? 0);
}

/** The repo that a journal entry's key belongs to; undefined for a key that is none. */
export function repoOfJournalKey(key: string): Repo | undefined {
  const [, kind = '', name = ''] = key.split('/');
  return isRepoKind(kind) ? parseRepo(kind, name.replace('=', '/')) : undefined;
}

export function bundleKey(repo: Repo, commit: CommitSha, digest: Sha256): string {
  return `releases/${repoSegment(repo)}/${commit}/${digest}.json`;
}

export function evidenceKey(repo: Repo, commit: CommitSha, digest: Sha256): string {
  return `${bundleKey(repo, commit, digest)}.gz`;
}

/** What the keys of all evaluations of a commit begin with. */
export function evaluationsOf(repo: Repo, commit: CommitSha): string {
  return `evaluations/${repoSegment(repo)}/${commit}/`;
}

export function evaluationKey(repo: Repo, commit: CommitSha, digest: Sha256): string {
  return `${evaluationsOf(repo, commit)}${digest}.json`;
}
