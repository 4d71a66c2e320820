// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { ClientOptions, FileDigests } from '#test/support/clients.ts';

/** What came of one download on one machine. */
export interface Got {
  readonly ok: boolean;
  /** What arrived, by path in the repo. */
  readonly files: Readonly<Record<string, FileDigests>>;
  /** What the person saw in the terminal. */
  readonly seen: string;
}

/** One real client, in the one thing that all of them do. */
export interface Client {
  readonly name: string;
  readonly kind: 'models' | 'datasets';
  /** Why it can not run on this machine. */
  readonly missing?: string | undefined;
  /** The files that it takes of a repo. */
  readonly takes: 'all' | readonly string[];
  get(repo: string, revision: string, person: ClientOptions): Promise<Got>;
  readonly refused: Seen;
  /** Upstream is gone, and the model is not here. */
  readonly gone: Seen;
  /** The commit of a branch was revoked, and this machine has a copy; undefined where it is used without a question. */
  readonly revoked: Seen | undefined;
  /** The model is being fetched. */
  readonly waiting: Seen;
  /** The client then waits by itself, and has the model in the end; the others are to be run again. */
  readonly patient: boolean;
}

/** What a person sees in the terminal: all of these. */
export type Seen = readonly RegExp[];

/** Our own texts, where a client lets them through. */
export const OURS = {
  refused:
    /\[airlock\] \S*acme\/\S+@[0-9a-f]{7} is denied: .*os\.system.* Ask your security team, or use another model\./,
  revoked:
    /\[airlock\] \S*acme\/\S+@[0-9a-f]{7} was revoked by .*: its author lost the key\. Delete copies that you have/,
  waiting: /\[airlock\] \S*acme\/\S+@[0-9a-f]{7} is being fetched and checked .*Run the same command again\./,
  gone: /\[airlock\] \S*acme\/\S+@main: Upstream can not be reached/,
} as const;

/** Every file below a folder, links followed: in the clients' caches, snapshots are links to blobs. */
export async function digestsBelow(folder: string): Promise<Record<string, FileDigests>> {
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  const found: Record<string, FileDigests> = {};
  for (const name of names.filter((path) => !path.split('/').includes('.cache'))) {
    const path = join(folder, name);
    if (!(await stat(path)).isFile()) continue;
    const bytes = await readFile(path);
    const gitOid = createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    found[relative(folder, path)] = { size: bytes.length, sha256, gitOid };
  }
  return found;
}

/** The snapshots of a repo in a cache as huggingface_hub lays it out; hf-hub and @huggingface/hub do the same. */
export async function cachedFiles(cache: string, kind: Client['kind'], repo: string) {
  const snapshots = join(cache, `${kind}--${repo.replaceAll('/', '--')}`, 'snapshots');
  const [commit] = await readdir(snapshots).catch(() => []);
  return commit === undefined ? {} : digestsBelow(join(snapshots, commit));
}
