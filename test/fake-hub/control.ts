// SPDX-License-Identifier: Apache-2.0
import type { IncomingMessage, ServerResponse } from 'node:http';
import { sendError, sendJson } from './answers.ts';
import type { Fault } from './faults.ts';
import type { FakeHub } from './server.ts';

/**
 * The switches over HTTP, for a hub that runs as a command: `POST /__faults` (a fault as JSON), `DELETE /__faults`,
 * `POST /__move` ({repo, branch, changes}), `POST /__delete` ({repo}), `GET /__stats`, `DELETE /__stats`.
 */
export async function handleControl(hub: FakeHub, req: IncomingMessage, res: ServerResponse): Promise<void> {
  switch (`${req.method} ${req.url}`) {
    case 'POST /__faults':
      hub.faults.add((await readJson(req)) as Fault);
      return sendJson(res, { ok: true });
    case 'DELETE /__faults':
      hub.faults.clear();
      return sendJson(res, { ok: true });
    case 'POST /__move': {
      const asked = (await readJson(req)) as { repo: string; branch?: string; changes: Record<string, string> };
      return sendJson(res, { commit: hub.repo(asked.repo).move(asked.branch ?? 'main', asked.changes) });
    }
    case 'POST /__delete':
      hub.delete(((await readJson(req)) as { repo: string }).repo);
      return sendJson(res, { ok: true });
    case 'GET /__stats':
      return sendJson(res, hub.stats);
    case 'DELETE /__stats':
      hub.stats.reset();
      return sendJson(res, { ok: true });
    default:
      return sendError(res, 404, undefined, 'no such switch');
  }
}

async function readJson(req: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString('utf8'));
}
