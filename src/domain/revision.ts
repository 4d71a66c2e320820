// SPDX-License-Identifier: Apache-2.0
import { AirlockError } from './errors.ts';
import { printable } from './repo.ts';

declare const commitBrand: unique symbol;
declare const refBrand: unique symbol;

/** 40 lower-case hex digits: the pin. */
export type CommitSha = string & { readonly [commitBrand]: true };
/** A branch, a tag, `refs/pr/N` or `refs/convert/NAME`; `main` where the client said `HEAD` or nothing. */
export type Ref = string & { readonly [refBrand]: true };

/** What a ref is on the Hub. */
export type RefKind = 'branch' | 'tag' | 'convert' | 'pull';

/** What a client put in the revision segment of a URL. */
export type Revision =
  | { readonly type: 'commit'; readonly commit: CommitSha }
  | { readonly type: 'ref'; readonly ref: Ref };

export const DEFAULT_REF = 'main' as Ref;

const COMMIT = /^[0-9a-f]{40}$/;

export function isCommitSha(text: string): text is CommitSha {
  return COMMIT.test(text);
}

/** @throws AirlockError bad-revision */
export function parseCommitSha(text: string): CommitSha {
  if (!isCommitSha(text))
    throw new AirlockError('bad-revision', `${printable(text)} is not a commit: 40 lower-case hex digits expected.`);
  return text;
}

/**
 * Parse a decoded revision. Refs follow git-check-ref-format(1): no control characters, no space `~^:?*[\`, no `..`,
 * `@{`, `//`, no component that starts with `.` or ends in `.lock`, at most 255 bytes. Nor may a ref look like a
 * commit: a client takes 40 hex digits for a pin.
 * @throws AirlockError bad-revision
 */
export function parseRevision(text: string): Revision {
  if (isCommitSha(text)) return { type: 'commit', commit: text };
  return { type: 'ref', ref: parseRef(text) };
}

/** @throws AirlockError bad-revision */
export function parseRef(text: string): Ref {
  if (text === 'HEAD') return DEFAULT_REF;
  const name = text.replace(/^refs\/(?:heads|tags)\//, '');
  const problem = refProblem(name);
  if (problem)
    throw new AirlockError('bad-revision', `${printable(text)} is not a revision: ${problem}.`, {
      revision: printable(text),
    });
  return name as Ref;
}

function refProblem(name: string): string | undefined {
  if (name === '' || name === '@') return 'it is empty';
  // Each of these would be a second spelling of something else: of `main`, of a commit, of another ref.
  if (name === 'HEAD' || isCommitSha(name) || /^refs\/(?:heads|tags)\//.test(name))
    return 'a branch or tag can not have this name';
  if (!name.isWellFormed()) return 'it is not well-formed Unicode';
  if (Buffer.byteLength(name) > 255) return 'it is longer than 255 bytes';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  if (/[\x00-\x20\x7f~^:?*[\\]/.test(name)) return 'control characters, spaces and ~^:?*[\\ are forbidden';
  if (name.includes('..') || name.includes('@{') || name.includes('//')) return '"..", "@{" and "//" are forbidden';
  if (/^[/-]|[/.]$/.test(name)) return 'it starts or ends with a forbidden character';
  if (name.split('/').some((part) => part.startsWith('.') || part.endsWith('.lock')))
    return 'a component starts with "." or ends in ".lock"';
  return undefined;
}

/** Seven digits, as people read them. */
export function shortSha(commit: CommitSha): string {
  return commit.slice(0, 7);
}

export function revisionText(revision: Revision): string {
  return revision.type === 'commit' ? revision.commit : revision.ref;
}
