// SPDX-License-Identifier: Apache-2.0
import { globMatcher } from './glob.ts';
import type { Repo, RepoKind } from './repo.ts';

/**
 * Whether a pattern of the configuration means a repo. The Hub takes `Org/Name` and `org/name` for the same repo, so
 * case does not count here: a pattern that closes or owns a name can not be stepped around by another spelling.
 */
export function matchesRepo(pattern: string, kinds: readonly RepoKind[], repo: Repo): boolean {
  return kinds.includes(repo.kind) && globMatcher(pattern.toLowerCase())(repo.id.toLowerCase());
}
