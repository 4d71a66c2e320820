// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import { type FileHandle, mkdir, open, readdir, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { AirlockError, messageOf } from '#src/domain/errors.ts';
import { codeOf } from './error-code.ts';
import { BLOBS, RECORDS, TEMPORARY } from './keys.ts';

const BASES = [BLOBS, RECORDS, TEMPORARY] as const;
const LEFTOVER_MS = 24 * 60 * 60 * 1000;
const FULL = new Set(['ENOSPC', 'EDQUOT']);

/** The folder of a store. Made by {@link openFolder} alone, so its base folders were there when the process started. */
export interface Folder {
  readonly root: string;
}

/**
 * Open the folder of a store. It must be there with its base folders, unless `create` asks to make them: a volume that
 * is not mounted, or a path with a typo, must not pass for a store in which nothing was ever approved.
 * @throws AirlockError config-invalid, store-unavailable
 */
export async function openFolder(root: string, options: { readonly create?: boolean } = {}): Promise<Folder> {
  const folder = { root };
  return guarded(`open ${root}`, async () => {
    if (options.create) {
      for (const base of BASES) await makePath(join(root, base));
      await syncFolder(root);
    }
    if (!(await isPresent(folder)))
      throw new AirlockError(
        'config-invalid',
        `${root} is not the folder of a store: ${BASES.join(', ')} are missing. Is the volume mounted? A new store ` +
          `is made with: mkdir -p -m 700 ${BASES.map((base) => join(root, base)).join(' ')}`,
        { path: root },
      );
    await removeLeftovers(folder);
    return folder;
  });
}

/**
 * Run `work` and turn what the file system says into an AirlockError. @throws AirlockError store-full, store-unavailable
 */
export async function guarded<T>(doing: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw folderError(error, doing);
  }
}

export function folderError(error: unknown, doing: string): AirlockError {
  if (error instanceof AirlockError) return error;
  const full = FULL.has(codeOf(error) ?? '');
  const next = full ? 'The disk or quota is full: free some space and try again.' : 'See the cause.';
  const message = `Could not ${doing}: ${messageOf(error)}. ${next}`;
  return new AirlockError(full ? 'store-full' : 'store-unavailable', message, {}, error);
}

/**
 * Run `work`; undefined when the file it needs is not there. A missing file only counts as missing while the store
 * itself is there: an unmounted volume says ENOENT too, and must not look like an empty store.
 */
export async function unlessMissing<T>(folder: Folder, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
    if (await isPresent(folder)) return undefined;
    throw new AirlockError('store-unavailable', `${folder.root} is gone: is its volume mounted?`, {}, error);
  }
}

/**
 * Write a new temporary file through `fill`, make it durable, and hand its name to `place`, which links or renames it
 * into the store. On failure the temporary file is removed; a crash leaves it where no reader looks.
 */
export async function writeThenPlace<T>(
  folder: Folder,
  mode: number,
  fill: (handle: FileHandle) => Promise<void>,
  place: (temporary: string) => Promise<T>,
): Promise<T> {
  const temporary = join(folder.root, TEMPORARY, randomUUID());
  const handle = await open(temporary, 'wx', 0o600);
  try {
    try {
      await fill(handle);
      await handle.chmod(mode);
      // Before it gets its name: a name that survives a power cut must not point to bytes that did not.
      await handle.sync();
    } finally {
      await handle.close();
    }
    return await place(temporary);
  } finally {
    await rm(temporary, { force: true });
  }
}

/** A new name in a folder is durable only once the folder itself is. */
export async function syncFolder(path: string): Promise<void> {
  // Windows can not open a folder; there the file system keeps the entry by itself.
  if (process.platform === 'win32') return;
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Make a folder and what is missing above it. Not the `recursive` of mkdir: where a file system knows no new folders and
 * answers ENOENT, as /proc does, Node tries again for ever, on a thread that nothing can stop.
 */
export async function makePath(path: string): Promise<void> {
  if (await isFolder(path)) return;
  if (dirname(path) !== path) await makePath(dirname(path));
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    // Made by somebody else a moment ago.
    if (codeOf(error) !== 'EEXIST' || !(await isFolder(path))) throw error;
  }
}

async function isFolder(path: string): Promise<boolean> {
  try {
    if ((await stat(path)).isDirectory()) return true;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw error;
  }
  throw new AirlockError('config-invalid', `${path} is a file where a folder is expected`, { path });
}

/**
 * Make `segments` below `base`, one by one and each durable. Never `base` itself: if that is gone, the store is.
 */
export async function makeFolders(base: string, segments: readonly string[]): Promise<string> {
  let path = base;
  for (const segment of segments) {
    const parent = path;
    path = join(parent, segment);
    try {
      await mkdir(path, { mode: 0o700 });
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
      // Perhaps made a moment ago by somebody who has not synced it yet; the sync below covers that as well.
    }
    await syncFolder(parent);
  }
  return path;
}

async function isPresent(folder: Folder): Promise<boolean> {
  for (const base of BASES) {
    try {
      if (!(await stat(join(folder.root, base))).isDirectory()) return false;
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return false;
      throw error;
    }
  }
  return true;
}

/** What crashed writers left. A writer that is still at work touches its file far more often than once a day. */
async function removeLeftovers(folder: Folder): Promise<void> {
  const before = Date.now() - LEFTOVER_MS;
  for (const name of await readdir(join(folder.root, TEMPORARY))) {
    const path = join(folder.root, TEMPORARY, name);
    // Another process may collect the same file at the same time.
    const info = await stat(path).catch(() => undefined);
    if (info && info.mtimeMs < before) await rm(path, { force: true });
  }
}
