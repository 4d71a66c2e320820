// SPDX-License-Identifier: Apache-2.0
import { createHash, type Hash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import type { GitOid, Sha256 } from '#src/domain/digest.ts';
import { AirlockError, messageOf } from '#src/domain/errors.ts';
import type { SourceFile } from '#src/domain/manifest.ts';

/** Bytes are hashed and written in pieces of this size, whatever the network delivers. */
const PIECE = 2 ** 20;

export interface Digests {
  readonly sha256: Sha256;
  readonly gitOid: GitOid;
}

/**
 * A growing file in quarantine and the digests of what is in it so far, computed in the same pass that stores it. The
 * git blob id is computed for files that upstream names by it; for LFS files upstream promises sha256, and their
 * `gitOid` is that of the pointer, so it is not computed from the content.
 */
export interface PartialFile {
  /** Bytes in the file. */
  readonly offset: number;
  /** Append; resolves once the bytes are handed over, at most one piece being held in memory. */
  append(bytes: Uint8Array): Promise<void>;
  /** Start again from nothing. */
  reset(): Promise<void>;
  /** Flush to the disk and say what the digests are. The file stays open for {@link close}. */
  finish(): Promise<Digests>;
  close(): Promise<void>;
}

/** Open the file for `source`, hashing what an earlier run left in it. */
export async function openPartialFile(path: string, source: SourceFile): Promise<PartialFile> {
  // 'a+' would append whatever the position; 'r+' needs the file to be there.
  const handle = await open(path, 'a', 0o600).then(async (created) => {
    await created.close();
    return open(path, 'r+');
  });
  const piece = Buffer.allocUnsafe(PIECE);
  let filled = 0;
  let written = 0;
  let hashes = startHashes(source);

  async function flush(): Promise<void> {
    if (filled === 0) return;
    const bytes = piece.subarray(0, filled);
    for (const hash of hashes) hash.update(bytes);
    await writeAll(handle, bytes, written);
    written += filled;
    filled = 0;
  }

  async function reset(): Promise<void> {
    await onDisk(() => handle.truncate(0));
    filled = 0;
    written = 0;
    hashes = startHashes(source);
  }

  const left = (await handle.stat()).size;
  if (left > source.size) await reset();
  else {
    for (let read = 1; read > 0 && written < left; written += read) {
      read = (await handle.read(piece, 0, PIECE, written)).bytesRead;
      for (const hash of hashes) hash.update(piece.subarray(0, read));
    }
  }

  return {
    get offset() {
      return written + filled;
    },
    async append(bytes) {
      for (let done = 0; done < bytes.length; ) {
        const take = Math.min(PIECE - filled, bytes.length - done);
        piece.set(bytes.subarray(done, done + take), filled);
        filled += take;
        done += take;
        if (filled === PIECE) await flush();
      }
    },
    reset,
    async finish() {
      await flush();
      await handle.sync();
      const [sha256, gitOid] = hashes.map((hash) => hash.digest('hex'));
      return { sha256: sha256 as Sha256, gitOid: (gitOid ?? source.gitOid) as GitOid };
    },
    async close() {
      // A cut download keeps what came: the next try goes on from here.
      await flush().finally(() => handle.close());
    },
  };
}

function startHashes(source: SourceFile): Hash[] {
  const sha256 = createHash('sha256');
  return source.lfs ? [sha256] : [sha256, createHash('sha1').update(`blob ${source.size}\0`)];
}

async function writeAll(handle: FileHandle, bytes: Buffer, position: number): Promise<void> {
  await onDisk(async () => {
    for (let done = 0; done < bytes.length; )
      done += (await handle.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
  });
}

/** What the disk refuses is our own fault and not upstream's: it is not tried again. */
async function onDisk(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    const full = code === 'ENOSPC' || code === 'EDQUOT';
    throw new AirlockError(
      full ? 'store-full' : 'store-unavailable',
      `Quarantine can not be written: ${messageOf(cause)}`,
      {},
      cause,
    );
  }
}
