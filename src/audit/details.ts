// SPDX-License-Identifier: Apache-2.0
import { isRepoKind, parseRepo, type Repo, repoIdProblem } from '#src/domain/repo.ts';
import { type CommitSha, isCommitSha } from '#src/domain/revision.ts';

/** Fields of a request that say how to get in somewhere. Their names are enough: what they hold is nobody's affair. */
const SECRET = /token|secret|password|passwd|credential|authorization|cookie|private|api-?key/i;
/** What a token looks like wherever it stands: of this mirror, of the Hub, a JSON Web Token, a header. */
const TOKENS =
  /\b(?:airlock_[A-Za-z0-9_-]{8,}|hf_[A-Za-z0-9]{8,}|eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)?)|\b(?:Bearer|Basic) +[\x21-\x7e]+/g;
/** `https://user:password@host`. */
const USERINFO = /(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/?#@]+@/gi;
const REDACTED = '[redacted]';

const MAX_FIELDS = 50;
const MAX_NAME = 100;
const MAX_TEXT = 2000;

/** What was sent with an act, for the record: a text for each field, cut to a length, and no secret. */
export function detailsOf(body: unknown): Record<string, string> {
  if (typeof body !== 'object' || body === null) return {};
  const fields = Object.entries(body).filter(([, value]) => value !== undefined);
  const kept = fields
    .slice(0, MAX_FIELDS)
    .map(([name, value]) => [name.slice(0, MAX_NAME), textOf(name, value)] as const);
  const left = fields.length - kept.length;
  return { ...Object.fromEntries(kept), ...(left > 0 ? { '...': `${left} more fields` } : {}) };
}

/** A text without what looks like a token. */
export function withoutSecrets(text: string): string {
  const clean = text.replace(TOKENS, REDACTED).replace(USERINFO, `$1${REDACTED}@`);
  return clean.length > MAX_TEXT ? `${clean.slice(0, MAX_TEXT)}... (${clean.length} characters)` : clean;
}

function textOf(name: string, value: unknown): string {
  if (SECRET.test(name)) return REDACTED;
  if (typeof value === 'string') return withoutSecrets(value);
  const text = JSON.stringify(value, (key, inner: unknown) => (SECRET.test(key) ? REDACTED : inner));
  return withoutSecrets(text);
}

const MAX_NAMED = 200;

/** What names somebody, or where from: a proxy may pass on anything as an address. */
export function textOrNull(text: string | undefined | null): string | null {
  return text === undefined || text === null || text.trim() === '' ? null : text.slice(0, MAX_NAMED);
}

/** Which repo and commit an act is about, where its fields say so. Wrong ones are for the act itself to refuse. */
export function placeOfAct(subject: Readonly<Record<string, unknown>>): {
  repo: Repo | null;
  commit: CommitSha | null;
} {
  const { kind = 'models', repo, commit, revision } = subject;
  const isRevision = typeof revision === 'object' && revision !== null && 'commit' in revision;
  const sha = [commit, revision, isRevision ? revision.commit : undefined].find(isSha);
  const named = typeof repo === 'object' && repo !== null ? repo : { kind, id: repo };
  return { repo: repoOf(named), commit: sha ?? null };
}

function isSha(value: unknown): value is CommitSha {
  return typeof value === 'string' && isCommitSha(value);
}

function repoOf(value: object): Repo | null {
  const { kind, id } = value as { kind?: unknown; id?: unknown };
  if (typeof kind !== 'string' || !isRepoKind(kind) || typeof id !== 'string') return null;
  return repoIdProblem(id) === undefined ? parseRepo(kind, id) : null;
}
