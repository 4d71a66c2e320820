// SPDX-License-Identifier: Apache-2.0
import type { Context } from 'hono';
import { originOf } from '#src/access/origin.ts';
import type { RepoState } from '#src/catalog/repo-state.ts';
import { sha256Of } from '#src/domain/digest.ts';
import type { RepoPath } from '#src/domain/path.ts';
import type { Release } from '#src/domain/release.ts';
import type { Repo } from '#src/domain/repo.ts';
import type { Revision } from '#src/domain/revision.ts';
import { approvedCommits } from './commits.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import { nextLink } from './page-link.ts';
import type { Prebuilt } from './prebuilt.ts';
import { isTrue, wholeNumber, wholeNumberOf } from './query.ts';
import { entryNotFound, json, jsonBytes } from './respond.ts';
import { MAX_ENTRIES } from './tree.ts';

const MAX_COMMITS = 1000;
const MAX_PAGE = 1_000_000;

/** `/tree`: a folder's listing, or a page of it. @throws AirlockError bad-request */
export function treeAnswer(c: Context, release: Release, folder: RepoPath | undefined, prebuilt: Prebuilt): Response {
  const asked = { recursive: isTrue(c.req.query('recursive')), expand: isTrue(c.req.query('expand')) };
  const limit = wholeNumber(c, 'limit', 1, MAX_ENTRIES) ?? MAX_ENTRIES;
  const scope = [release.digest, sha256Of(JSON.stringify([folder, asked.recursive]))].map((one) => one.slice(0, 16));
  const start = startOf(c.req.query('cursor'), scope);
  const built = prebuilt.tree(release, { ...asked, limit, start, ...(folder && { folder }) });
  if (!built) return entryNotFound(c, release, folder ?? '');
  // By commit, so that the pages are of one listing when the branch moves between two of them.
  const path = [...apiPath(release.repo), 'tree', release.commit, ...(folder?.split('/') ?? [])];
  const parameters = { recursive: String(asked.recursive), expand: String(asked.expand), limit: String(limit) };
  const cursor = encodeCursor(scope, [String(built.next)]);
  return jsonBytes(c, built.bytes, {
    'x-repo-commit': release.commit,
    ...(built.next !== undefined && nextLink(originOf(c).baseUrl, path, { ...parameters, cursor })),
  });
}

/** `/commits`: what is approved of a repo, in pages by number. @throws AirlockError bad-request */
export function commitsAnswer(c: Context, repo: Repo, revision: Revision, state: RepoState): Response {
  const limit = wholeNumber(c, 'limit', 1, MAX_COMMITS) ?? MAX_COMMITS;
  const page = wholeNumber(c, 'p', 0, MAX_PAGE) ?? 0;
  const { commits, total, next } = approvedCommits(state, limit, page);
  const path = [...apiPath(repo), 'commits', revision.type === 'commit' ? revision.commit : revision.ref];
  return json(c, commits, {
    'x-total-count': String(total),
    ...(next !== undefined && nextLink(originOf(c).baseUrl, path, { limit: String(limit), p: String(next) })),
  });
}

function startOf(cursor: string | undefined, scope: readonly string[]): number {
  const [place = '0'] = cursor === undefined ? [] : decodeCursor(cursor, scope, 1);
  return wholeNumberOf('cursor', place, 0, Number.MAX_SAFE_INTEGER);
}

function apiPath({ kind, id }: Repo): string[] {
  return ['api', kind, ...id.split('/')];
}
