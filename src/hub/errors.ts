// SPDX-License-Identifier: Apache-2.0
import { AirlockError, type ErrorCode } from '#src/domain/errors.ts';
import type { HubError } from './respond.ts';

type Row = Pick<HubError, 'status' | 'code' | 'retryAfter'>;

/** The one table from our codes to what a client of the Hub sees. Upstream's failures are never "not found". */
const TABLE: Readonly<Record<ErrorCode, Row>> = {
  'bad-repo-id': { status: 400 },
  'bad-revision': { status: 400 },
  'bad-path': { status: 400 },
  'bad-range': { status: 400 },
  'bad-request': { status: 400 },
  unauthorized: { status: 401 },
  forbidden: { status: 403 },
  conflict: { status: 400 },
  'upstream-repo-not-found': { status: 404, code: 'RepoNotFound' },
  'upstream-revision-not-found': { status: 404, code: 'RevisionNotFound' },
  'upstream-entry-not-found': { status: 404, code: 'EntryNotFound' },
  'upstream-gated': { status: 403, code: 'GatedRepo' },
  'upstream-bad-token': { status: 502 },
  'upstream-rate-limited': { status: 503, retryAfter: 30 },
  'upstream-unavailable': { status: 502, retryAfter: 10 },
  'upstream-timeout': { status: 504, retryAfter: 10 },
  'upstream-invalid': { status: 502 },
  'upstream-listing-invalid': { status: 502 },
  'digest-mismatch': { status: 502 },
  'record-invalid': { status: 500 },
  'journal-rolled-back': { status: 500 },
  'signature-invalid': { status: 500 },
  'config-invalid': { status: 500 },
  overloaded: { status: 429, retryAfter: 30 },
  'limit-exceeded': { status: 403, code: 'GatedRepo' },
  'store-unavailable': { status: 503, retryAfter: 10 },
  'issuer-unavailable': { status: 503, retryAfter: 10 },
  'store-full': { status: 507 },
  'audit-unavailable': { status: 503, retryAfter: 10 },
  'blob-missing': { status: 500 },
  'scan-failed': { status: 500 },
  'shutting-down': { status: 503, retryAfter: 5 },
  internal: { status: 500 },
};

/** What is told to clients of our own failures: no path, no host, no secret. */
const PRIVATE: ReadonlySet<ErrorCode> = new Set([
  'internal',
  'config-invalid',
  'store-unavailable',
  'scan-failed',
  'upstream-bad-token',
]);

export function hubErrorOf(error: unknown): HubError {
  const known =
    error instanceof AirlockError ? error : new AirlockError('internal', 'Something broke in the mirror.', {}, error);
  const asked = known.subject.retryAfter;
  const row = TABLE[known.code];
  const retryAfter =
    row.retryAfter !== undefined && typeof asked === 'number' ? Math.max(1, Math.ceil(asked)) : row.retryAfter;
  return {
    ...row,
    ...(row.status === 429 ? { headers: rateLimit(retryAfter ?? 1) } : {}),
    message: `[airlock] ${PRIVATE.has(known.code) ? privateText(known.code) : known.message}`,
    ...(retryAfter === undefined ? {} : { retryAfter }),
  };
}

/** What huggingface_hub 1.2 and later wait by (hub-api 5.1): nothing is left, and when it begins anew. */
function rateLimit(seconds: number): Record<string, string> {
  return {
    ratelimit: `"mirror";r=0;t=${seconds}`,
    'ratelimit-policy': `"fixed window";"mirror";q=1;w=${seconds}`,
  };
}

function privateText(code: ErrorCode): string {
  if (code === 'store-unavailable')
    return 'The mirror can not reach its store. Try again, and tell its operators if it stays so.';
  if (code === 'upstream-bad-token') return "Upstream refuses the mirror's token. Tell the mirror's operators.";
  return `The mirror failed (${code}). Tell its operators the request id.`;
}
