// SPDX-License-Identifier: Apache-2.0
import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { AirlockError, isAirlockError, messageOf } from '#src/domain/errors.ts';
import type { SourceFile, VerifiedFile } from '#src/domain/manifest.ts';
import type { Download } from '#src/upstream/upstream.ts';
import { LOWEST_SPEED, type LowestSpeed, type Pace, startPace } from './pace.ts';
import { type Digests, openPartialFile, type PartialFile } from './partial-file.ts';

/** Bytes of a file from an offset on, and whose they are. */
export interface Opened extends Download {
  readonly from: 'upstream' | 'store';
}

/** Opens the bytes of a file from an offset on. In round 2, after a mismatch, nobody's but upstream's will do. */
export type OpenSource = (file: SourceFile, offset: number, signal: AbortSignal, round: 1 | 2) => Promise<Opened>;

/** Where bytes of a file came from; `quarantine`: an earlier run left them. */
export type Origin = Opened['from'] | 'quarantine';

export interface FetchOptions {
  readonly open: OpenSource;
  /** Tries in a row that bring no new byte. Progress starts the count again: a poor line may be cut often. */
  readonly tries: number;
  readonly signal: AbortSignal;
  /** Called with the bytes that are safely in the file; goes back to 0 when a file is started again. */
  readonly onBytes: (bytes: number) => void;
  /** Told of bytes that are not what upstream promised, before they are fetched once more: that is never silent. */
  readonly onMismatch: (problem: AirlockError, origins: readonly Origin[]) => void;
  /** Slower than this counts as a cut. Default: {@link LOWEST_SPEED}. */
  readonly lowestSpeed?: LowestSpeed;
}

/** One round of a download: where it gets its bytes, and how fast. */
interface Round {
  readonly number: 1 | 2;
  readonly origins: Set<Origin>;
  readonly pace: Pace;
}

/**
 * Bring one file into quarantine and check it against what upstream promised. What an earlier run left is hashed and
 * continued. A file that does not match is thrown away and fetched once more from the first byte; then it is an error,
 * and nothing of it is kept.
 * @throws AirlockError digest-mismatch (both digests in its subject), store-full, upstream-*
 */
export async function fetchFile(file: SourceFile, path: string, options: FetchOptions): Promise<VerifiedFile> {
  for (let number: 1 | 2 = 1; ; number = 2) {
    const origins = new Set<Origin>();
    const digests = await download(file, path, options, number, origins);
    const problem = mismatch(file, digests);
    if (!problem) return { ...file, sha256: digests.sha256 };
    await rm(path, { force: true });
    options.onBytes(0);
    if (number === 2) throw problem;
    options.onMismatch(problem, [...origins]);
  }
}

async function download(
  file: SourceFile,
  path: string,
  options: FetchOptions,
  number: 1 | 2,
  origins: Set<Origin>,
): Promise<Digests> {
  const partial = await openPartialFile(path, file);
  if (partial.offset > 0) origins.add('quarantine');
  const pace = startPace(options.lowestSpeed ?? LOWEST_SPEED);
  try {
    options.onBytes(partial.offset);
    for (let failures = 0; partial.offset < file.size; ) {
      const before = partial.offset;
      const error = await receive(file, partial, options, { number, origins, pace });
      if (!error) continue;
      failures = partial.offset > before ? 1 : failures + 1;
      const tooOften = Math.max(failures, pace.slow) >= options.tries;
      if (tooOften || options.signal.aborted || !isWorthResuming(error)) throw error;
      await sleep(Math.min(15_000, 250 * 2 ** failures), undefined, { signal: options.signal }).catch(() => {
        throw error;
      });
    }
    return await partial.finish();
  } finally {
    pace.stop();
    await partial.close();
  }
}

/** Take bytes until the file is whole or the line breaks; the break is returned, because it is expected. */
async function receive(
  file: SourceFile,
  partial: PartialFile,
  options: FetchOptions,
  { number, origins, pace }: Round,
): Promise<AirlockError | undefined> {
  try {
    const { start, body, from } = await options.open(file, partial.offset, options.signal, number);
    // Until the loop below listens, a broken line would be nobody's error and end the process.
    body.on('error', () => {});
    pace.cut = () => body.destroy(tooSlow(file));
    try {
      if (start !== partial.offset) {
        await partial.reset();
        origins.clear();
      }
      origins.add(from);
      for await (const chunk of body) {
        const bytes = chunk as Buffer;
        if (partial.offset + bytes.length > file.size) {
          await partial.reset();
          return new AirlockError(
            'upstream-invalid',
            `Upstream sends more than the ${file.size} bytes that it lists for ${file.path}.`,
            { path: file.path },
          );
        }
        await partial.append(bytes);
        pace.add(bytes.length);
        options.onBytes(partial.offset);
      }
    } finally {
      // The loop does so by itself; but where the disk fails before it, the connection would stay open for ever.
      pace.cut = undefined;
      body.destroy();
    }
  } catch (cause) {
    return isAirlockError(cause) ? cause : brokenOff(file, cause);
  }
  return partial.offset < file.size ? brokenOff(file, undefined) : undefined;
}

function tooSlow(file: SourceFile): AirlockError {
  return new AirlockError('upstream-timeout', `Upstream sends ${file.path} too slowly.`, { path: file.path });
}

function brokenOff(file: SourceFile, cause: unknown): AirlockError {
  const why = cause === undefined ? 'the answer ended early' : messageOf(cause);
  return new AirlockError(
    'upstream-unavailable',
    `Upstream broke off while sending ${file.path}: ${why}.`,
    { path: file.path },
    cause,
  );
}

function isWorthResuming(error: AirlockError): boolean {
  return isAirlockError(error, 'upstream-unavailable', 'upstream-timeout', 'upstream-rate-limited');
}

function mismatch(file: SourceFile, actual: Digests): AirlockError | undefined {
  const promised = [
    ...(file.lfs ? [['sha256', file.lfs.sha256, actual.sha256]] : [['git blob id', file.gitOid, actual.gitOid]]),
    ...(file.sha256 ? [['signed sha256', file.sha256, actual.sha256]] : []),
  ];
  const wrong = promised.find(([, expected, got]) => expected !== got);
  if (!wrong) return undefined;
  const [kind, expected, got] = wrong;
  return new AirlockError(
    'digest-mismatch',
    `${file.path} is not what upstream promised: ${kind} ${got}, expected ${expected}.`,
    {
      path: file.path,
      expected,
      actual: got,
    },
  );
}
