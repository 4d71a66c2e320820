// SPDX-License-Identifier: Apache-2.0
import type { Notice } from '#src/attest/notice.ts';
import type { Sha256 } from '#src/domain/digest.ts';
import { type Repo, repoKey } from '#src/domain/repo.ts';
import { publisherOf } from '#src/domain/revocations.ts';

/** Why something may not be kept. */
export interface Why {
  readonly reason: string;
  /** Number of the ruling, where it is one. */
  readonly ruling?: number;
}

/** A notice as the questions that a folder of copies raises. Each answer is the revocation that speaks of it. */
export interface Revoked {
  /** All of the repo, or all of its publisher. */
  repo(repo: Repo): Why | undefined;
  /** A commit, under whatever name its repo was downloaded: the same commit has the same bytes. */
  commit(commit: string): Why | undefined;
  file(commit: string, path: string): Why | undefined;
  /** By what a cache calls it: sha256 of LFS files, git blob id of the others. */
  named(etag: string): Why | undefined;
  /** By its bytes. */
  bytes(sha256: Sha256): Why | undefined;
  /** Whether a file of this size can be one of those that {@link bytes} knows. */
  mayHaveSize(size: number): boolean;
}

export function revokedBy(notice: Notice): Revoked {
  const why = notice.revocations.map(({ reason, ruling }): Why => ({ reason, ...(ruling && { ruling }) }));
  const known = new Map<string, Why>();
  const sizes = new Set<number | undefined>();
  const listed = new Set(notice.files.map(({ sha256 }) => sha256));
  const add = (key: string, revocation: number) => {
    const because = why[revocation];
    if (because && !known.has(key)) known.set(key, because);
  };
  notice.revocations.forEach(({ scope }, i) => {
    if (scope.type === 'repo') add(`repo ${repoKey(scope.repo).toLowerCase()}`, i);
    if (scope.type === 'publisher') add(`publisher ${scope.publisher.toLowerCase()}`, i);
    if (scope.type === 'commit') add(`commit ${scope.commit}`, i);
    if (scope.type === 'digest') {
      add(`bytes ${scope.digest}`, i);
      if (!listed.has(scope.digest)) sizes.add(undefined);
    }
  });
  // A release that a digest alone made go has other files that are as good as they were.
  for (const { commit, revocation } of notice.releases)
    if (notice.revocations[revocation]?.scope.type !== 'digest') add(`commit ${commit}`, revocation);
  for (const { sha256, gitOid, size, revocation, served, places } of notice.files) {
    for (const { release, path } of places) add(`file ${notice.releases[release]?.commit}/${path}`, revocation);
    if (served) continue;
    add(`bytes ${sha256}`, revocation);
    if (gitOid) add(`git ${gitOid}`, revocation);
    sizes.add(size);
  }
  return {
    repo: (repo) =>
      known.get(`repo ${repoKey(repo).toLowerCase()}`) ?? known.get(`publisher ${publisherOf(repo).toLowerCase()}`),
    commit: (commit) => known.get(`commit ${commit}`),
    file: (commit, path) => known.get(`file ${commit}/${path}`),
    named: (etag) => known.get(`bytes ${etag}`) ?? known.get(`git ${etag}`),
    bytes: (sha256) => known.get(`bytes ${sha256}`),
    mayHaveSize: (size) => sizes.has(size) || sizes.has(undefined),
  };
}
