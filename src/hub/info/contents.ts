// SPDX-License-Identifier: Apache-2.0
import type { RepoPath } from '#src/domain/path.ts';
import type { Release, ReleaseFile } from '#src/domain/release.ts';
import type { BlobStore } from '#src/store/blob-store.ts';

/** Cards and configurations above this are not read for display. */
const MAX_TEXT_BYTES = 2 * 2 ** 20;

/** What a release's files hold, as far as its description is made of it. */
export interface Contents {
  /** A small file; undefined when it is not there or too large. @throws AirlockError store-unavailable */
  text(path: string): Promise<string | undefined>;
  /**
   * At most `length` bytes from `start` on, fewer at the file's end; undefined when they are not there.
   * @throws AirlockError store-unavailable
   */
  bytes(file: ReleaseFile, start: number, length: number): Promise<Buffer | undefined>;
}

export function contentsOf(release: Release, blobs: Pick<BlobStore, 'open'>): Contents {
  async function bytes(file: ReleaseFile, start: number, length: number): Promise<Buffer | undefined> {
    const end = Math.min(file.size, start + length) - 1;
    if (end < start) return Buffer.alloc(0);
    const stream = await blobs.open(file.sha256, { start, end });
    return stream && Buffer.concat(await stream.toArray());
  }
  return {
    bytes,
    async text(path) {
      const file = release.files.get(path as RepoPath);
      if (!file || file.size > MAX_TEXT_BYTES) return undefined;
      return (await bytes(file, 0, file.size))?.toString('utf8');
    },
  };
}
