// SPDX-License-Identifier: Apache-2.0
import { AirlockError } from '#src/domain/errors.ts';
import { parseRepoPath, type RepoPath } from '#src/domain/path.ts';
import { isRepoKind, parseRepo, printable, type Repo, type RepoKind } from '#src/domain/repo.ts';
import { parseRevision, type Revision } from '#src/domain/revision.ts';

/** What a URL of the Hub API asks for. Revision `undefined` stands for the default branch. */
export type HubTarget =
  | { readonly route: 'info' | 'paths-info' | 'commits'; readonly repo: Repo; readonly revision: Revision }
  | { readonly route: 'tree'; readonly repo: Repo; readonly revision: Revision; readonly path?: RepoPath }
  | { readonly route: 'refs'; readonly repo: Repo }
  | { readonly route: 'auth-check'; readonly repo: Repo; readonly revision: Revision; readonly write: boolean }
  | { readonly route: 'file' | 'raw'; readonly repo: Repo; readonly revision: Revision; readonly path: RepoPath }
  | { readonly route: 'list'; readonly kind: RepoKind }
  /** A route that the Hub has and this mirror does not. */
  | { readonly route: 'unserved'; readonly name: string; readonly repo: Repo }
  | { readonly route: 'none' };

const REPO_ROUTES: ReadonlySet<string> = new Set(['revision', 'tree', 'refs', 'paths-info', 'commits']);
const DEFAULT: Revision = parseRevision('main');

/**
 * Parse the raw, still encoded path of a request. Names and rules: hub-api 1. Raw, because a URL parser would resolve
 * `..` and `%2e%2e` before anybody could refuse them. Doubled slashes collapse: some clients join with one too many.
 * @throws AirlockError bad-repo-id, bad-revision, bad-path
 */
export function parseTarget(rawPath: string): HubTarget {
  const segments = rawPath.split('/').filter((segment) => segment !== '');
  if (segments[0] === 'api') return parseApi(segments.slice(1));
  return parseBytes(segments);
}

function parseApi([kind, ...rest]: string[]): HubTarget {
  if (kind === undefined || !isRepoKind(kind)) return { route: 'none' };
  if (rest.length === 0) return { route: 'list', kind };
  const length = isOneSegment(rest) ? 1 : 2;
  const repo = repoOf(kind, rest.slice(0, length));
  const [route, ...tail] = rest.slice(length);
  if (route === undefined) return { route: 'info', repo, revision: DEFAULT };
  if (route === 'refs') return tail.length === 0 ? { route, repo } : { route: 'none' };
  if (route === 'auth-check') return authCheck(repo, tail);
  if (!REPO_ROUTES.has(route)) return { route: 'unserved', name: decode(route, 'bad-path'), repo };
  const { revision, after } = takeRevision(tail);
  if (route === 'tree')
    return after.length === 0 ? { route, repo, revision } : { route, repo, revision, path: pathOf(after) };
  if (after.length > 0) return { route: 'none' };
  return { route: route === 'revision' ? 'info' : (route as 'paths-info' | 'commits'), repo, revision };
}

function authCheck(repo: Repo, tail: string[]): HubTarget {
  const write = tail[0] === 'write';
  return tail.length > (write ? 1 : 0) ? { route: 'none' } : { route: 'auth-check', repo, revision: DEFAULT, write };
}

/**
 * `/{name}/refs` and `/{name}/tree/main` are of a legacy repo without a namespace; `/{org}/tree` is a repo of that name,
 * because the other routes say nothing without a revision.
 */
function isOneSegment([, second, third, fourth]: string[]): boolean {
  if (second === undefined) return true;
  if (second === 'refs') return third === undefined;
  if (second === 'auth-check') return third === undefined || third === 'write';
  if (!REPO_ROUTES.has(second) || third === undefined) return false;
  // A repo that is called as a route is has a route of its own behind its name.
  return third === 'refs' ? fourth !== undefined : !REPO_ROUTES.has(third) || fourth === undefined;
}

function parseBytes(segments: string[]): HubTarget {
  const prefixed = segments[0] !== undefined && segments[0] !== 'models' && isRepoKind(segments[0]);
  const kind: RepoKind = prefixed ? (segments[0] as RepoKind) : 'models';
  const rest = prefixed ? segments.slice(1) : segments;
  const at = [2, 1].find((i) => rest[i] === 'resolve' || rest[i] === 'raw');
  if (at === undefined) return { route: 'none' };
  const repo = repoOf(kind, rest.slice(0, at));
  const { revision, after } = takeRevision(rest.slice(at + 1));
  return { route: rest[at] === 'raw' ? 'raw' : 'file', repo, revision, path: pathOf(after) };
}

function repoOf(kind: RepoKind, segments: string[]): Repo {
  return parseRepo(kind, segments.map((segment) => decode(segment, 'bad-repo-id')).join('/'));
}

/** One segment; or three, where a client left the slashes of `refs/pr/N` and `refs/convert/NAME` as they are. */
function takeRevision(segments: string[]): { revision: Revision; after: string[] } {
  if (segments.length === 0) return { revision: DEFAULT, after: [] };
  const length = segments[0] === 'refs' && segments.length >= 3 ? 3 : 1;
  const text = segments
    .slice(0, length)
    .map((segment) => decode(segment, 'bad-revision'))
    .join('/');
  return { revision: parseRevision(text), after: segments.slice(length) };
}

/** Python sends `%2F` inside a tree's path, so that a segment may decode to several. */
function pathOf(segments: string[]): RepoPath {
  return parseRepoPath(segments.map((segment) => decode(segment, 'bad-path')).join('/'));
}

function decode(segment: string, code: 'bad-repo-id' | 'bad-revision' | 'bad-path'): string {
  try {
    return decodeURIComponent(segment);
  } catch (cause) {
    throw new AirlockError(code, `${printable(segment)} is not percent-encoded UTF-8.`, {}, cause);
  }
}
