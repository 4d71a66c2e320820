// SPDX-License-Identifier: Apache-2.0
import { link, open, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { sha256Of } from '#src/domain/digest.ts';
import { codeOf } from './error-code.ts';
import { type Folder, guarded, makeFolders, syncFolder, unlessMissing, writeThenPlace } from './folder.ts';
import { FolderLock } from './folder-lock.ts';
import { assertRecordSize, LOCK, RECORD_SUFFIX, RECORDS, recordKey, recordPrefix } from './keys.ts';
import type { RecordStore, StoredRecord } from './record-store.ts';

const PRIVATE = 0o600;

/**
 * Records as files; a record's version is the sha256 of its bytes. A reader sees the old bytes or the new ones, since
 * names change by link(2) and rename(2) alone. A crash leaves at most a file in `tmp/`.
 */
export class FolderRecordStore implements RecordStore {
  readonly #folder: Folder;
  readonly #lock: FolderLock;

  constructor(folder: Folder) {
    this.#folder = folder;
    this.#lock = new FolderLock(join(folder.root, LOCK));
  }

  async get(key: string): Promise<StoredRecord | undefined> {
    const place = this.#place(key);
    return guarded(`read record ${key}`, () => this.#read(key, place));
  }

  async create(key: string, bytes: Uint8Array): Promise<boolean> {
    const place = this.#place(key);
    assertRecordSize(key, bytes.length);
    return guarded(`create record ${key}`, async () => {
      await makeFolders(join(this.#folder.root, RECORDS), key.split('/').slice(0, -1));
      const created = await this.#write(bytes, (temporary) => linkNew(temporary, place));
      // Also for the loser: it may act on a record that the winner has not synced yet.
      await syncFolder(dirname(place));
      return created;
    });
  }

  async replace(key: string, bytes: Uint8Array, version: string): Promise<boolean> {
    const place = this.#place(key);
    assertRecordSize(key, bytes.length);
    return guarded(`replace record ${key}`, () =>
      this.#lock.run(async () => {
        // Compare and rename are two steps; the lock is what makes them one for everybody who replaces or removes.
        const current = await this.#read(key, place);
        if (current?.version !== version) return false;
        await this.#write(bytes, (temporary) => rename(temporary, place));
        await syncFolder(dirname(place));
        return true;
      }),
    );
  }

  async *list(prefix: string): AsyncIterable<string> {
    recordPrefix(prefix);
    const cut = prefix.lastIndexOf('/') + 1;
    yield* this.#walk(prefix.slice(0, cut), prefix.slice(cut));
  }

  async remove(key: string): Promise<void> {
    const place = this.#place(key);
    await guarded(`remove record ${key}`, () =>
      // Under the lock: a replace between its compare and its rename would bring the record back.
      this.#lock.run(() =>
        unlessMissing(this.#folder, async () => {
          await rm(place);
          await syncFolder(dirname(place));
        }),
      ),
    );
  }

  #place(key: string): string {
    return join(this.#folder.root, recordKey(key));
  }

  async #read(key: string, place: string): Promise<StoredRecord | undefined> {
    return unlessMissing(this.#folder, async () => {
      const handle = await open(place, 'r');
      try {
        assertRecordSize(key, (await handle.stat()).size);
        const bytes = await handle.readFile();
        return { bytes, version: sha256Of(bytes) };
      } finally {
        await handle.close();
      }
    });
  }

  #write<T>(bytes: Uint8Array, place: (temporary: string) => Promise<T>): Promise<T> {
    return writeThenPlace(this.#folder, PRIVATE, (handle) => handle.writeFile(bytes), place);
  }

  /** Depth first, in byte order of whole keys: there a folder `a` counts as `a/`, behind the records `a` and `a-b`. */
  async *#walk(parent: string, start: string): AsyncIterable<string> {
    const path = join(this.#folder.root, RECORDS, parent);
    const entries = await guarded(`list records under ${parent}`, () =>
      unlessMissing(this.#folder, () => readdir(path, { withFileTypes: true })),
    );
    const names = (entries ?? [])
      .filter((entry) => entry.isDirectory() || entry.name.endsWith(RECORD_SUFFIX))
      .map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name))
      .filter((name) => name.startsWith(start))
      .sort((a, b) => (a < b ? -1 : 1));
    for (const name of names) {
      if (name.endsWith('/')) yield* this.#walk(parent + name, '');
      else yield parent + name.slice(0, -RECORD_SUFFIX.length);
    }
  }
}

/** link(2) refuses to overwrite, so of many callers exactly one succeeds. */
async function linkNew(temporary: string, place: string): Promise<boolean> {
  try {
    await link(temporary, place);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}
