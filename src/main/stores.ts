// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import type { Config } from '#src/config.ts';
import type { RedirectOptions } from '#src/hub/redirect.ts';
import { auditLog, type Log } from '#src/ops/log.ts';
import type { BlobStore } from '#src/store/blob-store.ts';
import { openFolder } from '#src/store/folder.ts';
import { FolderBlobStore } from '#src/store/folder-blob-store.ts';
import { FolderRecordStore } from '#src/store/folder-record-store.ts';
import type { RecordStore } from '#src/store/record-store.ts';
import { S3BlobStore } from '#src/store/s3-blob-store.ts';
import { createS3Client, ensureBucket } from '#src/store/s3-client.ts';
import { S3RecordStore } from '#src/store/s3-record-store.ts';

interface Stores {
  readonly blobs: BlobStore;
  readonly records: RecordStore;
}

/** Where releases live. @throws AirlockError config-invalid, store-unavailable */
export async function openStores({ store, data }: Config): Promise<Stores> {
  if (store.kind === 'folder') {
    const folder = await openFolder(join(data, 'store'), { create: true });
    return { blobs: new FolderBlobStore(folder), records: new FolderRecordStore(folder) };
  }
  const credentials = { ...store, accessKey: store.accessKey.reveal(), secretKey: store.secretKey.reveal() };
  const client = createS3Client(credentials);
  await ensureBucket(client, store.bucket, store);
  const place = { client, bucket: store.bucket, prefix: store.prefix };
  const reachable = store.redirect && createS3Client({ ...credentials, endpoint: store.redirect.endpoint });
  const blobs = new S3BlobStore(place, reachable ? { publicClient: reachable } : {});
  return { blobs, records: new S3RecordStore(place) };
}

/** Undefined where every byte comes from the mirror itself. */
export function redirects({ store }: Config, log: Log): RedirectOptions | undefined {
  if (store.kind !== 's3' || store.redirect === null) return undefined;
  const { minBytes, seconds } = store.redirect;
  return {
    minBytes,
    seconds,
    onIssue: (issued) => auditLog(log).info(issued, 'a URL of the store was issued'),
  };
}
