// SPDX-License-Identifier: Apache-2.0
import { LRUCache } from 'lru-cache';
import type { RepoPath } from '#src/domain/path.ts';
import type { Release } from '#src/domain/release.ts';
import type { BlobStore } from '#src/store/blob-store.ts';
import { contentsOf } from './info/contents.ts';
import { buildInfo, type InfoShape, type RepoInfo, shapeInfo } from './info.ts';
import { buildTree, expandEntries, listTree, pageOf, pathsInfo, type Tree, type TreeEntry } from './tree.ts';

/** JSON that is kept, in bytes over all releases; and trees, in entries. */
const MAX_JSON_BYTES = 64 * 2 ** 20;
/** What an entry takes beside its bytes. */
const ENTRY_BYTES = 200;
const MAX_TREE_ENTRIES = 200_000;

/** A part of a tree's listing. */
export interface TreeQuery {
  readonly folder?: RepoPath;
  readonly recursive: boolean;
  readonly expand: boolean;
  readonly limit: number;
  readonly start: number;
}

/** JSON, and where the next part of a list starts. */
interface Built {
  readonly bytes: Buffer;
  readonly next?: number;
}

/**
 * The metadata answers of releases as JSON bytes. A release never changes, so each answer is built once and kept while
 * there is room; the key is the digest of its statement, so that a commit that was published anew is another.
 */
export interface Prebuilt {
  /** @throws AirlockError store-unavailable */
  info(release: Release, shape: InfoShape): Promise<Buffer>;
  /** Undefined when the release has no such folder. */
  tree(release: Release, query: TreeQuery): Built | undefined;
  pathsInfo(release: Release, paths: readonly string[], expand: boolean): TreeEntry[];
}

export function createPrebuilt(blobs: Pick<BlobStore, 'open'>): Prebuilt {
  const answers = new LRUCache<string, Built>({
    maxSize: MAX_JSON_BYTES,
    // Clients choose what is in a key.
    sizeCalculation: ({ bytes }, key) => bytes.length + key.length + ENTRY_BYTES,
  });
  const building = new Map<string, Promise<Built>>();
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

  function keep(key: string, value: unknown, next?: number): Built {
    const built = { bytes: Buffer.from(JSON.stringify(value)), ...(next === undefined ? {} : { next }) };
    answers.set(key, built);
    return built;
  }

  /** What every shape of a release's description is cut from; callers at the same time share one reading of its files. */
  async function described(release: Release): Promise<RepoInfo> {
    const key = `${release.digest} described`;
    let built = answers.get(key) ?? building.get(key);
    if (!built) {
      built = buildInfo(release, contentsOf(release, blobs))
        .then((info) => keep(key, info))
        .finally(() => building.delete(key));
      building.set(key, built);
    }
    return JSON.parse((await built).bytes.toString('utf8')) as RepoInfo;
  }

  return {
    async info(release, shape) {
      const key = `${release.digest} info ${JSON.stringify([shape.blobs, shape.security, shape.expand])}`;
      return (answers.get(key) ?? keep(key, shapeInfo(await described(release), release, shape))).bytes;
    },
    tree(release, { folder, recursive, expand, limit, start }) {
      const key = `${release.digest} tree ${JSON.stringify([folder, recursive, expand, limit, start])}`;
      const known = answers.get(key);
      if (known) return known;
      const all = listTree(treeOf(release), folder, recursive);
      if (!all) return undefined;
      const { entries, next } = pageOf(all, limit, start);
      return keep(key, expand ? expandEntries(entries, release) : entries, next);
    },
    pathsInfo(release, paths, expand) {
      const entries = pathsInfo(treeOf(release), paths);
      return expand ? expandEntries(entries, release) : entries;
    },
  };
}
