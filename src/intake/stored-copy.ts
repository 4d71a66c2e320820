// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Sha256 } from '#src/domain/digest.ts';
import { AirlockError } from '#src/domain/errors.ts';
import type { BlobStore } from '#src/store/blob-store.ts';
import type { Reservation } from './ledger.ts';
import type { Quarantine } from './quarantine.ts';

export interface StoredCopyOptions {
  readonly blobs: Pick<BlobStore, 'open'>;
  readonly quarantine: Pick<Quarantine, 'reserve'>;
  readonly minFreeBytes: number;
  readonly sha256: Sha256;
  readonly size: number;
  readonly file: string;
}

/**
 * A stored blob as a local file, for a scanner that has to read it again. It is hashed on the way: what is judged is
 * what the name says. Its room on the disk is promised first, as that of a download is.
 */
export function storedCopy({ blobs, quarantine, minFreeBytes, sha256, size, file }: StoredCopyOptions): {
  take(): Promise<void>;
  drop(): Promise<void>;
} {
  let room: Reservation | undefined;
  return {
    async take() {
      room = await quarantine.reserve(new Map([[sha256, size]]), minFreeBytes);
      const stored = await blobs.open(sha256);
      if (stored === undefined) throw new AirlockError('blob-missing', `Blob ${sha256} is gone.`, { sha256 });
      await mkdir(dirname(file), { recursive: true, mode: 0o700 });
      const hash = createHash('sha256');
      const hashing = new Transform({
        transform(chunk: Buffer, _encoding, done) {
          hash.update(chunk);
          done(null, chunk);
        },
      });
      await pipeline(stored, hashing, createWriteStream(file, { mode: 0o600 }));
      room.missing(sha256, 0);
      const actual = hash.digest('hex');
      if (actual !== sha256)
        throw new AirlockError('digest-mismatch', `Blob ${sha256} is damaged.`, { expected: sha256, actual });
    },
    async drop() {
      room?.release();
      await rm(file, { force: true });
    },
  };
}
