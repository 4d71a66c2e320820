// SPDX-License-Identifier: Apache-2.0
import type { IncomingHttpHeaders } from 'node:http';
import { AirlockError, type ErrorCode } from '#src/domain/errors.ts';
import { retryAfterSeconds } from './retry.ts';

/** What a failed answer of the hub says, before it is known what the request was for. */
export interface FailedAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly url: string;
  /** Whether the hub itself said it, or another host that it redirected to. */
  readonly fromHub: boolean;
}

export function header(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}

const DISABLED = 'Access to this resource is disabled.';

/**
 * Turn a failed answer into an error. The order is that of huggingface_hub `utils/_http.py` hf_raise_for_status: the
 * hub's own code first, then the status. A 401 without a code is how the hub answers for a repo that does not exist
 * when no token was sent; with a token it means that the token is bad. What another host says (an object that is gone,
 * a signature that is too old) is no word on the repo: the hub has just said that the file is there.
 */
export function failure(answer: FailedAnswer, sentToken: boolean): AirlockError {
  const { status, headers, url, fromHub } = answer;
  const said = header(headers, 'x-error-message');
  const code = transientCode(status) ?? (fromHub ? codeOf(status, headers, sentToken) : 'upstream-unavailable');
  const retryAfter = retryAfterSeconds(header(headers, 'retry-after'));
  const text = `Upstream answered ${status}${said ? `: ${said}` : ''}`;
  const named = header(headers, 'x-error-code') ?? (said === DISABLED ? 'Disabled' : undefined);
  return new AirlockError(code, text, {
    status,
    // Whether the hub said so in its own words: a status alone may be that of anybody on the way.
    ...(fromHub && named !== undefined ? { said: named } : {}),
    url: withoutQuery(url),
    ...(retryAfter === undefined ? {} : { retryAfter }),
  });
}

/** A CDN's signed URL opens the file to whoever reads the log. */
export function withoutQuery(url: string): string {
  return url.replace(/[?#].*$/s, '');
}

function transientCode(status: number): ErrorCode | undefined {
  if (status === 429) return 'upstream-rate-limited';
  if (status === 408 || status === 504) return 'upstream-timeout';
  return status >= 500 ? 'upstream-unavailable' : undefined;
}

function codeOf(status: number, headers: IncomingHttpHeaders, sentToken: boolean): ErrorCode {
  const said = header(headers, 'x-error-message');
  const errorCode = header(headers, 'x-error-code');
  if (errorCode === 'RevisionNotFound') return 'upstream-revision-not-found';
  if (errorCode === 'EntryNotFound') return 'upstream-entry-not-found';
  if (errorCode === 'GatedRepo') return 'upstream-gated';
  if (said === DISABLED) return 'upstream-gated';
  if (status === 401 && (sentToken || said?.startsWith('Invalid credentials'))) return 'upstream-bad-token';
  if (errorCode === 'RepoNotFound' || status === 401 || status === 404) return 'upstream-repo-not-found';
  if (status === 403) return 'upstream-gated';
  return 'upstream-invalid';
}
