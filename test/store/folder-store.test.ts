// SPDX-License-Identifier: Apache-2.0
import { chmod, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FolderBlobStore } from '#src/store/folder-blob-store.ts';
import { FolderRecordStore } from '#src/store/folder-record-store.ts';
import { blobKey } from '#src/store/keys.ts';
import { blobStoreContract } from './blob-store-contract.ts';
import { newFolder } from './new-folder.ts';
import { recordStoreContract } from './record-store-contract.ts';

blobStoreContract('the folder blob store', async () => {
  const { folder, cleanup } = await newFolder();
  return {
    store: new FolderBlobStore(folder),
    leftovers: () => readdir(join(folder.root, 'tmp')),
    overwrite: async (sha256, bytes) => {
      const place = join(folder.root, blobKey(sha256));
      await chmod(place, 0o600);
      await writeFile(place, bytes);
    },
    takeAway: () => rm(folder.root, { recursive: true }),
    cleanup,
  };
});

recordStoreContract('the folder record store', async () => {
  const { folder, cleanup } = await newFolder();
  return {
    store: new FolderRecordStore(folder),
    second: new FolderRecordStore(folder),
    // As an unmounted volume looks: the mount point is there, and empty.
    takeAway: () => rename(join(folder.root, 'records'), join(folder.root, 'unmounted')),
    cleanup,
  };
});
