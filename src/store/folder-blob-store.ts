// SPDX-License-Identifier: Apache-2.0
import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import type { Sha256 } from '#src/domain/digest.ts';
import { type BlobStore, type ByteRange, rangeOutside } from './blob-store.ts';
import { codeOf } from './error-code.ts';
import { type Folder, guarded, makeFolders, syncFolder, unlessMissing, writeThenPlace } from './folder.ts';
import { BLOBS, blobKey } from './keys.ts';
import { MIB, openSource, readVerified } from './source-file.ts';

const READ_ONLY = 0o400;

/**
 * Blobs as read-only files. A blob gets its name by one rename(2), after its bytes were verified and synced: killed
 * before, there is no blob; killed after, it is whole. Two writers of one blob rename the same content over each other.
 */
export class FolderBlobStore implements BlobStore {
  readonly #folder: Folder;

  constructor(folder: Folder) {
    this.#folder = folder;
  }

  async put(sha256: Sha256, size: number, file: string, options: { readonly consume?: boolean } = {}): Promise<void> {
    const place = this.#place(sha256);
    await guarded(`store blob ${sha256}`, async () => {
      if (await this.#holds(place, sha256, size)) {
        // Its writer may be between rename and sync: durable when this call returns, too.
        await syncFolder(dirname(place));
      } else await this.#store(sha256, size, file, place, options.consume === true);
      // Whoever passes the blob's own path as the file to consume must not lose the blob.
      if (options.consume && resolve(file) !== resolve(place)) await rm(file, { force: true });
    });
  }

  async open(sha256: Sha256, range?: ByteRange): Promise<Readable | undefined> {
    const handle = await this.openFile(sha256);
    if (!handle) return undefined;
    return guarded(`open blob ${sha256}`, async () => {
      try {
        if (range) await assertInside(handle, range, sha256);
        return handle.createReadStream({ highWaterMark: MIB, ...range });
      } catch (error) {
        await handle.close();
        throw error;
      }
    });
  }

  async openFile(sha256: Sha256): Promise<FileHandle | undefined> {
    const place = this.#place(sha256);
    return guarded(`open blob ${sha256}`, () => unlessMissing(this.#folder, () => open(place, 'r')));
  }

  async size(sha256: Sha256): Promise<number | undefined> {
    const place = this.#place(sha256);
    return guarded(`look for blob ${sha256}`, async () => {
      const info = await unlessMissing(this.#folder, () => stat(place));
      return info?.size;
    });
  }

  async remove(sha256: Sha256): Promise<void> {
    const place = this.#place(sha256);
    await guarded(`remove blob ${sha256}`, () =>
      unlessMissing(this.#folder, async () => {
        await rm(place);
        await syncFolder(dirname(place));
      }),
    );
  }

  /** The blob's file, for a server that sends files itself. Only a folder has one, so it is not in the interface. */
  async path(sha256: Sha256): Promise<string | undefined> {
    return (await this.size(sha256)) === undefined ? undefined : this.#place(sha256);
  }

  #place(sha256: Sha256): string {
    return join(this.#folder.root, blobKey(sha256));
  }

  /**
   * Whether the right bytes are there. A damaged blob (a disk fault, somebody's hand) is written again: every release
   * that shares it would serve the damage, and whoever puts it has just verified good bytes in hand.
   */
  async #holds(place: string, sha256: Sha256, size: number): Promise<boolean> {
    const handle = await unlessMissing(this.#folder, () => open(place, 'r'));
    if (!handle) return false;
    try {
      if ((await handle.stat()).size !== size) return false;
      await readVerified(handle, sha256);
      return true;
    } catch (error) {
      // EIO: a sector that the disk can not read any more.
      if (codeOf(error) === 'digest-mismatch' || codeOf(error) === 'EIO') return false;
      throw error;
    } finally {
      await handle.close();
    }
  }

  async #store(sha256: Sha256, size: number, file: string, place: string, consume: boolean): Promise<void> {
    await makeFolders(join(this.#folder.root, BLOBS), [sha256.slice(0, 2)]);
    try {
      const source = await openSource(file, sha256, size);
      try {
        if (!(consume && (await take(source, file, sha256, place)))) await this.#copy(source, sha256, place);
      } finally {
        await source.close();
      }
    } catch (error) {
      // Somebody else consumed the same file for the same blob a moment ago: then the blob is here.
      if (!(codeOf(error) === 'ENOENT' && (await this.#holds(place, sha256, size)))) throw error;
    }
    await syncFolder(dirname(place));
  }

  async #copy(source: FileHandle, sha256: Sha256, place: string): Promise<void> {
    await writeThenPlace(
      this.#folder,
      READ_ONLY,
      (handle) => readVerified(source, sha256, (chunk) => handle.writeFile(chunk)),
      (temporary) => rename(temporary, place),
    );
  }
}

/**
 * Take the file itself, by a rename after hashing. False when it has to be copied: it is on another device, or has a
 * second name through which its bytes could still be changed.
 */
async function take(source: FileHandle, file: string, sha256: Sha256, place: string): Promise<boolean> {
  if ((await source.stat()).nlink !== 1) return false;
  await readVerified(source, sha256);
  await source.chmod(READ_ONLY);
  await source.sync();
  try {
    await rename(file, place);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EXDEV') return false;
    throw error;
  }
}

async function assertInside(handle: FileHandle, range: ByteRange, sha256: Sha256): Promise<void> {
  const { size } = await handle.stat();
  if (range.start < 0 || range.end < range.start || range.end >= size) throw rangeOutside(sha256, range, size);
}
