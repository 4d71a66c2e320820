// SPDX-License-Identifier: Apache-2.0
import { LRUCache } from 'lru-cache';
import type { RepoPath } from '#src/domain/path.ts';
import type { Release } from '#src/domain/release.ts';
import type { BlobStore } from '#src/store/blob-store.ts';
import { contentsOf } from './info/contents.ts';
import { buildInfo, type InfoShape, type RepoInfo, shapeInfo } from './info.ts';
import {
  buildTree,
  expandEntries,
  listTree,
  MAX_ENTRIES,
  pageOf,
  pathsInfo,
  type Tree,
  type TreeEntry,
} from './tree.ts';

/** JSON that is kept, in bytes over all releases; and trees, in entries. */
const MAX_JSON_BYTES = 64 * 2 ** 20;
/** The same for parts and shapes that clients make up. */
const MAX_CHOSEN_BYTES = 16 * 2 ** 20;
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
  /** What every shape is cut from; not kept for this call alone. @throws AirlockError store-unavailable */
  describe(release: Release): Promise<RepoInfo>;
  /** Undefined when the release has no such folder. */
  tree(release: Release, query: TreeQuery): Built | undefined;
  pathsInfo(release: Release, paths: readonly string[], expand: boolean): TreeEntry[];
}

type Answers = LRUCache<string, Built>;

function answersOf(maxSize: number): Answers {
  // Clients choose what is in a key.
  const sizeCalculation = ({ bytes }: Built, key: string) => bytes.length + key.length + ENTRY_BYTES;
  return new LRUCache({ maxSize, sizeCalculation });
}

export function createPrebuilt(blobs: Pick<BlobStore, 'open'>): Prebuilt {
  const answers = answersOf(MAX_JSON_BYTES);
  // Apart, because there are as many as somebody cares to ask for: they must not push out what everybody asks for.
  const chosen = answersOf(MAX_CHOSEN_BYTES);
  const building = new Map<string, Promise<RepoInfo>>();
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

  function keep(cache: Answers, key: string, value: unknown, next?: number): Built {
    const built = { bytes: Buffer.from(JSON.stringify(value)), ...(next === undefined ? {} : { next }) };
    cache.set(key, built);
    return built;
  }

  /** Callers at the same time share one reading of its files. */
  function reading(release: Release): Promise<RepoInfo> {
    const running = building.get(release.digest);
    if (running) return running;
    const built = buildInfo(release, contentsOf(release, blobs)).finally(() => building.delete(release.digest));
    building.set(release.digest, built);
    return built;
  }

  async function described(release: Release, kept: boolean): Promise<RepoInfo> {
    const key = `${release.digest} described`;
    const known = answers.get(key);
    if (known) return JSON.parse(known.bytes.toString('utf8')) as RepoInfo;
    const info = await reading(release);
    if (kept) keep(answers, key, info);
    return info;
  }

  return {
    async info(release, shape) {
      const key = `${release.digest} info ${JSON.stringify([shape.blobs, shape.security, shape.expand])}`;
      const cache = shape.expand ? chosen : answers;
      return (cache.get(key) ?? keep(cache, key, shapeInfo(await described(release, true), release, shape))).bytes;
    },
    describe: (release) => described(release, false),
    tree(release, { folder, recursive, expand, limit, start }) {
      const key = `${release.digest} tree ${JSON.stringify([folder, recursive, expand, limit, start])}`;
      const cache = limit < MAX_ENTRIES || start > 0 ? chosen : answers;
      const known = cache.get(key);
      if (known) return known;
      const all = listTree(treeOf(release), folder, recursive);
      if (!all) return undefined;
      const { entries, next } = pageOf(all, limit, start);
      return keep(cache, key, expand ? expandEntries(entries, release) : entries, next);
    },
    pathsInfo(release, paths, expand) {
      const entries = pathsInfo(treeOf(release), paths);
      return expand ? expandEntries(entries, release) : entries;
    },
  };
}
