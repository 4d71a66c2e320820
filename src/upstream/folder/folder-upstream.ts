// SPDX-License-Identifier: Apache-2.0
import { lstat, readdir, realpath, stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import { AirlockError, isAirlockError, messageOf } from '#src/domain/errors.ts';
import type { Source, SourceFile } from '#src/domain/manifest.ts';
import { REPO_KINDS, type Repo, repoKey, repoName } from '#src/domain/repo.ts';
import { type CommitSha, DEFAULT_REF, type Revision, revisionText } from '#src/domain/revision.ts';
import { cancelled } from '../retry.ts';
import type { Download, Upstream } from '../upstream.ts';
import { commitOf } from './git-objects.ts';
import { changed, type DigestedFile, digest, openPlain, stateOf } from './plain-file.ts';
import { errnoOf, filesOf } from './walk.ts';

export interface FolderOptions {
  /** In the address that release statements name: `folder://<name>`. The path is nobody's business. */
  readonly name: string;
  /** Holds `<kind>/<org>/<name>/` with plain files. */
  readonly root: string;
  readonly now?: () => number;
}

/** Digests that are remembered: 200,000 files are about 100 MB. */
const REMEMBERED = 200_000;
/** A file that was written so shortly before it was read may change once more within the same tick of its clock. */
const SETTLED_MILLISECONDS = 2000;
/** Of a repo that is being written. */
const TRIES = 3;
const PAUSE_MILLISECONDS = 250;

/** All files of a repo as they are now. */
interface Snapshot {
  readonly commit: CommitSha;
  readonly files: readonly SourceFile[];
  readonly newest: number;
}

/**
 * A folder of in-house repos as an upstream. A repo has the branch `main` and one commit, made of its content: whoever
 * writes to the folder makes a new one, and the one before is gone. Digests are remembered as long as device, inode,
 * size and times of a file are the same.
 */
export function createFolderUpstream({ name, root, now = Date.now }: FolderOptions): Upstream {
  const digests = new LRUCache<string, DigestedFile>({ max: REMEMBERED });
  const running = new Map<string, Promise<Snapshot>>();

  async function digestOf(folder: string, path: SourceFile['path'], signal?: AbortSignal): Promise<DigestedFile> {
    const key = `${folder}/${path}`;
    const since = now();
    const known = digests.get(key);
    if (known && known.state === (await stateAt(key))) return known;
    const found = await digest(folder, path, signal);
    if (found.modifiedAt < since - SETTLED_MILLISECONDS) digests.set(key, found);
    else digests.delete(key);
    return found;
  }

  async function read(folder: string, signal?: AbortSignal): Promise<Snapshot> {
    const files: SourceFile[] = [];
    let newest = 0;
    for (const path of (await filesOf(folder, signal)).sort()) {
      signal?.throwIfAborted();
      const found = await digestOf(folder, path, signal);
      files.push(found.file);
      newest = Math.max(newest, found.modifiedAt);
    }
    return { commit: commitOf(files), files, newest };
  }

  /** Read until nothing changes meanwhile, as often as is sensible; callers at the same time share one reading. */
  function snapshot(repo: Repo, signal?: AbortSignal): Promise<Snapshot> {
    const key = repoKey(repo);
    const known = running.get(key);
    if (known) return known;
    const reading = steady(async () => read(await folderOf(root, repo), signal), signal).finally(() =>
      running.delete(key),
    );
    running.set(key, reading);
    return reading;
  }

  return {
    url: `folder://${name}`,

    async resolve(repo, revision, signal) {
      const { commit, newest } = await snapshot(repo, signal);
      if (!means(revision, commit)) throw noRevision(repo, revision);
      return { repo, commit, private: false, gated: false, lastModified: new Date(newest).toISOString() };
    },

    async *list(source, signal) {
      const { commit, files } = await snapshot(source.repo, signal);
      if (commit !== source.commit) throw moved(source);
      yield* files;
    },

    refs: async (repo, signal) => {
      const { commit } = await snapshot(repo, signal);
      return [{ kind: 'branch', name: DEFAULT_REF, commit }];
    },

    ancestry: async ({ commit }, other) => (commit === other ? 'ancestor' : 'forgotten'),

    async open({ repo }, file, offset, signal): Promise<Download> {
      const folder = await folderOf(root, repo);
      const { handle, stats } = await openPlain(folder, file.path).catch((error: unknown) => {
        throw isGone(error) ? noEntry(repo, file) : error;
      });
      const known = digests.get(`${folder}/${file.path}`);
      // The intake compares the bytes with the listing; what is known to be another file is not worth reading.
      if (Number(stats.size) !== file.size || (known && known.state !== stateOf(stats))) {
        await handle.close();
        throw changed(file.path);
      }
      if (offset >= file.size) {
        await handle.close();
        return { start: offset, body: Readable.from([]) };
      }
      return { start: offset, body: handle.createReadStream({ start: offset, end: file.size - 1, signal }) };
    },
  };
}

/** By no link; undefined where there is nothing (any more), which is found out by whoever opens it. */
async function stateAt(path: string): Promise<string | undefined> {
  return lstat(path, { bigint: true }).then(stateOf, () => undefined);
}

async function steady<T>(work: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  for (let n = 1; ; n++) {
    try {
      return await work();
    } catch (error) {
      if (signal?.aborted) throw cancelled(error);
      if (n >= TRIES || !isAirlockError(error, 'upstream-invalid')) throw error;
      await sleep(PAUSE_MILLISECONDS * n, undefined, { ...(signal && { signal }) }).catch((cause: unknown) => {
        throw cancelled(cause);
      });
    }
  }
}

/**
 * The folder of a repo, which must lie where its name says, by no link.
 * @throws AirlockError upstream-repo-not-found; upstream-unavailable: whether it is there can not be found out
 */
async function folderOf(root: string, repo: Repo): Promise<string> {
  await checkRoot(root);
  // A legacy id of one segment would be the folder of an organisation.
  if (!repo.id.includes('/')) throw noRepo(repo);
  try {
    const folder = `${await realpath(root)}/${repo.kind}/${repo.id}`;
    if ((await realpath(folder)) !== folder || !(await stat(folder)).isDirectory()) throw noRepo(repo);
    return folder;
  } catch (cause) {
    if (isAirlockError(cause)) throw cause;
    throw ['ENOENT', 'ENOTDIR', 'ELOOP'].includes(errnoOf(cause)) ? noRepo(repo) : away(cause);
  }
}

/** A disk that is not mounted leaves an empty folder behind: there, nothing is "not found". */
async function checkRoot(root: string): Promise<void> {
  const names = await readdir(root).catch((cause: unknown) => {
    throw away(cause);
  });
  if (!REPO_KINDS.some((kind) => names.includes(kind))) throw away(`it holds none of ${REPO_KINDS.join(', ')}`);
}

function away(cause: unknown): AirlockError {
  const problem = typeof cause === 'string' ? cause : messageOf(cause);
  return new AirlockError(
    'upstream-unavailable',
    'Upstream can not be reached: its folder is not there.',
    { problem },
    cause,
  );
}

function means(revision: Revision, commit: CommitSha): boolean {
  if (revision.type === 'commit') return revision.commit === commit;
  return revision.ref === DEFAULT_REF || (/^[0-9a-f]{7,39}$/.test(revision.ref) && commit.startsWith(revision.ref));
}

function noRepo(repo: Repo): AirlockError {
  return new AirlockError('upstream-repo-not-found', `Upstream has no folder ${repoKey(repo)}.`, {
    repo: repoKey(repo),
    said: 'RepoNotFound',
  });
}

function noRevision(repo: Repo, revision: Revision): AirlockError {
  return new AirlockError(
    'upstream-revision-not-found',
    `Upstream's folder of ${repoName(repo)} is not at ${revisionText(revision)}: it holds its newest content alone.`,
    { repo: repoKey(repo) },
  );
}

function noEntry(repo: Repo, { path }: SourceFile): AirlockError {
  return new AirlockError('upstream-entry-not-found', `Upstream's folder of ${repoName(repo)} has no such file.`, {
    path,
  });
}

function isGone(error: unknown): boolean {
  return isAirlockError(error) && ['ENOENT', 'ENOTDIR'].includes(errnoOf(error.cause));
}

function moved({ repo, commit }: Source): AirlockError {
  return new AirlockError(
    'upstream-invalid',
    `Upstream's folder of ${repoName(repo)} has changed since ${commit}. Ask again.`,
    { repo: repoKey(repo) },
  );
}
