// SPDX-License-Identifier: Apache-2.0
import PQueue from 'p-queue';
import type { VerifiedFile } from '#src/domain/manifest.ts';
import type { BlobStore } from '#src/store/blob-store.ts';
import type { QuarantinedFolder } from './quarantine.ts';

/** Storing a small file is mostly waiting for the disk to say that it has it: several wait at the same time. */
const AT_ONCE = 4;

/**
 * Move approved files into the blob store, which checks each digest once more. The first failure ends it, and nobody
 * touches the folder any more when this returns. @throws AirlockError as `BlobStore.put`
 */
export async function promote(
  blobs: Pick<BlobStore, 'put'>,
  files: readonly VerifiedFile[],
  folder: QuarantinedFolder,
): Promise<void> {
  const queue = new PQueue({ concurrency: AT_ONCE });
  const contents = new Map(files.map((file) => [file.sha256, file]));
  const puts = [...contents.values()].map((file) =>
    queue.add(() => blobs.put(file.sha256, file.size, folder.file(file), { consume: true })),
  );
  try {
    await Promise.all(puts);
  } catch (error) {
    queue.clear();
    await queue.onIdle();
    throw error;
  }
}
