// SPDX-License-Identifier: Apache-2.0
import { stat } from 'node:fs/promises';
import PQueue from 'p-queue';
import { AirlockError } from '#src/domain/errors.ts';
import type { Source, SourceFile, VerifiedFile } from '#src/domain/manifest.ts';
import { repoKey } from '#src/domain/repo.ts';
import type { BlobStore } from '#src/store/blob-store.ts';
import type { Upstream } from '#src/upstream/upstream.ts';
import { fetchFile, type Opened, type OpenSource, type Origin } from './fetch-file.ts';
import type { Reservation } from './ledger.ts';
import { contentName, type Quarantine, type QuarantinedFolder } from './quarantine.ts';
import type { Tracker } from './tracker.ts';

/** For files that are evidence before anything is selected: they count in their turn, if they are part of that. */
export const UNCOUNTED = { bytes: () => {}, fileDone: () => {} };

export interface FetchDeps {
  readonly upstream: Upstream;
  readonly blobs: BlobStore;
  readonly quarantine: Quarantine;
  /** So many downloads at once for each intake: a small model must not wait for the files of a large one. */
  readonly downloads: { readonly concurrency: number };
  readonly tries: number;
  readonly minFreeBytes: number;
  readonly log: { error(details: object, text: string): void };
}

/**
 * Bring files into quarantine, several at once, each content once however many paths have it. The first failure stops
 * the rest; what they have so far stays for the next try.
 * @throws AirlockError as `fetchFile`; store-full when the disk would get too full
 */
export async function fetchAll(
  deps: FetchDeps,
  source: Source,
  files: readonly SourceFile[],
  folder: QuarantinedFolder,
  tracker: Pick<Tracker, 'bytes' | 'fileDone'>,
  signal: AbortSignal,
): Promise<VerifiedFile[]> {
  const contents = new Map(files.map((file) => [contentName(file), file]));
  const room = await reserveRoom(deps, contents, folder);
  const stop = new AbortController();
  const both = AbortSignal.any([signal, stop.signal]);
  const downloads = new PQueue({ concurrency: deps.downloads.concurrency });
  const digests = new Map<string, VerifiedFile>();

  async function fetchOne(name: string, file: SourceFile): Promise<void> {
    both.throwIfAborted();
    const onBytes = (bytes: number) => {
      tracker.bytes(name, bytes);
      room.missing(name, file.size - bytes);
    };
    digests.set(
      name,
      await fetchFile(file, folder.file(file), {
        open: opener(deps, source),
        tries: deps.tries,
        signal: both,
        onBytes,
        onMismatch: (problem, origins) => reportMismatch(deps, source, problem, origins),
      }),
    );
    tracker.fileDone(name);
  }

  const running = [...contents].map(([name, file]) => downloads.add(() => fetchOne(name, file)));
  try {
    await Promise.all(running);
  } catch (error) {
    stop.abort();
    // Nobody may write into the folder any more when this returns.
    await Promise.allSettled(running);
    throw signal.aborted
      ? new AirlockError('shutting-down', 'The mirror is stopping. The download goes on when it is back.', {}, error)
      : error;
  } finally {
    room.release();
  }
  return files.flatMap((file) => {
    const verified = digests.get(contentName(file));
    return verified ? [{ ...file, sha256: verified.sha256 }] : [];
  });
}

/**
 * Approved bytes that the store has already are not pulled again: they are copied from there, and checked all the same.
 * Once they, or anything else, were wrong, upstream is asked.
 */
function opener({ upstream, blobs }: FetchDeps, source: Source): OpenSource {
  return async (file, offset, signal, round): Promise<Opened> => {
    if (round === 1 && file.lfs && offset < file.size && (await blobs.size(file.lfs.sha256)) === file.size) {
      const body = await blobs.open(file.lfs.sha256, { start: offset, end: file.size - 1 });
      if (body) return { start: offset, body, from: 'store' };
    }
    return { ...(await upstream.open(source, file, offset, signal)), from: 'upstream' };
  };
}

/**
 * Wrong bytes of the store are not removed here: the fault may lie in what an earlier run left in quarantine, and a
 * release may name the blob. Where it is the blob, `put` finds that out, and puts the right bytes in its place.
 */
function reportMismatch(
  { log }: FetchDeps,
  { repo, commit }: Source,
  problem: AirlockError,
  origins: readonly Origin[],
): void {
  log.error({ repo: repoKey(repo), commit, subject: problem.subject, security: true, from: origins }, problem.message);
}

/** What an earlier run left counts: a download that was cut at the end, or a held one, must not need its space twice. */
async function reserveRoom(
  { quarantine, minFreeBytes }: FetchDeps,
  contents: ReadonlyMap<string, SourceFile>,
  folder: QuarantinedFolder,
): Promise<Reservation> {
  const missing = await Promise.all(
    [...contents].map(async ([name, file]): Promise<[string, number]> => {
      return [name, Math.max(0, file.size - (await sizeOnDisk(folder.file(file))))];
    }),
  );
  return quarantine.reserve(new Map(missing), minFreeBytes);
}

async function sizeOnDisk(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}
