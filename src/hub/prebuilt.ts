// SPDX-License-Identifier: Apache-2.0
import { LRUCache } from 'lru-cache';
import type { RepoPath } from '#src/domain/path.ts';
import type { Release } from '#src/domain/release.ts';
import type { BlobStore } from '#src/store/blob-store.ts';
import { buildInfo, withBlobs } from './info.ts';
import { buildTree, listTree, pathsInfo, type Tree, type TreeEntry } from './tree.ts';

/** Card and config above this are not read for display. */
const MAX_CARD_BYTES = 2 * 2 ** 20;
/** JSON that is kept, in bytes over all releases; and trees, in entries. */
const MAX_JSON_BYTES = 64 * 2 ** 20;
const MAX_TREE_ENTRIES = 200_000;

/**
 * The metadata answers of releases as JSON bytes. A release never changes, so each answer is built once and kept while
 * there is room; the key is the digest of its statement, so that a commit that was published anew is another.
 */
export interface Prebuilt {
  info(release: Release, blobs: boolean): Promise<Buffer>;
  /** Undefined when the release has no such folder. */
  tree(release: Release, folder: RepoPath | undefined, recursive: boolean): Buffer | undefined;
  pathsInfo(release: Release, paths: readonly string[]): TreeEntry[];
}

export function createPrebuilt(blobs: BlobStore): Prebuilt {
  const answers = new LRUCache<string, Buffer>({ maxSize: MAX_JSON_BYTES, sizeCalculation: ({ length }) => length });
  const trees = new LRUCache<string, Tree>({
    maxSize: MAX_TREE_ENTRIES,
    sizeCalculation: ({ entries }) => Math.max(1, entries.size),
  });

  async function readText(release: Release, path: string): Promise<string | undefined> {
    const file = release.files.get(path as RepoPath);
    if (!file || file.size > MAX_CARD_BYTES) return undefined;
    const stream = await blobs.open(file.sha256);
    return stream === undefined ? undefined : Buffer.concat(await stream.toArray()).toString('utf8');
  }

  function treeOf(release: Release): Tree {
    const known = trees.get(release.digest);
    if (known) return known;
    const built = buildTree(release);
    trees.set(release.digest, built);
    return built;
  }

  function keep(key: string, value: unknown): Buffer {
    const bytes = Buffer.from(JSON.stringify(value));
    answers.set(key, bytes);
    return bytes;
  }

  return {
    async info(release, withDigests) {
      const key = `${release.digest} info ${withDigests}`;
      const known = answers.get(key);
      if (known) return known;
      const info = await buildInfo(release, readText);
      return keep(key, withDigests ? withBlobs(info, release) : info);
    },
    tree(release, folder, recursive) {
      const key = `${release.digest} tree ${recursive} ${folder ?? ''}`;
      const known = answers.get(key);
      if (known) return known;
      const entries = listTree(treeOf(release), folder, recursive);
      return entries && keep(key, entries);
    },
    pathsInfo: (release, paths) => pathsInfo(treeOf(release), paths),
  };
}
