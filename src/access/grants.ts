// SPDX-License-Identifier: Apache-2.0
import { REPO_KINDS, type Repo, type RepoKind, repoKey } from '#src/domain/repo.ts';
import { matchesRepo } from '#src/domain/repo-pattern.ts';

/** Which restricted repos somebody may read. */
export interface Grants {
  readonly patterns: readonly string[];
  allow(repo: Repo): boolean;
}

/** Repos that one token reads over and over: an answer from memory costs no pattern. */
const REMEMBERED = 1000;

/** As people write a repo: models bare, the others with their kind, `*` for any characters; `*` alone is every repo. */
export const GRANT = /^[A-Za-z0-9*][A-Za-z0-9*._/-]{0,199}$/;

export const NO_GRANTS: Grants = { patterns: [], allow: () => false };
export const ALL_GRANTS: Grants = { patterns: ['*'], allow: () => true };

export function createGrants(patterns: readonly string[]): Grants {
  if (patterns.length === 0) return NO_GRANTS;
  const parsed = patterns.map(parseGrant);
  // A map, since one is made for each token: an LRU of that size takes 24 KB before anybody asks.
  const remembered = new Map<string, boolean>();
  return {
    patterns,
    allow: (repo) => {
      const key = repoKey(repo);
      const known = remembered.get(key);
      if (known !== undefined) return known;
      const allowed = parsed.some(({ pattern, kinds }) => matchesRepo(pattern, kinds, repo));
      if (remembered.size >= REMEMBERED) remembered.clear();
      remembered.set(key, allowed);
      return allowed;
    },
  };
}

function parseGrant(text: string): { readonly pattern: string; readonly kinds: readonly RepoKind[] } {
  if (text === '*') return { pattern: text, kinds: REPO_KINDS };
  const kind = REPO_KINDS.find((one) => text.startsWith(`${one}/`));
  return kind ? { pattern: text.slice(kind.length + 1), kinds: [kind] } : { pattern: text, kinds: ['models'] };
}
