// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { Sha256 } from '#src/domain/digest.ts';
import type { SourceFile } from '#src/domain/manifest.ts';
import type { Repo } from '#src/domain/repo.ts';
import type { CommitSha } from '#src/domain/revision.ts';
import { createLedger, type Ledger } from './ledger.ts';

/**
 * Where unapproved bytes live: always a local folder, whatever the store is.
 *
 *   <root>/<kind>/<namespace>=<name>/<commit>/sha256-<hex>.part   an LFS file, by what upstream promised
 *                                            /git-<hex>.part      any other file
 *   <root>/stored/sha256-<hex>-<uuid>.part                      a stored blob, while a scanner reads it again
 *
 * Two reasons for a folder of its own: scanners read from a descriptor, with random access; and a store that never
 * held an unapproved byte can not leak one. Files of equal content share one entry. Nothing in here is trusted after
 * a restart: what is found is hashed again before it counts.
 */
export interface Quarantine extends Ledger {
  /** The snapshot's folder, made when missing. */
  open(repo: Repo, commit: CommitSha): Promise<QuarantinedFolder>;
  /** Where a blob of the store lies while a scanner reads it again. */
  copyOf(sha256: Sha256): string;
  /** Remove copies that a process which has ended left behind. */
  dropCopies(): Promise<void>;
  /** Remove a snapshot's bytes. */
  discard(repo: Repo, commit: CommitSha): Promise<void>;
  /** Remove snapshots that were last touched before `before`, but for those that `keep` names. */
  sweep(before: Date, keep: (folder: string) => boolean): Promise<number>;
}

export interface QuarantinedFolder {
  readonly path: string;
  /** The local file for these bytes. */
  file(file: SourceFile): string;
}

export function createQuarantine(root: string): Quarantine {
  const folderOf = (repo: Repo, commit: CommitSha) => join(root, repo.kind, repo.id.replace('/', '='), commit);
  return {
    async open(repo, commit) {
      const path = folderOf(repo, commit);
      await mkdir(path, { recursive: true, mode: 0o700 });
      return { path, file: (file) => join(path, `${contentName(file)}.part`) };
    },
    // A name of its own for each reader: two that share a blob must not write into one file.
    copyOf: (sha256) => join(root, 'stored', `sha256-${sha256}-${randomUUID()}.part`),
    dropCopies: () => rm(join(root, 'stored'), { recursive: true, force: true }),
    async discard(repo, commit) {
      await rm(folderOf(repo, commit), { recursive: true, force: true });
    },
    async sweep(before, keep) {
      let removed = 0;
      for (const folder of await snapshotFolders(root)) {
        const touched = await lastTouched(folder);
        if (keep(folder) || touched >= before.getTime()) continue;
        await rm(folder, { recursive: true, force: true });
        removed++;
      }
      return removed;
    },
    ...createLedger(() => freeBytes(root)),
  };
}

/** Bytes free on the quarantine's file system. */
async function freeBytes(root: string): Promise<number> {
  await mkdir(root, { recursive: true, mode: 0o700 });
  const { bavail, bsize } = await statfs(root);
  return bavail * bsize;
}

/** A name for a file's content before its bytes are there: upstream's promise. */
export function contentName(file: SourceFile): string {
  return file.lfs ? `sha256-${file.lfs.sha256}` : `git-${file.gitOid}`;
}

async function snapshotFolders(root: string): Promise<string[]> {
  let level = [root];
  for (let depth = 0; depth < 3; depth++) level = (await Promise.all(level.map(children))).flat();
  return level;
}

async function children(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory()).map((entry) => join(folder, entry.name));
}

async function lastTouched(folder: string): Promise<number> {
  const names = await readdir(folder).catch(() => []);
  const times = await Promise.all([folder, ...names.map((name) => join(folder, name))].map(mtime));
  return Math.max(0, ...times);
}

async function mtime(path: string): Promise<number> {
  return stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  );
}
