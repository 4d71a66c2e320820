// SPDX-License-Identifier: Apache-2.0
import type { ServerResponse } from 'node:http';
import { xetHash } from './api.ts';
import type { HubCommit, HubFile, HubRepo } from './repo.ts';

export interface Hosts {
  readonly hub: string;
  readonly cdn: string;
}

/**
 * The first answer for a file, as the live hub sends it: a relative 307 to `/api/resolve-cache` for a small one, a 302
 * to another host for an LFS one. Digest, size and commit are on this answer alone; the CDN's own ETag is another.
 */
export function redirectToFile(
  res: ServerResponse,
  repo: HubRepo,
  commit: HubCommit,
  file: HubFile,
  hosts: Hosts,
): void {
  res.setHeader('X-Repo-Commit', commit.id);
  res.setHeader('Accept-Ranges', 'bytes');
  res.setHeader('X-Linked-Size', file.content.size);
  if (file.lfs) redirectToCdn(res, repo, commit, file, hosts);
  else redirectToCache(res, repo, commit, file);
}

function redirectToCache(res: ServerResponse, repo: HubRepo, commit: HubCommit, file: HubFile): void {
  res.setHeader('X-Linked-Etag', `"${file.oid}"`);
  const path = encodePath(file.path);
  const query = `%2F${encodeURIComponent(repo.id)}%2Fresolve%2F${commit.id}%2F${encodeURIComponent(path)}=&etag=%22${file.oid}%22`;
  redirect(res, 307, `/api/resolve-cache/${repo.kind}/${repo.id}/${commit.id}/${path}?${query}`);
}

function redirectToCdn(res: ServerResponse, repo: HubRepo, commit: HubCommit, file: HubFile, hosts: Hosts): void {
  const { sha256 } = file.content;
  res.setHeader('X-Linked-Etag', `"${sha256}"`);
  res.setHeader('X-Xet-Hash', xetHash(file));
  res.setHeader(
    'Link',
    `<${hosts.hub}/api/${repo.kind}/${repo.id}/xet-read-token/${commit.id}>; rel="xet-auth", ` +
      `<${hosts.cdn}/v1/reconstructions/${xetHash(file)}>; rel="xet-reconstruction-info"`,
  );
  const path = `${repo.kind}/${repo.id}/${sha256}/${encodePath(file.path)}`;
  redirect(res, 302, `${hosts.cdn}/${path}?X-Signature=${xetHash(file).slice(0, 16)}&Expires=3600`);
}

function redirect(res: ServerResponse, status: number, location: string): void {
  const body = `Redirecting to ${location}`;
  res.writeHead(status, { Location: location, 'Content-Length': Buffer.byteLength(body), Vary: 'Origin, Accept' });
  res.end(body);
}

function encodePath(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}
