// SPDX-License-Identifier: Apache-2.0
import type { Release } from '#src/domain/release.ts';
import type { Repo } from '#src/domain/repo.ts';
import { type CommitSha, DEFAULT_REF } from '#src/domain/revision.ts';
import type { Catalog } from './catalog.ts';
import type { RepoState } from './repo-state.ts';

/**
 * What stands for a repo: the commit that its default branch is pinned to, else the newest that is approved.
 * Undefined where the catalog serves neither. @throws as {@link Catalog.find}
 */
export async function chosenRelease(
  catalog: Pick<Catalog, 'find' | 'state'>,
  repo: Repo,
): Promise<Release | undefined> {
  const state = await catalog.state(repo);
  const commit = state.pins.get(DEFAULT_REF)?.commit ?? newestApproved(state);
  const found = commit && (await catalog.find(repo, { type: 'commit', commit }));
  return found?.type === 'release' ? found.release : undefined;
}

/**
 * Whether what is said of a repo is for tokens that were granted it: of a commit that is not served, and of others than
 * the one that is. What stands tells, and what was released last, which may have been withdrawn, or be newer.
 * @throws as {@link Catalog.find}
 */
export async function restrictionOf(
  catalog: Pick<Catalog, 'find' | 'state' | 'lastRestricted'>,
  repo: Repo,
): Promise<Pick<Release, 'repo' | 'restricted'>> {
  const stands = await anyRelease(catalog, repo);
  return { repo, restricted: stands?.restricted || (await catalog.lastRestricted(repo)) };
}

/** The chosen release, else the newest that is served. */
async function anyRelease(catalog: Pick<Catalog, 'find' | 'state'>, repo: Repo): Promise<Release | undefined> {
  const chosen = await chosenRelease(catalog, repo);
  if (chosen) return chosen;
  for (const commit of approvedNewestFirst(await catalog.state(repo))) {
    const found = await catalog.find(repo, { type: 'commit', commit });
    if (found.type === 'release') return found.release;
  }
  return undefined;
}

function approvedNewestFirst({ commits }: RepoState): CommitSha[] {
  return [...commits]
    .filter(([, { status }]) => status === 'approved')
    .sort(([, a], [, b]) => (a.at < b.at ? 1 : -1))
    .map(([commit]) => commit);
}

function newestApproved({ commits }: RepoState): CommitSha | undefined {
  let newest: { commit: CommitSha; at: string } | undefined;
  for (const [commit, { status, at }] of commits)
    if (status === 'approved' && (!newest || at > newest.at)) newest = { commit, at };
  return newest?.commit;
}
