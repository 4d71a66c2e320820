// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';

/**
 * Git object ids, as `git hash-object` computes them: sha1 of `<type> <length>\0<body>`. Trees and commits are real
 * too, so a commit sha of this hub is what git itself would print for the same files.
 */
export function objectId(type: 'blob' | 'tree' | 'commit', body: Uint8Array): string {
  return createHash('sha1').update(`${type} ${body.length}\0`).update(body).digest('hex');
}

export interface TreeFile {
  readonly path: string;
  readonly oid: string;
}

/** The id of every directory, the root under `''`. */
export function treeIds(files: readonly TreeFile[]): Map<string, string> {
  const ids = new Map<string, string>();
  writeTree('', files, ids);
  return ids;
}

function writeTree(folder: string, files: readonly TreeFile[], ids: Map<string, string>): string {
  const below = new Map<string, TreeFile[]>();
  const rows: { name: string; mode: string; oid: string }[] = [];
  for (const file of files) {
    const rest = file.path.slice(folder.length);
    const slash = rest.indexOf('/');
    if (slash < 0) rows.push({ name: rest, mode: '100644', oid: file.oid });
    else {
      const name = rest.slice(0, slash);
      below.set(name, [...(below.get(name) ?? []), file]);
    }
  }
  for (const [name, inside] of below)
    rows.push({ name, mode: '40000', oid: writeTree(`${folder}${name}/`, inside, ids) });
  // Git sorts a directory as if its name ended in a slash.
  const key = (row: { name: string; mode: string }) => Buffer.from(row.mode === '40000' ? `${row.name}/` : row.name);
  rows.sort((a, b) => key(a).compare(key(b)));
  const body = Buffer.concat(
    rows.map((row) => Buffer.concat([Buffer.from(`${row.mode} ${row.name}\0`), Buffer.from(row.oid, 'hex')])),
  );
  const oid = objectId('tree', body);
  ids.set(folder.replace(/\/$/, ''), oid);
  return oid;
}

export interface CommitBody {
  readonly tree: string;
  readonly parent?: string | undefined;
  readonly title: string;
  /** Seconds since 1970. */
  readonly time: number;
}

export function commitId(commit: CommitBody): string {
  const person = `Hub <hub@localhost> ${commit.time} +0000`;
  const parent = commit.parent ? `parent ${commit.parent}\n` : '';
  const body = `tree ${commit.tree}\n${parent}author ${person}\ncommitter ${person}\n\n${commit.title}\n`;
  return objectId('commit', Buffer.from(body));
}
