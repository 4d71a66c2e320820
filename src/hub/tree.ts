// SPDX-License-Identifier: Apache-2.0
import { gitOidOf } from '#src/domain/digest.ts';
import type { RepoPath } from '#src/domain/path.ts';
import type { Release, ReleaseFile } from '#src/domain/release.ts';

/** One entry of `/tree` and `/paths-info` (hub-api 3.3). No `xetHash`: it would send clients past the mirror. */
export type TreeEntry =
  | { type: 'directory'; oid: string; size: 0; path: string }
  | { type: 'file'; oid: string; size: number; path: string; lfs?: { oid: string; size: number; pointerSize: number } };

/** A release's files and folders, built once. */
export interface Tree {
  readonly entries: ReadonlyMap<string, TreeEntry>;
  /** The entries directly in a folder, by path; the root is ''. */
  readonly children: ReadonlyMap<string, readonly TreeEntry[]>;
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
  return { entries, children };
}

/** A folder's listing, paths from the repo's root. Undefined when there is no such folder. */
export function listTree(tree: Tree, folder: RepoPath | undefined, recursive: boolean): TreeEntry[] | undefined {
  const inside = tree.children.get(folder ?? '');
  if (!inside || inside.length === 0) return undefined;
  if (!recursive) return [...inside];
  const prefix = folder === undefined ? '' : `${folder}/`;
  return [...tree.entries.values()].filter(({ path }) => path.startsWith(prefix)).sort(byPath);
}

/** The entries of the paths that exist, files and folders; what does not exist is left out, as on the Hub. */
export function pathsInfo(tree: Tree, paths: readonly string[]): TreeEntry[] {
  return paths.flatMap((path) => tree.entries.get(path) ?? []);
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

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

function byPath(a: TreeEntry, b: TreeEntry): number {
  return a.path < b.path ? -1 : a.path > b.path ? 1 : 0;
}
