// SPDX-License-Identifier: Apache-2.0
import { LRUCache } from 'lru-cache';
import type { RepoPath } from '#src/domain/path.ts';
import type { Release } from '#src/domain/release.ts';
import type { BlobStore } from '#src/store/blob-store.ts';
import { contentsOf } from './info/contents.ts';
import { buildInfo, type InfoShape, type RepoInfo, shapeInfo } from './info.ts';
import { buildTree, listTree, pathsInfo, type Tree, type TreeEntry } from './tree.ts';

/** JSON that is kept, in bytes over all releases; and trees, in entries. */
const MAX_JSON_BYTES = 64 * 2 ** 20;
/** What an entry takes beside its bytes. */
const ENTRY_BYTES = 200;
const MAX_TREE_ENTRIES = 200_000;

/**
 * The metadata answers of releases as JSON bytes. A release never changes, so each answer is built once and kept while
 * there is room; the key is the digest of its statement, so that a commit that was published anew is another.
 */
export interface Prebuilt {
  /** @throws AirlockError store-unavailable */
  info(release: Release, shape: InfoShape): Promise<Buffer>;
  /** Undefined when the release has no such folder. */
  tree(release: Release, folder: RepoPath | undefined, recursive: boolean): Buffer | undefined;
  pathsInfo(release: Release, paths: readonly string[]): TreeEntry[];
}

export function createPrebuilt(blobs: Pick<BlobStore, 'open'>): Prebuilt {
  const answers = new LRUCache<string, Buffer>({
    maxSize: MAX_JSON_BYTES,
    // Clients choose what is in a key.
    sizeCalculation: (bytes, key) => bytes.length + key.length + ENTRY_BYTES,
  });
  const building = new Map<string, Promise<Buffer>>();
  const trees = new LRUCache<string, Tree>({
    maxSize: MAX_TREE_ENTRIES,
    sizeCalculation: ({ entries }) => Math.max(1, entries.size),
  });

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

  /** What every shape of a release's description is cut from; callers at the same time share one reading of its files. */
  async function described(release: Release): Promise<RepoInfo> {
    const key = `${release.digest} described`;
    let bytes = answers.get(key) ?? building.get(key);
    if (!bytes) {
      bytes = buildInfo(release, contentsOf(release, blobs))
        .then((info) => keep(key, info))
        .finally(() => building.delete(key));
      building.set(key, bytes);
    }
    return JSON.parse((await bytes).toString('utf8')) as RepoInfo;
  }

  return {
    async info(release, shape) {
      const key = `${release.digest} info ${JSON.stringify([shape.blobs, shape.expand])}`;
      return answers.get(key) ?? keep(key, shapeInfo(await described(release), release, shape));
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
