// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { parse } from 'yaml';
import { sendEntryNotFound, sendJson } from './answers.ts';
import type { HubCommit, HubFile, HubRepo } from './repo.ts';

export function sendInfo(res: ServerResponse, repo: HubRepo, commit: HubCommit, query: URLSearchParams): void {
  const card = cardData(commit);
  const blobs = query.get('blobs') === 'true' || query.get('blobs') === '1';
  const first = [...repo.commits.values()][0];
  sendJson(res, {
    _id: createHash('sha256').update(repo.id).digest('hex').slice(0, 24),
    id: repo.id,
    ...(repo.kind === 'models' ? { modelId: repo.id } : {}),
    author: repo.id.split('/')[0],
    sha: commit.id,
    lastModified: commit.date,
    createdAt: first?.date,
    private: repo.private,
    gated: repo.gated,
    disabled: false,
    downloads: 0,
    likes: 0,
    tags: typeof card?.license === 'string' ? [`license:${card.license}`] : [],
    cardData: card,
    siblings: [...commit.files.values()].map((file) => sibling(file, blobs)),
    spaces: [],
    ...securityStatus(repo, commit, query),
    usedStorage: [...commit.files.values()].reduce((sum, file) => sum + file.content.size, 0),
  });
}

function securityStatus(repo: HubRepo, commit: HubCommit, query: URLSearchParams): object {
  if (!/^(?:true|1)$/i.test(query.get('securityStatus') ?? '')) return {};
  const filesWithIssues = [...repo.issues].filter(([path]) => commit.files.has(path));
  return {
    securityRepoStatus: { scansDone: true, filesWithIssues: filesWithIssues.map(([path, level]) => ({ path, level })) },
  };
}

function sibling(file: HubFile, blobs: boolean): unknown {
  if (!blobs) return { rfilename: file.path };
  const { size, sha256 } = file.content;
  const lfs = file.lfs && { lfs: { sha256, size, pointerSize: file.lfs.pointer.length } };
  return { rfilename: file.path, blobId: file.oid, size, ...lfs };
}

function cardData(commit: HubCommit): Record<string, unknown> | null {
  const readme = commit.files.get('README.md')?.content;
  const text = readme ? Buffer.concat([...readme.read(0, readme.size)]).toString('utf8') : '';
  const front = /^---\r?\n([\s\S]*?)\r?\n---/.exec(text)?.[1];
  const data: unknown = front === undefined ? null : parse(front);
  return typeof data === 'object' ? (data as Record<string, unknown> | null) : null;
}

export interface TreeRequest {
  readonly commit: HubCommit;
  readonly folder: string;
  readonly query: URLSearchParams;
  readonly pageSize: number;
  /** Absolute URL of this listing, without its query: the next page's link is built on it. */
  readonly url: string;
}

export function sendTree(res: ServerResponse, { commit, folder, query, pageSize, url }: TreeRequest): void {
  if (!commit.folders.has(folder)) {
    sendEntryNotFound(res, commit.id);
    return;
  }
  const recursive = /^(?:true|1)$/i.test(query.get('recursive') ?? '');
  const expand = /^(?:true|1)$/i.test(query.get('expand') ?? '');
  const entries = treeEntries(commit, folder, recursive, expand);
  const limit = Math.min(Number(query.get('limit') ?? pageSize) || pageSize, pageSize);
  const start = Number(Buffer.from(query.get('cursor') ?? '', 'base64url').toString() || 0);
  if (start + limit < entries.length) {
    const next = new URLSearchParams(query);
    next.set('limit', String(limit));
    next.set('cursor', Buffer.from(String(start + limit)).toString('base64url'));
    res.setHeader('Link', `<${url}?${next}>; rel="next"`);
  }
  res.setHeader('X-Repo-Commit', commit.id);
  sendJson(res, entries.slice(start, start + limit));
}

