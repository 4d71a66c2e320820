// SPDX-License-Identifier: Apache-2.0

/**
 * Every error that this project raises on purpose carries one of these codes. Code decides on `code`, people read
 * `message`; nobody parses the text. What a caller is expected to handle (held, denied, not in the catalog) is a
 * return value, not an error.
 */
export type ErrorCode =
  // what a client sent
  | 'bad-repo-id'
  | 'bad-revision'
  | 'bad-path'
  | 'bad-range'
  | 'bad-request'
  | 'unauthorized'
  | 'forbidden'
  | 'conflict'
  // what upstream said
  | 'upstream-repo-not-found'
  | 'upstream-revision-not-found'
  | 'upstream-entry-not-found'
  | 'upstream-gated'
  | 'upstream-bad-token'
  | 'upstream-rate-limited'
  | 'upstream-unavailable'
  | 'upstream-timeout'
  | 'upstream-invalid'
  | 'upstream-listing-invalid'
  // security: never retried in silence, never turned into "not found"
  | 'digest-mismatch'
  | 'record-invalid'
  | 'journal-rolled-back'
  | 'signature-invalid'
  // our own house
  | 'config-invalid'
  | 'limit-exceeded'
  | 'overloaded'
  | 'store-unavailable'
  | 'issuer-unavailable'
  | 'store-full'
  | 'audit-unavailable'
  | 'blob-missing'
  | 'scan-failed'
  | 'shutting-down'
  | 'internal';

const SECURITY: ReadonlySet<ErrorCode> = new Set([
  'digest-mismatch',
  'record-invalid',
  'journal-rolled-back',
  'signature-invalid',
]);

/** What the error is about: any of repo, commit, path, rule, key, expected and actual values. */
export type Subject = Readonly<Record<string, string | number | boolean | undefined>>;

export class AirlockError extends Error {
  readonly code: ErrorCode;
  readonly subject: Subject;

  constructor(code: ErrorCode, message: string, subject: Subject = {}, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'AirlockError';
    this.code = code;
    this.subject = subject;
  }

  /** A security error means that bytes or records are not what somebody signed or promised. */
  get security(): boolean {
    return SECURITY.has(this.code);
  }
}

export function isAirlockError(error: unknown, ...codes: ErrorCode[]): error is AirlockError {
  return error instanceof AirlockError && (codes.length === 0 || codes.includes(error.code));
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
