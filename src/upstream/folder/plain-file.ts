// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { type BigIntStats, constants } from 'node:fs';
import { type FileHandle, open, readlink, realpath } from 'node:fs/promises';
import { type GitOid, gitOidOf, lfsPointer, type Sha256 } from '#src/domain/digest.ts';
import { AirlockError, messageOf } from '#src/domain/errors.ts';
import type { SourceFile } from '#src/domain/manifest.ts';
import type { RepoPath } from '#src/domain/path.ts';
import { printable } from '#src/domain/repo.ts';
import { errnoOf } from './walk.ts';

/**
 * From this size on a file is listed as one of LFS: its sha256 is known before it is pulled, so that the store's own
 * copy can be used, and a wrong byte is found against that digest.
 */
const LFS_BYTES = 2 ** 20;
const PIECE = 2 ** 20;
const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;

/** What tells one state of a file from another, as far as the file system can. */
export type FileState = string;

export function stateOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): FileState {
  return [dev, ino, size, mtimeNs, ctimeNs].join(':');
}

export interface OpenedFile {
  readonly handle: FileHandle;
  readonly stats: BigIntStats;
}

/**
 * Open a plain file of a folder. What was opened is asked, not the path: whoever may write there could put a link in
 * the place of a directory after the walk, and have any file of this machine served.
 * @throws AirlockError upstream-invalid
 */
export async function openPlain(folder: string, path: RepoPath): Promise<OpenedFile> {
  const full = `${folder}/${path}`;
  // Without waiting: a pipe that somebody put there meanwhile would never be opened.
  const handle = await open(full, O_RDONLY | (O_NOFOLLOW ?? 0) | (O_NONBLOCK ?? 0)).catch((cause: unknown) => {
    throw unreadable(path, cause);
  });
  try {
    const stats = await handle.stat({ bigint: true });
    const where = await readlink(`/proc/self/fd/${handle.fd}`).catch(() => realpath(full));
    if (!stats.isFile() || where !== full) throw changed(path);
    return { handle, stats };
  } catch (error) {
    await handle.close();
    throw error instanceof AirlockError ? error : unreadable(path, error);
  }
}

/** A file's entry in the listing, and the state in which it had that content. */
export interface DigestedFile {
  readonly file: SourceFile;
  readonly state: FileState;
  /** Milliseconds since 1970. */
  readonly modifiedAt: number;
}

/** @throws AirlockError upstream-invalid: it changed meanwhile, or can not be read; shutting-down */
export async function digest(folder: string, path: RepoPath, signal?: AbortSignal): Promise<DigestedFile> {
  const { handle, stats } = await openPlain(folder, path);
  try {
    const size = Number(stats.size);
    const lfs = size >= LFS_BYTES;
    const hash = lfs ? createHash('sha256') : createHash('sha1').update(`blob ${size}\0`);
    await readAll(handle, path, size, (bytes) => hash.update(bytes), signal);
    if (stateOf(await handle.stat({ bigint: true })) !== stateOf(stats)) throw changed(path);
    const entry = lfs ? lfsFile(path, size, hash.digest('hex')) : plainFile(path, size, hash.digest('hex'));
    return { file: entry, state: stateOf(stats), modifiedAt: Number(stats.mtimeMs) };
  } finally {
    await handle.close();
  }
}

async function readAll(
  handle: FileHandle,
  path: RepoPath,
  size: number,
  take: (bytes: Buffer) => void,
  signal: AbortSignal | undefined,
): Promise<void> {
  const piece = Buffer.allocUnsafe(Math.min(PIECE, size + 1));
  for (let at = 0; ; ) {
    signal?.throwIfAborted();
    const { bytesRead } = await handle.read(piece, 0, piece.length, at).catch((cause: unknown) => {
      throw unreadable(path, cause);
    });
    at += bytesRead;
    // A file that grows is read no further than it was long, and one that shrinks is no whole file.
    if (at > size || (bytesRead === 0 && at < size)) throw changed(path);
    if (bytesRead === 0) return;
    take(piece.subarray(0, bytesRead));
  }
}

function plainFile(path: RepoPath, size: number, gitOid: string): SourceFile {
  return { path, size, gitOid: gitOid as GitOid };
}

function lfsFile(path: RepoPath, size: number, hex: string): SourceFile {
  const sha256 = hex as Sha256;
  const pointer = lfsPointer(sha256, size);
  return { path, size, gitOid: gitOidOf(pointer), lfs: { sha256, pointerSize: pointer.length } };
}

export function changed(path: RepoPath): AirlockError {
  return new AirlockError(
    'upstream-invalid',
    `Upstream's file ${printable(path)} changes while it is read. Ask again when it is complete.`,
    { path },
  );
}

function unreadable(path: RepoPath, cause: unknown): AirlockError {
  return new AirlockError(
    'upstream-invalid',
    `Upstream's file ${printable(path)} can not be read (${errnoOf(cause)}).`,
    { path, problem: messageOf(cause) },
    cause,
  );
}
