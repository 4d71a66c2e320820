// SPDX-License-Identifier: Apache-2.0
import type { Context } from 'hono';
import { originOf } from '#src/access/origin.ts';
import { sha256Of } from '#src/domain/digest.ts';
import type { RepoPath } from '#src/domain/path.ts';
import type { Release } from '#src/domain/release.ts';
import { repoName } from '#src/domain/repo.ts';
import { shortSha } from '#src/domain/revision.ts';
import { headerText, leftOutText } from './messages.ts';

/** The Hub's own error words (huggingface_hub `utils/_http.py`). */
export type HubErrorCode = 'RepoNotFound' | 'RevisionNotFound' | 'EntryNotFound' | 'GatedRepo';

export interface HubError {
  readonly status: 400 | 401 | 403 | 404 | 405 | 413 | 416 | 429 | 500 | 502 | 503 | 504 | 507;
  readonly code?: HubErrorCode;
  readonly message: string;
  /** Where there is one, huggingface_hub 1.2 and later print the message once per topic, whatever else they do. */
  readonly warningTopic?: string;
  /** Whole seconds. */
  readonly retryAfter?: number;
  readonly commit?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * An error in the shape that every client reads: header, warning and JSON body say the same. HEAD has no body, and a
 * JSON content type without one breaks @huggingface/hub: text/plain there.
 */
export function hubError(c: Context, error: HubError): Response {
  const message = headerText(error.message);
  const headers = new Headers({
    'content-type': c.req.method === 'HEAD' ? 'text/plain; charset=utf-8' : 'application/json; charset=utf-8',
    'cache-control': 'no-store',
    'x-error-message': message,
    ...error.headers,
  });
  if (error.code) headers.set('x-error-code', error.code);
  if (error.commit) headers.set('x-repo-commit', error.commit);
  if (error.warningTopic) headers.set('x-hf-warning', `${error.warningTopic}; ${message}`);
  if (error.retryAfter !== undefined) headers.set('retry-after', String(error.retryAfter));
  const body = c.req.method === 'HEAD' ? null : JSON.stringify({ error: error.message, code: error.code });
  return new Response(body, { status: error.status, headers });
}

/** Normal traffic: clients probe for optional files. With the commit, so that they remember the absence. */
export function entryNotFound(c: Context, release: Release, path: string): Response {
  const name = `${repoName(release.repo)}@${shortSha(release.commit)}`;
  const why = release.leftOut.get(path as RepoPath);
  const entry = { status: 404, code: 'EntryNotFound', commit: release.commit } as const;
  if (!why) return hubError(c, { ...entry, message: `[airlock] ${name} has no entry ${JSON.stringify(path)}.` });
  // The code hides the text in huggingface_hub; and who asks for it by name should not look for it upstream.
  const warningTopic = `airlock-${name.replace(/[/@]/g, '-')}-${why}-${sha256Of(path).slice(0, 8)}`;
  return hubError(c, { ...entry, message: leftOutText(release, path, why, originOf(c).baseUrl), warningTopic });
}

export function json(c: Context, value: unknown, headers: Record<string, string> = {}): Response {
  return jsonBytes(c, Buffer.from(JSON.stringify(value)), headers);
}

/** JSON that was built before. */
export function jsonBytes(c: Context, bytes: Buffer, headers: Record<string, string> = {}): Response {
  return new Response(c.req.method === 'HEAD' ? null : new Uint8Array(bytes), {
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'content-length': String(bytes.length),
      'cache-control': 'private, max-age=0',
      ...headers,
    },
  });
}
