// SPDX-License-Identifier: Apache-2.0
import { hash } from 'node:crypto';
import type { GitOid } from '#src/domain/digest.ts';
import type { CommitSha } from '#src/domain/revision.ts';

interface TreeFile {
  readonly path: string;
  readonly gitOid: GitOid;
}

/** A directory on the way to becoming a tree object: blobs by name, and directories by name. */
interface Folder {
  readonly files: Map<string, GitOid>;
  readonly folders: Map<string, Folder>;
}

/**
 * The id of the commit that git would make of these files, by nobody and at no time: the same content is the same
 * commit on every machine, and whenever it is looked at. (gitformat-pack(5) and `git help hash-object`: sha1 of type,
 * length, NUL and body.)
 */
export function commitOf(files: readonly TreeFile[]): CommitSha {
  const person = 'hub-airlock <> 0 +0000';
  const body = `tree ${treeOf(foldersOf(files))}\nauthor ${person}\ncommitter ${person}\n\nfolder\n`;
  return objectId('commit', Buffer.from(body)) as CommitSha;
}

function foldersOf(files: readonly TreeFile[]): Folder {
  const root: Folder = { files: new Map(), folders: new Map() };
  for (const { path, gitOid } of files) {
    const parts = path.split('/');
    const name = parts.pop() ?? path;
    let folder = root;
    for (const part of parts) folder = inside(folder, part);
    folder.files.set(name, gitOid);
  }
  return root;
}

function inside({ folders }: Folder, name: string): Folder {
  const known = folders.get(name) ?? { files: new Map(), folders: new Map() };
  folders.set(name, known);
  return known;
}

/** Rows by name in byte order, a directory's name as if it ended in a slash. No file counts as a program. */
function treeOf({ files, folders }: Folder): GitOid {
  const rows = [
    ...[...files].map(([name, oid]) => ({ key: Buffer.from(name), row: row('100644', name, oid) })),
    ...[...folders].map(([name, folder]) => ({
      key: Buffer.from(`${name}/`),
      row: row('40000', name, treeOf(folder)),
    })),
  ];
  rows.sort((a, b) => a.key.compare(b.key));
  return objectId('tree', Buffer.concat(rows.map(({ row }) => row))) as GitOid;
}

function row(mode: string, name: string, oid: GitOid): Buffer {
  return Buffer.concat([Buffer.from(`${mode} ${name}\0`), Buffer.from(oid, 'hex')]);
}

function objectId(type: 'tree' | 'commit', body: Buffer): string {
  return hash('sha1', Buffer.concat([Buffer.from(`${type} ${body.length}\0`), body]), 'hex');
}
