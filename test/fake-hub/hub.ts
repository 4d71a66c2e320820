// SPDX-License-Identifier: Apache-2.0
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  sendEntryNotFound,
  sendError,
  sendGated,
  sendJson,
  sendLoginRequired,
  sendRepoNotFound,
  sendRevisionNotFound,
} from './answers.ts';
import { sendCommits, sendInfo, sendPathsInfo, sendRefs, sendTree } from './api.ts';
import { sendBody } from './body.ts';
import type { FaultedRequest } from './faults.ts';
import type { HubRepo } from './repo.ts';
import { type Asked, bearer } from './request.ts';
import { redirectToFile } from './resolve.ts';
import type { FakeHub } from './server.ts';

/** Everything on the hub's own host. */
export async function handleHub(
  hub: FakeHub,
  req: IncomingMessage,
  res: ServerResponse,
  asked: Asked | undefined,
  query: URLSearchParams,
): Promise<void> {
  record(hub, req, asked);
  res.setHeader('X-Request-Id', `fake-${hub.stats.requests}`);
  if (!asked) return answerOther(hub, req, res);
  if (await faulted(hub, res, asked)) return;
  const token = bearer(req);
  if (token !== undefined && !hub.accounts.has(token))
    return sendError(res, 401, undefined, 'Invalid credentials in Authorization header');
  const renamed = hub.renames.get(`${asked.kind}/${asked.repo}`);
  if (renamed) return redirectRenamed(res, req.url ?? '', asked, renamed);
  const repo = hub.repos.get(`${asked.kind}/${asked.repo}`);
  if (!repo || (repo.private && !granted(repo, token))) return sendRepoNotFound(res, token);
  await answer(hub, req, res, asked, query, repo);
}

async function answer(
  hub: FakeHub,
  req: IncomingMessage,
  res: ServerResponse,
  asked: Asked,
  query: URLSearchParams,
  repo: HubRepo,
): Promise<void> {
  if (asked.class === 'refs') return sendRefs(res, repo, query);
  const commit = repo.at(asked.revision);
  if (!commit) return sendRevisionNotFound(res, asked.revision);
  if (asked.class === 'info') return sendInfo(res, repo, commit, query);
  if (asked.class === 'commits')
    return sendCommits(res, {
      repo,
      commit,
      query,
      pageSize: hub.commitPageSize,
      url: hub.url + (req.url ?? '').split('?', 1)[0],
    });
  if (asked.class === 'paths-info') return sendPathsInfo(req, res, commit);
  const [url = ''] = (req.url ?? '').split('?', 1);
  if (asked.class === 'tree')
    return sendTree(res, { commit, folder: asked.path, query, pageSize: hub.pageSize, url: hub.url + url });
  // A gated repo shows its listing to everybody, its files to those who were let in.
  const token = bearer(req);
  if (repo.gated && !granted(repo, token)) return sendGated(res, repo, token);
  const file = commit.files.get(asked.path);
  if (!file) return sendEntryNotFound(res, commit.id);
  if (asked.class === 'resolve') return redirectToFile(res, repo, commit, file, { hub: hub.url, cdn: hub.cdnUrl });
  res.setHeader('X-Repo-Commit', commit.id);
  res.setHeader('ETag', `"${file.oid}"`);
  await sendBody(req, res, file.content, asked, hub);
}

function record(hub: FakeHub, req: IncomingMessage, asked: Asked | undefined): void {
  const token = bearer(req);
  if (token !== undefined) hub.stats.tokens.add(token);
  hub.stats.log.push({
    class: asked?.class ?? 'other',
    method: req.method ?? '',
    url: req.url ?? '',
    repo: asked?.repo,
    path: asked?.path,
    range: req.headers.range,
    headers: flatHeaders(req),
  });
}

export function flatHeaders(req: IncomingMessage): Record<string, string> {
  return Object.fromEntries(Object.entries(req.headers).map(([name, value]) => [name, String(value)]));
}

function granted(repo: HubRepo, token: string | undefined): boolean {
  return token !== undefined && repo.grants.has(token);
}

/** Latency and error statuses; true when the request was answered here. */
export async function faulted(hub: FakeHub, res: ServerResponse, request: FaultedRequest): Promise<boolean> {
  const latency = hub.faults.strike('latency', request);
  if (latency) await sleep(latency.ms);
  const status = hub.faults.strike('status', request);
  if (!status) return false;
  if (status.retryAfter !== undefined) res.setHeader('Retry-After', status.retryAfter);
  sendError(res, status.status, undefined, `fake hub: switched to answer ${status.status}`);
  return true;
}

/** As the live hub: 307 and a relative Location, for the API and for files. */
function redirectRenamed(res: ServerResponse, url: string, asked: Asked, renamed: string): void {
  const id = renamed.slice(renamed.indexOf('/') + 1);
  const body = 'Temporary Redirect';
  res.writeHead(307, { Location: url.replace(asked.repo, id), 'Content-Length': body.length });
  res.end(body);
}

function answerOther(hub: FakeHub, req: IncomingMessage, res: ServerResponse): void {
  const token = bearer(req);
  if (!req.url?.startsWith('/api/whoami-v2')) sendError(res, 404, undefined, 'Sorry, we can not find that.');
  else if (token === undefined || !hub.accounts.has(token)) sendLoginRequired(res);
  else sendJson(res, { type: 'user', name: 'somebody', orgs: [], auth: { type: 'access_token' } });
}
