// SPDX-License-Identifier: Apache-2.0
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { sha256Of } from '#src/domain/digest.ts';
import { blobKey } from '#src/store/keys.ts';
import { S3BlobStore } from '#src/store/s3-blob-store.ts';
import { createS3Client, ensureBucket, type S3Place } from '#src/store/s3-client.ts';
import { S3RecordStore } from '#src/store/s3-record-store.ts';
import { type Minio, startMinio } from '#test/setup/minio.ts';
import { blobStoreContract } from './blob-store-contract.ts';
import { recordStoreContract } from './record-store-contract.ts';

const MIB = 1024 * 1024;
// Small parts, so that 20 MiB are several.
const PARTS = { partSize: 5 * MIB };

// One server for what leaves it running; the contracts stop theirs, and get one each.
const shared = await startMinio();
const skipped = shared ? '' : ' (skipped: no MinIO binary, and no Go to build one)';
afterAll(async () => shared?.stop());

async function newPlace(server: Minio, prefix: string): Promise<S3Place> {
  const client = createS3Client(server);
  const bucket = `b-${randomUUID()}`;
  await ensureBucket(client, bucket, { createBucket: true });
  return { client, bucket, prefix };
}

async function ownServer(): Promise<Minio> {
  const server = await startMinio();
  if (!server) throw new Error('MinIO was there a moment ago');
  return server;
}

async function overwrite(place: S3Place, key: string, bytes: Buffer): Promise<void> {
  await place.client.putObject(place.bucket, (place.prefix ?? '') + key, bytes, bytes.length);
}

async function unfinished(place: S3Place, key: string): Promise<string[]> {
  const found = await place.client.listIncompleteUploadsQuery(place.bucket, (place.prefix ?? '') + key, '', '', '');
  return found.uploads.map((upload) => upload.key);
}

