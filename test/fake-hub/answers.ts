// SPDX-License-Identifier: Apache-2.0
import type { ServerResponse } from 'node:http';
import type { HubRepo } from './repo.ts';

/** The errors of the live hub, with its status, headers and words. */
export function sendError(res: ServerResponse, status: number, code: string | undefined, message: string): void {
  if (code) res.setHeader('X-Error-Code', code);
  // A revision may have letters that no header can carry.
  res.setHeader('X-Error-Message', message.replace(/[^\x20-\x7e]/g, '?'));
  sendJson(res, { error: message }, status);
}

export function sendJson(res: ServerResponse, value: unknown, status = 200): void {
  const body = Buffer.from(JSON.stringify(value));
  res.writeHead(status, { 'Content-Type': 'application/json; charset=utf-8', 'Content-Length': body.length });
  res.end(body);
}

export function sendLoginRequired(res: ServerResponse): void {
  res.setHeader('WWW-Authenticate', 'Bearer realm="Authentication required", charset="UTF-8"');
  sendError(res, 401, undefined, 'Invalid username or password.');
}

/** Without a token the live hub does not say whether a repo exists. */
export function sendRepoNotFound(res: ServerResponse, token: string | undefined): void {
  if (token === undefined) sendLoginRequired(res);
  else sendError(res, 404, 'RepoNotFound', 'Repository not found');
}

export function sendRevisionNotFound(res: ServerResponse, revision: string): void {
  sendError(res, 404, 'RevisionNotFound', `Invalid rev id: ${revision}`);
}

export function sendEntryNotFound(res: ServerResponse, commit: string): void {
  res.setHeader('X-Repo-Commit', commit);
  res.setHeader('X-Error-Code', 'EntryNotFound');
  res.setHeader('X-Error-Message', 'Entry not found');
  res.writeHead(404, { 'Content-Type': 'text/plain; charset=utf-8', 'Content-Length': 15 });
  res.end('Entry not found');
}

export function sendGated(res: ServerResponse, repo: HubRepo, token: string | undefined): void {
  const message = `Access to model ${repo.id} is restricted. You must have access to it and be authenticated to access it. Please log in.`;
  sendError(res, token === undefined ? 401 : 403, 'GatedRepo', message);
}
