// SPDX-License-Identifier: Apache-2.0
import type { Context } from 'hono';
import * as z from 'zod';
import { originOf } from '#src/access/origin.ts';
import { AirlockError } from '#src/domain/errors.ts';
import { isRepoKind, parseRepo, printable, REPO_KINDS, type Repo } from '#src/domain/repo.ts';
import { parseRevision, type Revision } from '#src/domain/revision.ts';

/** What an address below a revision names. */
export interface AdminTarget {
  readonly repo: Repo;
  readonly revision: Revision;
}

export const REVISION_PATH = '/{kind}/{repo}/revision/{revision}';

/** For the description of the API: {@link parseAdminTarget} reads them. */
export const revisionParams = z.object({
  kind: z.enum(REPO_KINDS),
  repo: z.string().meta({ description: 'org/name; the slash may be percent-encoded or not' }),
  revision: z.string().meta({ description: 'a branch, tag or commit; slashes may be percent-encoded or not' }),
});

/** The last segment of the address. */
export function leafOf(c: Context): string | undefined {
  return segmentsOf(c).at(-1);
}

/**
 * `/api/airlock/{kind}/{repo}/revision/{rev}/{leaf}`; undefined for any other address.
 * @throws AirlockError bad-repo-id, bad-revision
 */
export function parseAdminTarget(c: Context): AdminTarget | undefined {
  const segments = segmentsOf(c);
  const [kind] = segments;
  // Two segments first: a repo may itself be called "revision", and most ids have an organisation.
  const at = [3, 2].find((i) => segments[i] === 'revision' && i + 2 < segments.length);
  if (kind === undefined || !isRepoKind(kind) || at === undefined) return undefined;
  return {
    repo: parseRepo(kind, decoded(segments.slice(1, at), 'bad-repo-id')),
    revision: parseRevision(decoded(segments.slice(at + 1, -1), 'bad-revision')),
  };
}

/** Below `/api/airlock`. */
function segmentsOf(c: Context): string[] {
  return originOf(c)
    .path.split('/')
    .filter((segment) => segment !== '')
    .slice(2);
}

function decoded(segments: readonly string[], code: 'bad-repo-id' | 'bad-revision'): string {
  const text = segments.join('/');
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw new AirlockError(code, `${printable(text)} is not percent-encoded UTF-8.`, {}, cause);
  }
}
