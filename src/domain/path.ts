// SPDX-License-Identifier: Apache-2.0
import { AirlockError } from './errors.ts';
import { printable } from './repo.ts';

declare const pathBrand: unique symbol;

/** A file's path inside its repo: `/`-separated, relative, no empty, `.` or `..` component, no NUL, no backslash. */
export type RepoPath = string & { readonly [pathBrand]: true };

/** @throws AirlockError bad-path */
export function parseRepoPath(text: string): RepoPath {
  const problem = repoPathProblem(text);
  if (problem)
    throw new AirlockError('bad-path', `${printable(text)} is not a file path: ${problem}.`, { path: printable(text) });
  return text as RepoPath;
}

export function repoPathProblem(text: string): string | undefined {
  if (text === '') return 'it is empty';
  if (Buffer.byteLength(text) > 1024) return 'it is longer than 1,024 bytes';
  if (text.includes('\0')) return 'it contains a NUL';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  if (/[\x01-\x1f\x7f]/.test(text)) return 'it contains control characters';
  // On Windows clients a backslash would be a separator, and so a way out of the folder.
  if (text.includes('\\')) return 'it contains a backslash';
  if (!text.isWellFormed()) return 'it is not well-formed Unicode';
  const parts = text.split('/');
  // Each component is a folder in listings: without a limit a small repo could have millions.
  if (parts.length > 64) return 'it has more than 64 components';
  if (parts.some((part) => part === '' || part === '.' || part === '..'))
    return 'empty, "." and ".." components are forbidden';
  // A checkout of a path under .git would write into the client's own repository data.
  if (parts.some((part) => part.toLowerCase() === '.git')) return 'a ".git" component is forbidden';
  return undefined;
}
