// SPDX-License-Identifier: Apache-2.0
import type { IncomingMessage, ServerResponse } from 'node:http';
import { sendError } from './answers.ts';
import { xetHash } from './api.ts';
import { sendBody } from './body.ts';
import { faulted, flatHeaders } from './hub.ts';
import type { FakeHub } from './server.ts';

/** The other host. `/{kind}/{org}/{name}/{sha256}/{path}`; it knows nothing of tokens and must never be sent one. */
export async function handleCdn(hub: FakeHub, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const [path = ''] = (req.url ?? '').split('?', 1);
  const [kind, org, name, sha256, ...rest] = path.split('/').slice(1).map(decodeURIComponent);
  const request = { class: 'cdn' as const, repo: `${org}/${name}`, path: rest.join('/') };
  hub.stats.log.push({
    ...request,
    method: req.method ?? '',
    url: req.url ?? '',
    range: req.headers.range,
    headers: flatHeaders(req),
  });
  for (const header of ['authorization', 'cookie'])
    if (req.headers[header] !== undefined)
      hub.stats.violations.push(`the CDN received a header it must not see: ${header}`);
  if (await faulted(hub, res, request)) return;
  const repo = hub.repos.get(`${kind}/${request.repo}`);
  const file = [...(repo?.commits.values() ?? [])]
    .map((commit) => commit.files.get(request.path))
    .find((candidate) => candidate?.lfs && candidate.content.sha256 === sha256);
  if (!file) return sendError(res, 404, undefined, 'no such object');
  // Not the digest of the bytes: a client that trusts the CDN's ETag as one is wrong.
  res.setHeader('ETag', `"${xetHash(file)}"`);
  await sendBody(req, res, file.content, request, hub);
}
