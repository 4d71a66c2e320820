// SPDX-License-Identifier: Apache-2.0
import { gitOidOf } from '#src/domain/digest.ts';
import type { RepoPath } from '#src/domain/path.ts';
import type { Release, ReleaseFile } from '#src/domain/release.ts';

/** One entry of `/tree` and `/paths-info` (hub-api 3.3). No `xetHash`: it would send clients past the mirror. */
export type TreeEntry =
  | { type: 'directory'; oid: string; size: 0; path: string }
  | { type: 'file'; oid: string; size: number; path: string; lfs?: { oid: string; size: number; pointerSize: number } };

export function fileEntry(file: ReleaseFile): TreeEntry {
  const entry = { type: 'file' as const, oid: file.gitOid, size: file.size, path: file.path };
  return file.lfs ? { ...entry, lfs: { oid: file.sha256, size: file.size, pointerSize: file.lfs.pointerSize } } : entry;
}

/**
 * A folder's listing, paths from the repo's root. Undefined when the release has no such folder.
 * The `oid` of a folder is not git's (withheld files are not in it): it is a digest of what is served below.
 */
export function listTree(release: Release, folder: RepoPath | undefined, recursive: boolean): TreeEntry[] | undefined {
  const prefix = folder === undefined ? '' : `${folder}/`;
  const below = [...release.files.values()].filter((file) => file.path.startsWith(prefix));
  if (below.length === 0) return undefined;
  const folders = new Map<string, ReleaseFile[]>();
  const entries: TreeEntry[] = [];
  for (const file of below) {
    const names = file.path.slice(prefix.length).split('/');
    for (let depth = 1; depth < names.length && (recursive || depth === 1); depth++) {
      const path = prefix + names.slice(0, depth).join('/');
      const files = folders.get(path);
      if (files) files.push(file);
      else folders.set(path, [file]);
    }
    if (recursive || names.length === 1) entries.push(fileEntry(file));
  }
  for (const [path, files] of folders) entries.push(folderEntry(path, files));
  return entries.sort(byPath);
}

/** The entries of the paths that exist, files and folders; what does not exist is left out, as on the Hub. */
export function pathsInfo(release: Release, paths: readonly string[]): TreeEntry[] {
  return paths.flatMap((path) => {
    const file = release.files.get(path as RepoPath);
    if (file) return [fileEntry(file)];
    const below = [...release.files.values()].filter((other) => other.path.startsWith(`${path}/`));
    return below.length === 0 ? [] : [folderEntry(path, below)];
  });
}

function folderEntry(path: string, files: readonly ReleaseFile[]): TreeEntry {
  const listing = files.map((file) => `${file.gitOid} ${file.path}\n`).join('');
  return { type: 'directory', oid: gitOidOf(Buffer.from(listing)), size: 0, path };
}

function byPath(a: TreeEntry, b: TreeEntry): number {
  return a.path < b.path ? -1 : a.path > b.path ? 1 : 0;
}
