// SPDX-License-Identifier: Apache-2.0
import type { Catalog } from '#src/catalog/catalog.ts';
import type { RepoState } from '#src/catalog/repo-state.ts';
import type { Release } from '#src/domain/release.ts';
import type { Repo } from '#src/domain/repo.ts';
import { type CommitSha, DEFAULT_REF } from '#src/domain/revision.ts';

/**
 * What a list shows of a repo: the commit that its default branch is pinned to, else the newest that is approved.
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

function newestApproved({ commits }: RepoState): CommitSha | undefined {
  let newest: { commit: CommitSha; at: string } | undefined;
  for (const [commit, { status, at }] of commits)
    if (status === 'approved' && (!newest || at > newest.at)) newest = { commit, at };
  return newest?.commit;
}
