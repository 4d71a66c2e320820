// SPDX-License-Identifier: Apache-2.0
import type { Context } from 'hono';
import { originOf } from '#src/access/origin.ts';
import { AirlockError } from '#src/domain/errors.ts';
import { isRepoKind, parseRepo, printable, type Repo } from '#src/domain/repo.ts';
import { parseRevision, type Revision } from '#src/domain/revision.ts';

const LEAVES = ['bundle', 'statement', 'decision'] as const;

export interface AdminTarget {
  readonly repo: Repo;
  readonly revision: Revision;
  readonly leaf: (typeof LEAVES)[number];
}

/**
 * `/api/airlock/{kind}/{repo}/revision/{rev}/{leaf}`; undefined for any other address.
 * @throws AirlockError bad-repo-id, bad-revision
 */
export function parseAdminTarget(c: Context): AdminTarget | undefined {
  const segments = originOf(c)
    .path.split('/')
    .filter((segment) => segment !== '')
    .slice(2);
  const [kind] = segments;
  const leaf = LEAVES.find((name) => name === segments.at(-1));
  // Two segments first: a repo may itself be called "revision", and most ids have an organisation.
  const at = [3, 2].find((i) => segments[i] === 'revision' && i + 2 < segments.length);
  if (kind === undefined || !isRepoKind(kind) || !leaf || at === undefined) return undefined;
  return {
    repo: parseRepo(kind, decoded(segments.slice(1, at), 'bad-repo-id')),
    revision: parseRevision(decoded(segments.slice(at + 1, -1), 'bad-revision')),
    leaf,
  };
}

function decoded(segments: readonly string[], code: 'bad-repo-id' | 'bad-revision'): string {
  const text = segments.join('/');
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw new AirlockError(code, `${printable(text)} is not percent-encoded UTF-8.`, {}, cause);
  }
}