function treeEntries(commit: HubCommit, folder: string, recursive: boolean, expand: boolean): unknown[] {
  const prefix = folder === '' ? '' : `${folder}/`;
  const inside = (path: string) =>
    path !== '' && path.startsWith(prefix) && (recursive || !path.slice(prefix.length).includes('/'));
  const folders = [...commit.folders.keys()].filter(inside).map((path) => folderEntry(commit, path, expand));
  const files = [...commit.files.values()].filter((file) => inside(file.path));
  return [...folders, ...files.map((file) => fileEntry(commit, file, expand))];
}

function folderEntry(commit: HubCommit, path: string, expand: boolean): unknown {
  return { type: 'directory', oid: commit.folders.get(path), size: 0, path, ...lastCommit(commit, expand) };
}

/** With `xetHash`, as the live hub sends for every LFS file today: a mirror must not pass it on. */
function fileEntry(commit: HubCommit, file: HubFile, expand: boolean): unknown {
  const { size, sha256 } = file.content;
  const lfs = file.lfs && {
    lfs: { oid: sha256, size, pointerSize: file.lfs.pointer.length },
    xetHash: xetHash(file),
  };
  return { type: 'file', oid: file.oid, size, path: file.path, ...lfs, ...lastCommit(commit, expand) };
}

/** Not the real Xet hash: another 64 hex digits, which is all that a client without Xet could notice. */
export function xetHash(file: HubFile): string {
  return createHash('sha256').update(`xet ${file.content.sha256}`).digest('hex');
}

function lastCommit(commit: HubCommit, expand: boolean): object {
  return expand ? { lastCommit: { id: commit.id, title: commit.title, date: commit.date } } : {};
}

/** Paths come as a form from Python and as JSON from JavaScript; paths that do not exist are left out. */
export async function sendPathsInfo(req: IncomingMessage, res: ServerResponse, commit: HubCommit): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString('utf8');
  const json = req.headers['content-type']?.includes('json');
  const form = new URLSearchParams(json ? '' : text);
  const body = json
    ? (JSON.parse(text) as { paths?: string | string[]; expand?: boolean })
    : { paths: form.getAll('paths'), expand: form.get('expand') === 'true' };
  const paths = [body.paths ?? []].flat();
  const entries = paths.flatMap((path) => {
    const file = commit.files.get(path);
    if (file) return [fileEntry(commit, file, body.expand ?? false)];
    return commit.folders.has(path) && path !== '' ? [folderEntry(commit, path, body.expand ?? false)] : [];
  });
  sendJson(res, entries);
}

export function sendRefs(res: ServerResponse, repo: HubRepo, query: URLSearchParams): void {
  const rows = (refs: ReadonlyMap<string, string>, prefix: string) =>
    [...refs].map(([name, targetCommit]) => ({ name, ref: `${prefix}${name}`, targetCommit }));
  const others = (prefix: string) =>
    [...repo.otherRefs]
      .filter(([ref]) => ref.startsWith(prefix))
      .map(([ref, targetCommit]) => ({ name: ref.slice('refs/'.length), ref, targetCommit }));
  sendJson(res, {
    branches: rows(repo.branches, 'refs/heads/'),
    tags: rows(repo.tags, 'refs/tags/'),
    converts: others('refs/convert/'),
    ...(query.has('include_prs') ? { pullRequests: others('refs/pr/') } : {}),
  });
}

export interface CommitsRequest {
  readonly repo: HubRepo;
  readonly commit: HubCommit;
  readonly query: URLSearchParams;
  readonly pageSize: number;
  readonly url: string;
}

/** A history, the newest commit first, in pages as the live hub has them: `p` counts from 0. */
export function sendCommits(res: ServerResponse, { repo, commit, query, pageSize, url }: CommitsRequest): void {
  const history = repo.history(commit.id);
  const page = Number(query.get('p') ?? 0) || 0;
  const end = (page + 1) * pageSize;
  if (end < history.length) res.setHeader('Link', `<${url}?p=${page + 1}&limit=${pageSize}>; rel="next"`);
  res.setHeader('X-Total-Count', history.length);
  sendJson(
    res,
    history.slice(end - pageSize, end).map(({ id, title, date }) => ({ id, title, message: '', authors: [], date })),
  );
}
