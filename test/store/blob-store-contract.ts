// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { link, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Sha256, sha256Of } from '#src/domain/digest.ts';
import type { BlobStore, ByteRange } from '#src/store/blob-store.ts';

export interface BlobStoreUnderTest {
  readonly store: BlobStore;
  /** What a put left behind that is not a blob: temporary files, unfinished uploads. */
  leftovers(sha256: Sha256): Promise<string[]>;
  /** What a fault of the disk or of the server does: other bytes under the blob's name. */
  overwrite(sha256: Sha256, bytes: Buffer): Promise<void>;
  /** Take the whole store away. */
  takeAway(): Promise<void>;
  cleanup(): Promise<void>;
}

/** What every {@link BlobStore} promises. Part sizes are to be small enough that 20 MiB are several parts. */
export function blobStoreContract(name: string, make: () => Promise<BlobStoreUnderTest>): void {
  describe(`${name} keeps the blob store contract`, () => {
    let subject: BlobStoreUnderTest;
    let store: BlobStore;
    let folder: string;
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'airlock-blobs-'));
      subject = await make();
      store = subject.store;
    });
    afterAll(async () => {
      await subject?.cleanup();
      await rm(folder, { recursive: true, force: true });
    });

    async function source(bytes: Buffer): Promise<{ bytes: Buffer; sha256: Sha256; file: string }> {
      const file = join(folder, randomBytes(8).toString('hex'));
      await writeFile(file, bytes);
      return { bytes, sha256: sha256Of(bytes), file };
    }

    async function read(sha256: Sha256, range?: ByteRange): Promise<Buffer | undefined> {
      const stream = await store.open(sha256, range);
      return stream && buffer(stream);
    }

    test('a blob that was put is read back byte for byte, with its size', async () => {
      const { bytes, sha256, file } = await source(randomBytes(100_000));
      await store.put(sha256, bytes.length, file);
      expect(await store.size(sha256)).toBe(100_000);
      expect((await read(sha256))?.equals(bytes)).toBe(true);
      expect((await readFile(file)).equals(bytes)).toBe(true);
      expect(await subject.leftovers(sha256)).toEqual([]);
    });

    test.each([
      [{ start: 0, end: 0 }],
      [{ start: 0, end: 999 }],
      [{ start: 7, end: 7 }],
      [{ start: 500, end: 999 }],
      [{ start: 1, end: 998 }],
    ])('range %o is inclusive at both ends', async (range) => {
      const { bytes, sha256, file } = await source(Buffer.from(Array.from({ length: 1000 }, (_, i) => i % 251)));
      await store.put(sha256, bytes.length, file);
      expect((await read(sha256, range))?.equals(bytes.subarray(range.start, range.end + 1))).toBe(true);
    });

    test.each([
      [{ start: 0, end: 10 }],
      [{ start: 10, end: 10 }],
      [{ start: 5, end: 4 }],
      [{ start: -1, end: 4 }],
      [{ start: 100, end: 200 }],
    ])('range %o outside of a blob of 10 bytes is refused', async (range) => {
      const { bytes, sha256, file } = await source(Buffer.from('0123456789'));
      await store.put(sha256, bytes.length, file);
      await expect(store.open(sha256, range)).rejects.toMatchObject({ code: 'bad-range' });
    });

    test('what is not there is undefined, and removing it is no error', async () => {
      const sha256 = sha256Of('never stored');
      expect(await store.size(sha256)).toBeUndefined();
      expect(await store.open(sha256)).toBeUndefined();
      expect(await store.open(sha256, { start: 0, end: 1 })).toBeUndefined();
      await store.remove(sha256);
    });

    test('a removed blob is gone', async () => {
      const { bytes, sha256, file } = await source(randomBytes(10));
      await store.put(sha256, bytes.length, file);
      await store.remove(sha256);
      expect(await store.size(sha256)).toBeUndefined();
      expect(await store.open(sha256)).toBeUndefined();
    });

    test.each([
      ['small', 1000, false],
      ['of several parts', 20 * 1024 * 1024, false],
      ['to be consumed', 1000, true],
    ])(
      'a file %s that is not the promised digest is refused, and nothing becomes visible',
      async (_, size, consume) => {
        const { file } = await source(randomBytes(size));
        const promised = sha256Of(randomBytes(16));
        const put = store.put(promised, size, file, { consume });
        await expect(put).rejects.toMatchObject({ code: 'digest-mismatch', security: true });
        expect(await store.size(promised)).toBeUndefined();
        expect(await subject.leftovers(promised)).toEqual([]);
        expect((await stat(file)).size).toBe(size);
      },
    );

    test('a file of another size than promised is refused', async () => {
      const { bytes, sha256, file } = await source(randomBytes(1000));
      for (const size of [0, 999, 1001])
        await expect(store.put(sha256, size, file)).rejects.toMatchObject({ code: 'digest-mismatch' });
      expect(await store.size(sha256)).toBeUndefined();
      await store.put(sha256, bytes.length, file);
      expect(await store.size(sha256)).toBe(1000);
    });

    test('a second put of the same blob is no error', async () => {
      const { bytes, sha256, file } = await source(randomBytes(5000));
      await store.put(sha256, bytes.length, file);
      await store.put(sha256, bytes.length, file);
      expect((await read(sha256))?.equals(bytes)).toBe(true);
    });

    test.each([
      ['of the same size', 1000, false, (bytes: Buffer) => Buffer.alloc(bytes.length, 7)],
      ['of the same size, by a file to be consumed', 1000, true, (bytes: Buffer) => Buffer.alloc(bytes.length, 7)],
      ['cut short', 1000, false, (bytes: Buffer) => bytes.subarray(0, 500)],
      ['of several parts with one bit flipped', 12 * 1024 * 1024, true, flipLastBit],
    ])('a damaged blob %s is replaced by the next put', async (_, size, consume, damage) => {
      const { bytes, sha256, file } = await source(randomBytes(size));
      await store.put(sha256, size, file);
      await subject.overwrite(sha256, damage(bytes));
      expect((await read(sha256))?.equals(bytes)).toBe(false);
      await store.put(sha256, size, file, { consume });
      expect((await read(sha256))?.equals(bytes)).toBe(true);
      expect(await subject.leftovers(sha256)).toEqual([]);
    });

    test('a damaged blob is not replaced by other bytes that are not its own', async () => {
      const { bytes, sha256, file } = await source(randomBytes(1000));
      await store.put(sha256, 1000, file);
      await subject.overwrite(sha256, Buffer.alloc(1000));
      await writeFile(file, Buffer.alloc(1000, 1));
      await expect(store.put(sha256, 1000, file)).rejects.toMatchObject({ code: 'digest-mismatch' });
      expect((await read(sha256))?.equals(Buffer.alloc(1000))).toBe(true);
      await writeFile(file, bytes);
      await store.put(sha256, 1000, file);
      expect((await read(sha256))?.equals(bytes)).toBe(true);
    });

    test('eight puts of one blob at the same time all succeed', async () => {
      const { bytes, sha256 } = await source(randomBytes(11 * 1024 * 1024 + 1));
      const files = await Promise.all(Array.from({ length: 8 }, () => source(bytes)));
      await Promise.all(files.map(({ file }) => store.put(sha256, bytes.length, file)));
      expect((await read(sha256))?.equals(bytes)).toBe(true);
      expect(await subject.leftovers(sha256)).toEqual([]);
    });

    test('four puts that consume one file at the same time all succeed', async () => {
      const { bytes, sha256, file } = await source(randomBytes(100_000));
      const puts = Array.from({ length: 4 }, () => store.put(sha256, bytes.length, file, { consume: true }));
      await Promise.all(puts);
      expect((await read(sha256))?.equals(bytes)).toBe(true);
    });

    test('a blob of no bytes is a blob', async () => {
      const { sha256, file } = await source(Buffer.alloc(0));
      await store.put(sha256, 0, file);
      expect(await store.size(sha256)).toBe(0);
      expect((await read(sha256))?.length).toBe(0);
    });

    test('a blob of several parts is read back byte for byte, whole and across a part border', async () => {
      const { bytes, sha256, file } = await source(randomBytes(20 * 1024 * 1024 + 12_345));
      await store.put(sha256, bytes.length, file);
      expect(await store.size(sha256)).toBe(bytes.length);
      expect(sha256Of((await read(sha256)) ?? '')).toBe(sha256);
      const border = 5 * 1024 * 1024;
      const range = { start: border - 10, end: border + 9 };
      expect((await read(sha256, range))?.equals(bytes.subarray(border - 10, border + 10))).toBe(true);
    });

    test('a consumed file is gone, also when the blob was there before', async () => {
      const first = await source(randomBytes(3000));
      await store.put(first.sha256, 3000, first.file, { consume: true });
      await expect(stat(first.file)).rejects.toMatchObject({ code: 'ENOENT' });
      const second = await source(first.bytes);
      await store.put(first.sha256, 3000, second.file, { consume: true });
      await expect(stat(second.file)).rejects.toMatchObject({ code: 'ENOENT' });
      expect((await read(first.sha256))?.equals(first.bytes)).toBe(true);
    });

    test('writing to a second name of a consumed file does not change the blob', async () => {
      const { bytes, sha256, file } = await source(randomBytes(3000));
      await link(file, `${file}-second`);
      await store.put(sha256, bytes.length, file, { consume: true });
      await writeFile(`${file}-second`, 'changed');
      expect((await read(sha256))?.equals(bytes)).toBe(true);
    });

    test('a symbolic link or a folder is not stored', async () => {
      const { bytes, sha256, file } = await source(randomBytes(3000));
      await symlink(file, `${file}-link`);
      await expect(store.put(sha256, bytes.length, `${file}-link`)).rejects.toMatchObject({
        code: 'store-unavailable',
      });
      await expect(store.put(sha256, bytes.length, folder)).rejects.toMatchObject({ code: 'store-unavailable' });
      expect(await store.size(sha256)).toBeUndefined();
    });

    test('a stream may be destroyed half-way', async () => {
      const { bytes, sha256, file } = await source(randomBytes(3 * 1024 * 1024));
      await store.put(sha256, bytes.length, file);
      const stream = await store.open(sha256);
      for await (const _ of stream ?? []) break;
      expect(stream?.destroyed).toBe(true);
      expect((await read(sha256))?.length).toBe(bytes.length);
    });

    test.each(['', 'abc', '../../../etc/passwd', `${'a'.repeat(63)}/`, 'A'.repeat(64), `${'a'.repeat(64)}\n`])(
      '%j is no digest, and refused before the store is touched',
      async (hostile) => {
        const { file } = await source(Buffer.from('x'));
        const sha256 = hostile as Sha256;
        await expect(store.put(sha256, 1, file)).rejects.toMatchObject({ code: 'record-invalid' });
        await expect(store.open(sha256)).rejects.toMatchObject({ code: 'record-invalid' });
        await expect(store.size(sha256)).rejects.toMatchObject({ code: 'record-invalid' });
        await expect(store.remove(sha256)).rejects.toMatchObject({ code: 'record-invalid' });
      },
    );

    // Last: nothing works afterwards.
    test('a store that is gone is unavailable, not empty', async () => {
      const { bytes, sha256, file } = await source(randomBytes(10));
      await store.put(sha256, bytes.length, file);
      await subject.takeAway();
      const unavailable = { code: 'store-unavailable' };
      await expect(store.size(sha256)).rejects.toMatchObject(unavailable);
      await expect(store.open(sha256)).rejects.toMatchObject(unavailable);
      await expect(store.put(sha256, bytes.length, file)).rejects.toMatchObject(unavailable);
      await expect(store.remove(sha256)).rejects.toMatchObject(unavailable);
    });
  });
}

function flipLastBit(bytes: Buffer): Buffer {
  const flipped = Buffer.from(bytes);
  flipped.writeUInt8((flipped.at(-1) ?? 0) ^ 1, flipped.length - 1);
  return flipped;
}
