// SPDX-License-Identifier: Apache-2.0
import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { AirlockError, messageOf } from '#src/domain/errors.ts';
import { parseRepoPath, type RepoPath } from '#src/domain/path.ts';
import { printable } from '#src/domain/repo.ts';

/** As many as an intake takes. */
const MAX_FILES = 1_000_000;

/** What tools leave beside a model, and `hf upload` leaves out too. */
const LEFT_OUT: ReadonlySet<string> = new Set(['.git', '.cache/huggingface']);

/**
 * The paths of all plain files of a repo's folder. Links and special files are refused: a link may lead out of the
 * folder, and no client could be given one.
 * @throws AirlockError upstream-listing-invalid; upstream-invalid: a folder can not be read
 */
export async function filesOf(folder: string, signal?: AbortSignal): Promise<RepoPath[]> {
  const files: RepoPath[] = [];
  const waiting = [''];
  for (let below = waiting.pop(); below !== undefined; below = waiting.pop()) {
    signal?.throwIfAborted();
    for (const entry of await entriesOf(folder, below)) {
      const path = below + nameOf(entry);
      if (LEFT_OUT.has(path)) continue;
      if (entry.isDirectory()) waiting.push(`${checked(path)}/`);
      else if (entry.isFile()) files.push(checked(path));
      else throw refused(path, entry.isSymbolicLink() ? 'a symbolic link' : 'no plain file');
      if (files.length + waiting.length > MAX_FILES) throw tooMany();
    }
  }
  return files;
}

async function entriesOf(folder: string, below: string): Promise<Dirent<Buffer>[]> {
  try {
    return await readdir(join(folder, below), { withFileTypes: true, encoding: 'buffer' });
  } catch (cause) {
    throw new AirlockError(
      'upstream-invalid',
      `Upstream's folder ${printable(below)} can not be read (${errnoOf(cause)}). Ask again when it is complete.`,
      { problem: messageOf(cause) },
      cause,
    );
  }
}

/** Bytes that are no UTF-8 would come out as another name, under which there may be another file. */
function nameOf({ name }: Dirent<Buffer>): string {
  const text = name.toString('utf8');
  if (!Buffer.from(text).equals(name)) throw refused(text, 'a name that is not UTF-8');
  return text;
}

function checked(path: string): RepoPath {
  try {
    return parseRepoPath(path);
  } catch (cause) {
    throw new AirlockError(
      'upstream-listing-invalid',
      `Upstream's folder has a path that can not be served: ${messageOf(cause)}`,
      {},
      cause,
    );
  }
}

function refused(path: string, what: string): AirlockError {
  return new AirlockError(
    'upstream-listing-invalid',
    `Upstream's folder has ${printable(path)}, which is ${what}: only plain files come in.`,
  );
}

function tooMany(): AirlockError {
  return new AirlockError('upstream-listing-invalid', `Upstream's folder has more than ${MAX_FILES} files.`);
}

/** `EACCES`, for people; nothing where it is no error of the file system. */
export function errnoOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
