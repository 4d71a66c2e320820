// SPDX-License-Identifier: Apache-2.0
import type { Context } from 'hono';
import { isRepoKind, parseRepo, type Repo } from '#src/domain/repo.ts';
import { parseRevision, type Revision } from '#src/domain/revision.ts';

const LEAVES = ['bundle', 'statement', 'decision'] as const;

export interface AdminTarget {
  readonly repo: Repo;
  readonly revision: Revision;
  readonly leaf: (typeof LEAVES)[number];
}

/** `/api/airlock/{kind}/{repo}/revision/{rev}/{leaf}`; undefined for any other address. @throws AirlockError bad-repo-id, bad-revision */
export function parseAdminTarget(c: Context): AdminTarget | undefined {
  const segments = new URL(c.req.url).pathname
    .split('/')
    .filter((segment) => segment !== '')
    .slice(2);
  const [kind] = segments;
  const leaf = LEAVES.find((name) => name === segments.at(-1));
  const at = segments.indexOf('revision', 2);
  if (kind === undefined || !isRepoKind(kind) || !leaf || at < 2 || at > 3 || at + 2 >= segments.length)
    return undefined;
  const decoded = segments.map(decodeURIComponent);
  return {
    repo: parseRepo(kind, decoded.slice(1, at).join('/')),
    revision: parseRevision(decoded.slice(at + 1, -1).join('/')),
    leaf,
  };
}