describe.skipIf(!shared)(`on a real S3 server${skipped}`, () => {
  blobStoreContract('the S3 blob store', async () => {
    const server = await ownServer();
    const place = await newPlace(server, '');
    return {
      store: new S3BlobStore(place, PARTS),
      leftovers: (sha256) => unfinished(place, blobKey(sha256)),
      overwrite: (sha256, bytes) => overwrite(place, blobKey(sha256), bytes),
      takeAway: () => server.stop(),
      cleanup: () => server.stop(),
    };
  });

  blobStoreContract('the S3 blob store under a prefix, its bucket removed', async () => {
    const server = await ownServer();
    const place = await newPlace(server, 'team/airlock/');
    return {
      store: new S3BlobStore(place, PARTS),
      leftovers: (sha256) => unfinished(place, blobKey(sha256)),
      overwrite: (sha256, bytes) => overwrite(place, blobKey(sha256), bytes),
      takeAway: () => removeBucket(place),
      cleanup: () => server.stop(),
    };
  });

  recordStoreContract('the S3 record store', async () => {
    const server = await ownServer();
    const place = await newPlace(server, '');
    const second = { ...place, client: createS3Client(server) };
    return {
      store: new S3RecordStore(place),
      second: new S3RecordStore(second),
      takeAway: () => server.stop(),
      cleanup: () => server.stop(),
    };
  });

  recordStoreContract('the S3 record store under a prefix, its bucket removed', async () => {
    const server = await ownServer();
    const place = await newPlace(server, 'team/');
    return {
      store: new S3RecordStore(place),
      second: new S3RecordStore(place),
      takeAway: () => removeBucket(place),
      cleanup: () => server.stop(),
    };
  });

  describe('uploads', () => {
    test.each([
      ['a small file', 1000],
      ['a file of several parts', 12 * MIB],
    ])('%s that changes between hashing and sending is refused by the server', async (_, size) => {
      if (!shared) throw new Error('unreachable');
      const folder = await mkdtemp(join(tmpdir(), 'airlock-s3-'));
      const file = join(folder, 'source');
      const bytes = randomBytes(size);
      await writeFile(file, bytes);
      const place = await newPlace(shared, '');
      tamperBeforeFirstUpload(place, () => writeFile(file, randomBytes(size), { flag: 'r+' }));
      const store = new S3BlobStore(place, PARTS);
      const put = store.put(sha256Of(bytes), size, file);
      await expect(put).rejects.toMatchObject({ code: 'digest-mismatch' });
      expect(await store.size(sha256Of(bytes))).toBeUndefined();
      expect(await unfinished(place, blobKey(sha256Of(bytes)))).toEqual([]);
      await rm(folder, { recursive: true });
    });
  });

  describe('the bucket', () => {
    test('must exist: a missing one stops with the command that creates it', async () => {
      if (!shared) throw new Error('unreachable');
      const client = createS3Client(shared);
      const bucket = `missing-${randomUUID()}`;
      const refused = await ensureBucket(client, bucket).catch((error: unknown) => error);
      expect(refused).toMatchObject({ code: 'config-invalid' });
      expect(String(refused)).toContain(`create-bucket --bucket ${bucket}`);
      await ensureBucket(client, bucket, { createBucket: true });
      await ensureBucket(client, bucket);
    });

    test('with a wrong secret is unavailable, not missing', async () => {
      if (!shared) throw new Error('unreachable');
      const { bucket } = await newPlace(shared, '');
      const client = createS3Client({ ...shared, secretKey: 'wrong-secret-key' });
      await expect(ensureBucket(client, bucket)).rejects.toMatchObject({ code: 'store-unavailable' });
      const store = new S3BlobStore({ client, bucket });
      await expect(store.size(sha256Of('x'))).rejects.toMatchObject({ code: 'store-unavailable' });
      await expect(store.open(sha256Of('x'))).rejects.toMatchObject({ code: 'store-unavailable' });
    });

    test('keeps what belongs to one prefix apart from another', async () => {
      if (!shared) throw new Error('unreachable');
      const place = await newPlace(shared, 'one/');
      const one = new S3RecordStore(place);
      const two = new S3RecordStore({ ...place, prefix: 'two/' });
      await one.create('a', Buffer.from('x'));
      expect(await two.get('a')).toBeUndefined();
      for await (const key of two.list('')) throw new Error(`${key} is not ours`);
    });
  });
});

describe('options', () => {
  const keys = { accessKey: 'a', secretKey: 'b' };
  test.each(['', 'localhost:9000', 'ftp://host', 'http://host/path', 'http://user@host', 'http://host/?x'])(
    '%j is no endpoint',
    (endpoint) => {
      expect(() => createS3Client({ endpoint, ...keys })).toThrow(expect.objectContaining({ code: 'config-invalid' }));
    },
  );

  test.each(['/', 'a', '/a/', 'a//', '../', 'a/../', 'ü/', 'a b/'])('%j is no prefix', (prefix) => {
    const client = createS3Client({ endpoint: 'http://localhost:9000', ...keys });
    const make = () => new S3RecordStore({ client, bucket: 'bucket', prefix });
    expect(make).toThrow(expect.objectContaining({ code: 'config-invalid' }));
  });
});

/** Run `tamper` when the file has been hashed, and just before the first byte is sent. */
function tamperBeforeFirstUpload(place: S3Place, tamper: () => Promise<void>): void {
  const { client } = place;
  const original = client.makeRequestStreamAsync.bind(client);
  let done = false;
  client.makeRequestStreamAsync = async (options, ...rest) => {
    if (options.method === 'PUT' && !done) {
      done = true;
      await tamper();
    }
    return original(options, ...rest);
  };
}

async function removeBucket(place: S3Place): Promise<void> {
  const { client, bucket } = place;
  const names: string[] = [];
  for await (const { name } of client.listObjectsV2(bucket, '', true)) names.push(name);
  await client.removeObjects(bucket, names);
  await client.removeBucket(bucket);
}
