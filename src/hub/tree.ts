// SPDX-License-Identifier: Apache-2.0
import { gitOidOf } from '#src/domain/digest.ts';
import type { RepoPath } from '#src/domain/path.ts';
import type { Release, ReleaseFile } from '#src/domain/release.ts';
import { lastCommit } from './commits.ts';
import { type FileSecurity, fileSecurity } from './security.ts';

/** What `expand=true` adds. */
interface Expanded {
  lastCommit?: { id: string; title: string; date: string };
  securityFileStatus?: FileSecurity;
}

interface Folder extends Expanded {
  type: 'directory';
  oid: string;
  size: 0;
  path: string;
}

interface File extends Expanded {
  type: 'file';
  oid: string;
  size: number;
  path: string;
  lfs?: { oid: string; size: number; pointerSize: number };
}

/** Entries in one answer: some clients read no second one (hub-api 3.3). */
export const MAX_ENTRIES = 10_000;

/** One entry of `/tree` and `/paths-info` (hub-api 3.3). No `xetHash`: it would send clients past the mirror. */
export type TreeEntry = Folder | File;

/** A release's files and folders, built once. */
export interface Tree {
  readonly entries: ReadonlyMap<string, TreeEntry>;
  /** All of them, by path: what is below a folder stands together. */
  readonly sorted: readonly TreeEntry[];
  /** The entries directly in a folder, by path; the root is ''. */
  readonly children: ReadonlyMap<string, readonly TreeEntry[]>;
}

/** A part of a listing; `next` is where the next one starts, where there is one. */
interface TreePage {
  readonly entries: readonly TreeEntry[];
  readonly next?: number;
}

/**
 * The `oid` of a folder is not git's (withheld files are not in it): it is a digest of what is served directly in it,
 * so that it changes with anything below.
 */
export function buildTree(release: Release): Tree {
  const entries = new Map<string, TreeEntry>();
  const children = new Map<string, TreeEntry[]>([['', []]]);
  for (const file of release.files.values()) {
    const entry = fileEntry(file);
    entries.set(file.path, entry);
    folderOf(children, parentOf(file.path)).push(entry);
  }
  // Longest paths first: a folder's digest needs those of the folders in it.
  const folders = [...children.keys()].filter((path) => path !== '').sort((a, b) => b.length - a.length);
  for (const path of folders) {
    const inside = folderOf(children, path).sort(byPath);
    const listing = inside.map(({ oid, path }) => `${oid} ${path}\n`).join('');
    const entry: TreeEntry = { type: 'directory', oid: gitOidOf(Buffer.from(listing)), size: 0, path };
    entries.set(path, entry);
    folderOf(children, parentOf(path)).push(entry);
  }
  children.get('')?.sort(byPath);
  return { entries, children, sorted: [...entries.values()].sort(byPath) };
}

/** A folder's listing, paths from the repo's root. Undefined when there is no such folder. */
export function listTree(
  tree: Tree,
  folder: RepoPath | undefined,
  recursive: boolean,
): readonly TreeEntry[] | undefined {
  const inside = tree.children.get(folder ?? '');
  if (!inside || inside.length === 0) return undefined;
  if (!recursive) return inside;
  if (folder === undefined) return tree.sorted;
  // '0' is the character behind '/'.
  return tree.sorted.slice(firstFrom(tree.sorted, `${folder}/`), firstFrom(tree.sorted, `${folder}0`));
}

/** At most `limit` entries from `start` on. */
export function pageOf(entries: readonly TreeEntry[], limit: number, start: number): TreePage {
  const end = start + limit;
  return { entries: entries.slice(start, end), ...(end < entries.length ? { next: end } : {}) };
}

/** The entries of the paths that exist, files and folders; what does not exist is left out, as on the Hub. */
export function pathsInfo(tree: Tree, paths: readonly string[]): TreeEntry[] {
  return paths.flatMap((path) => tree.entries.get(path) ?? []);
}

/** With the commit and, for a file, what the scan said of it. */
export function expandEntries(entries: readonly TreeEntry[], release: Release): TreeEntry[] {
  const commit = lastCommit(release);
  return entries.map((entry) => {
    const file = release.files.get(entry.path as RepoPath);
    return { ...entry, lastCommit: commit, ...(file && { securityFileStatus: fileSecurity(file) }) };
  });
}

function fileEntry(file: ReleaseFile): TreeEntry {
  const entry = { type: 'file' as const, oid: file.gitOid, size: file.size, path: file.path };
  return file.lfs ? { ...entry, lfs: { oid: file.sha256, size: file.size, pointerSize: file.lfs.pointerSize } } : entry;
}

/** The list of a folder, made with those of the folders above it. */
function folderOf(children: Map<string, TreeEntry[]>, path: string): TreeEntry[] {
  const known = children.get(path);
  if (known) return known;
  const made: TreeEntry[] = [];
  children.set(path, made);
  folderOf(children, parentOf(path));
  return made;
}

/** The index of the first entry whose path is `path` or stands behind it. */
function firstFrom(entries: readonly TreeEntry[], path: string): number {
  let [low, high] = [0, entries.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((entries[middle]?.path ?? '') < path) low = middle + 1;
    else high = middle;
  }
  return low;
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

function byPath(a: TreeEntry, b: TreeEntry): number {
  return a.path < b.path ? -1 : a.path > b.path ? 1 : 0;
}
