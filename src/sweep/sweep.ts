// SPDX-License-Identifier: Apache-2.0
import { realpath, rm } from 'node:fs/promises';
import { basename, dirname, join, sep } from 'node:path';
import { messageOf } from '#src/domain/errors.ts';
import { cachedRepo, sweepCacheFolder } from './cache-folder.ts';
import { type Found, Matcher } from './found.ts';
import { sweepLocalFolder } from './local-folder.ts';
import type { Revoked } from './revoked.ts';
import { Tree, type TreeLimits } from './tree.ts';

export interface SweepOptions {
  readonly revoked: Revoked;
  /** Read bytes as well, where names say nothing. */
  readonly hash: boolean;
  /** What could not be read, and so was not looked at. */
  readonly problem: (path: string, what: string) => void;
  readonly limits?: Partial<TreeLimits>;
}

/** Chunks of files for faster downloads: no whole file of anything is there. */
const CHUNKS = new Set(['chunk-cache', 'chunk_cache', 'shard-cache', 'shard_cache']);

/**
 * Copies of what was revoked, below a folder: in caches of huggingface_hub, in folders of `hf download --local-dir`, and
 * with `hash` in any other file. Nothing outside of the folder is read, whatever links are in it.
 */
export async function* sweep(root: string, options: SweepOptions): AsyncGenerator<Found> {
  const tree = new Tree(options.problem, options.limits);
  const matcher = new Matcher(tree, options.problem, options);
  // The folder that a person names may be reached by a link; from here on none is followed.
  yield* sweepFolder(matcher, await realpath(root), 0, new Set());
}

/** `told`: what was found by a name already, and need not be found by its bytes. */
async function* sweepFolder(matcher: Matcher, folder: string, depth: number, told: Set<string>): AsyncGenerator<Found> {
  if (matcher.tree.tooDeep(folder, depth)) return;
  const repo = cachedRepo(basename(folder));
  if (repo && (await isCache(matcher, folder))) {
    yield* sweepCacheFolder(matcher, folder, repo);
    return;
  }
  for await (const found of sweepLocalFolder(matcher, folder)) {
    told.add(found.path);
    yield found;
  }
  for await (const { name, path, type } of matcher.tree.entries(folder)) {
    if (type === 'folder' && !isChunks(folder, name)) yield* sweepFolder(matcher, path, depth + 1, told);
    const match = type === 'file' && !told.has(path) ? await matcher.byBytes(path) : undefined;
    if (match) yield { ...match, path, remove: [path] };
  }
}

async function isCache({ tree }: Matcher, folder: string): Promise<boolean> {
  return (await tree.isFolder(join(folder, 'snapshots'))) || (await tree.isFolder(join(folder, 'blobs')));
}

function isChunks(folder: string, name: string): boolean {
  return CHUNKS.has(name) && folder.split(sep).includes('xet');
}

/**
 * Delete what was found, and say of each path whether it is gone. A folder on the way that has become a link meanwhile
 * leads elsewhere: nothing is deleted there.
 */
export async function* remove({ remove: paths }: Found): AsyncGenerator<{ path: string; problem?: string }> {
  for (const path of paths) {
    try {
      if ((await realpath(dirname(path))) !== dirname(path)) throw new Error('leads elsewhere now, and was left alone');
      await rm(path, { force: true });
      yield { path };
    } catch (error) {
      yield { path, problem: messageOf(error) };
      return;
    }
  }
}
