// SPDX-License-Identifier: Apache-2.0
import { stat } from 'node:fs/promises';
import type PQueue from 'p-queue';
import { AirlockError } from '#src/domain/errors.ts';
import type { Source, SourceFile, VerifiedFile } from '#src/domain/manifest.ts';
import { repoKey } from '#src/domain/repo.ts';
import type { BlobStore } from '#src/store/blob-store.ts';
import type { Download, Upstream } from '#src/upstream/upstream.ts';
import { fetchFile, type OpenSource } from './fetch-file.ts';
import { contentName, type Quarantine, type QuarantinedFolder } from './quarantine.ts';
import type { Tracker } from './tracker.ts';

export interface FetchDeps {
  readonly upstream: Upstream;
  readonly blobs: BlobStore;
  readonly quarantine: Quarantine;
  /** Shared by all intakes: so many downloads at once. */
  readonly downloads: PQueue;
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
  await requireSpace(deps, [...contents.values()], folder);
  const stop = new AbortController();
  const both = AbortSignal.any([signal, stop.signal]);
  const digests = new Map<string, VerifiedFile>();

  async function fetchOne(name: string, file: SourceFile): Promise<void> {
    both.throwIfAborted();
    const onBytes = (bytes: number) => tracker.bytes(name, bytes);
    digests.set(
      name,
      await fetchFile(file, folder.file(file), {
        open: opener(deps, source),
        tries: deps.tries,
        signal: both,
        onBytes,
        onMismatch: (problem) => reportMismatch(deps, source, file, problem),
      }),
    );
    tracker.fileDone(name);
  }

  const running = [...contents].map(([name, file]) => deps.downloads.add(() => fetchOne(name, file)));
  try {
    await Promise.all(running);
  } catch (error) {
    stop.abort();
    // Nobody may write into the folder any more when this returns.
    await Promise.allSettled(running);
    throw signal.aborted
      ? new AirlockError('shutting-down', 'The mirror is stopping. The download goes on when it is back.', {}, error)
      : error;
  }
  return files.flatMap((file) => {
    const verified = digests.get(contentName(file));
    return verified ? [{ ...file, sha256: verified.sha256 }] : [];
  });
}

/** Approved bytes that the store has already are not pulled again: they are copied from there, and checked all the same. */
function opener({ upstream, blobs }: FetchDeps, source: Source): OpenSource {
  return async (file, offset, signal): Promise<Download> => {
    if (file.lfs && offset < file.size && (await blobs.size(file.lfs.sha256)) === file.size) {
      const body = await blobs.open(file.lfs.sha256, { start: offset, end: file.size - 1 });
      if (body) return { start: offset, body };
    }
    return upstream.open(source, file, offset, signal);
  };
}

/**
 * The bytes came from upstream, or from a blob of the store that was damaged since it was approved. The blob goes: a
 * release that names it is then refused, which is better than served wrong, and the second round brings it back whole.
 */
async function reportMismatch(
  { blobs, log }: FetchDeps,
  { repo, commit }: Source,
  file: SourceFile,
  problem: AirlockError,
): Promise<void> {
  const stored = file.lfs && (await blobs.size(file.lfs.sha256)) === file.size;
  const about = {
    repo: repoKey(repo),
    commit,
    subject: problem.subject,
    security: true,
    from: stored ? 'store' : 'upstream',
  };
  log.error(about, problem.message);
  if (file.lfs && stored) await blobs.remove(file.lfs.sha256);
}

/** What an earlier run left counts: a download that was cut at the end, or a held one, must not need its space twice. */
async function requireSpace(
  { quarantine, minFreeBytes }: FetchDeps,
  files: readonly SourceFile[],
  folder: QuarantinedFolder,
): Promise<void> {
  const missing = await Promise.all(files.map(async (file) => file.size - (await sizeOnDisk(folder.file(file)))));
  const needed = missing.reduce((sum, bytes) => sum + Math.max(0, bytes), 0);
  if (needed === 0) return;
  const free = await quarantine.freeBytes();
  if (free - needed >= minFreeBytes) return;
  throw new AirlockError(
    'store-full',
    `The mirror has too little free disk: ${free} bytes are free, ${needed} are needed, ${minFreeBytes} must stay free.`,
    {
      free,
      needed,
      minFreeBytes,
    },
  );
}

async function sizeOnDisk(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}
