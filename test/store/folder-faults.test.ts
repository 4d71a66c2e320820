// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, open, readdir, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { sha256Of } from '#src/domain/digest.ts';
import { type Folder, folderError, openFolder } from '#src/store/folder.ts';
import { FolderBlobStore } from '#src/store/folder-blob-store.ts';
import { FolderLock } from '#src/store/folder-lock.ts';
import { FolderRecordStore } from '#src/store/folder-record-store.ts';
import { blobKey } from '#src/store/keys.ts';
import { newFolder } from './new-folder.ts';

let folder: Folder;
let cleanup: () => Promise<void>;
beforeEach(async () => {
  ({ folder, cleanup } = await newFolder());
});
afterEach(() => cleanup());

const PUT_BLOB = new URL('./children/put-blob.ts', import.meta.url);
const COUNT_UP = new URL('./children/count-up.ts', import.meta.url);
const HOLD_LOCK = new URL('./children/hold-lock.ts', import.meta.url);

function child(script: URL, ...args: string[]): ChildProcess {
  return spawn(process.execPath, [fileURLToPath(script), ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
}

/** Poll until `seen` is true; false when the child ended before. */
async function sawBeforeEnd(process: ChildProcess, seen: () => Promise<boolean>): Promise<boolean> {
  while (process.exitCode === null && process.signalCode === null) {
    if (await seen()) return true;
    await wait(1);
  }
  return false;
}

describe('a process killed in the middle', () => {
  test('of a put leaves no blob, and what it leaves is invisible and collected later', async () => {
    const size = 512 * 1024 * 1024;
    const file = join(folder.root, 'source');
    await writeFile(file, '');
    await truncate(file, size);
    // Any digest will do: the copy has to be read to its end before it is compared.
    const sha256 = sha256Of('never reached');
    const writer = child(PUT_BLOB, folder.root, sha256, String(size), file);
    const ended = once(writer, 'exit');
    const temporary = async (): Promise<number> => {
      const [name] = await readdir(join(folder.root, 'tmp'));
      return name === undefined ? 0 : (await stat(join(folder.root, 'tmp', name))).size;
    };
    expect(await sawBeforeEnd(writer, async () => (await temporary()) > 0)).toBe(true);
    writer.kill('SIGKILL');
    await ended;
    const written = await temporary();
    expect(written).toBeGreaterThan(0);
    expect(written).toBeLessThan(size);

    const store = new FolderBlobStore(await openFolder(folder.root));
    expect(await store.size(sha256)).toBeUndefined();
    expect(await store.open(sha256)).toBeUndefined();
    const names: string[] = [];
    for await (const key of new FolderRecordStore(folder).list('')) names.push(key);
    expect(names).toEqual([]);

    const [name = ''] = await readdir(join(folder.root, 'tmp'));
    const yesterday = new Date(Date.now() - 25 * 60 * 60 * 1000);
    await utimes(join(folder.root, 'tmp', name), yesterday, yesterday);
    await openFolder(folder.root);
    expect(await readdir(join(folder.root, 'tmp'))).toEqual([]);
  });

  test('of a replace frees the lock', async () => {
    const records = new FolderRecordStore(folder);
    await records.create('a', Buffer.from('1'));
    const holder = child(HOLD_LOCK, join(folder.root, 'lock'));
    const ended = once(holder, 'exit');
    expect(holder.stdout && (await once(holder.stdout, 'data')).toString()).toBe('held\n');
    const impatient = new FolderLock(join(folder.root, 'lock'), { waitMs: 50 });
    await expect(impatient.run(async () => 'mine')).rejects.toMatchObject({ code: 'store-unavailable' });
    holder.kill('SIGKILL');
    await ended;
    expect(await impatient.run(async () => 'mine')).toBe('mine');
    expect(await records.replace('a', Buffer.from('2'), sha256Of('1'))).toBe(true);
  });
});

test('three processes that count up one record lose no count', async () => {
  const records = new FolderRecordStore(folder);
  await records.create('count', Buffer.from('0'));
  const ends = Array.from({ length: 3 }, () => once(child(COUNT_UP, folder.root, 'count', '20'), 'exit'));
  for (const [code] of await Promise.all(ends)) expect(code).toBe(0);
  expect((await records.get('count'))?.bytes.toString()).toBe('60');
});

describe('a store that cannot be written', () => {
  test('says so, with the cause, and keeps serving what it has', async () => {
    const bytes = randomBytes(100);
    const file = join(folder.root, 'source');
    await writeFile(file, bytes);
    const blobs = new FolderBlobStore(folder);
    await blobs.put(sha256Of(bytes), 100, file);
    await writeFile(file, 'other');
    // Files where folders should be: an error that also root gets.
    await writeFile(join(folder.root, 'blobs/sha256', sha256Of('other').slice(0, 2)), '');
    await writeFile(join(folder.root, 'records/a'), '');
    const put = blobs.put(sha256Of('other'), 5, file);
    await expect(put).rejects.toMatchObject({ code: 'store-unavailable', cause: { code: 'ENOTDIR' } });
    expect(await readdir(join(folder.root, 'tmp'))).toEqual([]);
    expect(await blobs.size(sha256Of(bytes))).toBe(100);
    const create = new FolderRecordStore(folder).create('a/b', Buffer.from('x'));
    await expect(create).rejects.toMatchObject({ code: 'store-unavailable' });
  });

  test.each(['ENOSPC', 'EDQUOT'])('%s is store-full, and says what to do', (code) => {
    const error = folderError(Object.assign(new Error(`${code}: no space`), { code }), 'store blob x');
    expect(error).toMatchObject({ code: 'store-full', cause: { code } });
    expect(error.message).toContain('free some space');
  });
});

test('blobs are read-only, records private, and folders closed to others', async () => {
  const file = join(folder.root, 'source');
  await writeFile(file, 'x', { mode: 0o644 });
  const blobs = new FolderBlobStore(folder);
  await blobs.put(sha256Of('x'), 1, file, { consume: true });
  await new FolderRecordStore(folder).create('a/b', Buffer.from('x'));
  const mode = async (path: string): Promise<number> => (await stat(join(folder.root, path))).mode & 0o777;
  expect(await mode(blobKey(sha256Of('x')))).toBe(0o400);
  expect(await mode('records/a/b!')).toBe(0o600);
  for (const path of ['blobs', 'blobs/sha256', 'records', 'records/a', 'tmp']) expect(await mode(path)).toBe(0o700);
});

test('a damaged blob, cut short by a disk fault, is written again by the next put', async () => {
  const bytes = randomBytes(1000);
  const file = join(folder.root, 'source');
  await writeFile(file, bytes);
  const blobs = new FolderBlobStore(folder);
  await blobs.put(sha256Of(bytes), 1000, file);
  await rm(join(folder.root, blobKey(sha256Of(bytes))));
  await writeFile(join(folder.root, blobKey(sha256Of(bytes))), bytes.subarray(0, 500));
  await blobs.put(sha256Of(bytes), 1000, file);
  expect(await blobs.size(sha256Of(bytes))).toBe(1000);
});

test('consuming the file of the blob itself does not lose the blob', async () => {
  const file = join(folder.root, 'source');
  await writeFile(file, 'x');
  const blobs = new FolderBlobStore(folder);
  await blobs.put(sha256Of('x'), 1, file);
  const path = (await blobs.path(sha256Of('x'))) ?? '';
  await blobs.put(sha256Of('x'), 1, path, { consume: true });
  expect(await blobs.size(sha256Of('x'))).toBe(1);
});

test('a file on another device is copied and then removed', async (context) => {
  const elsewhere = await mkdtemp('/dev/shm/airlock-').catch(() => undefined);
  if (!elsewhere || (await stat(elsewhere)).dev === (await stat(folder.root)).dev)
    return context.skip('no second file system here');
  const file = join(elsewhere, 'source');
  await writeFile(file, 'x');
  await new FolderBlobStore(folder).put(sha256Of('x'), 1, file, { consume: true });
  expect(await new FolderBlobStore(folder).size(sha256Of('x'))).toBe(1);
  expect(await readdir(elsewhere)).toEqual([]);
  await rm(elsewhere, { recursive: true });
});

test('path names the file of a blob, and nothing for a blob that is not there', async () => {
  const blobs = new FolderBlobStore(folder);
  expect(await blobs.path(sha256Of('x'))).toBeUndefined();
  const file = join(folder.root, 'source');
  await writeFile(file, 'x');
  await blobs.put(sha256Of('x'), 1, file);
  expect(await blobs.path(sha256Of('x'))).toBe(join(folder.root, blobKey(sha256Of('x'))));
});

test('foreign files among the records are not listed', async () => {
  const records = new FolderRecordStore(folder);
  await records.create('a/b', Buffer.from('x'));
  await writeFile(join(folder.root, 'records', 'a', '.DS_Store'), '');
  const keys: string[] = [];
  for await (const key of records.list('')) keys.push(key);
  expect(keys).toEqual(['a/b']);
});

test('an empty folder is not opened as a store, unless asked to create one', async () => {
  const root = await mkdtemp(join(tmpdir(), 'airlock-empty-'));
  await expect(openFolder(root)).rejects.toMatchObject({ code: 'config-invalid' });
  await expect(openFolder(join(root, 'missing'))).rejects.toMatchObject({ code: 'config-invalid' });
  expect(await readdir(root)).toEqual([]);
  await openFolder(join(root, 'new', 'store'), { create: true });
  expect((await openFolder(join(root, 'new', 'store'))).root).toBe(join(root, 'new', 'store'));
  await rm(root, { recursive: true });
});

test('a damaged lock file is an error, not a lock', async () => {
  const records = new FolderRecordStore(folder);
  await records.create('a', Buffer.from('1'));
  const handle = await open(join(folder.root, 'lock'), 'w');
  await handle.writeFile(randomBytes(8192));
  await handle.close();
  const replace = records.replace('a', Buffer.from('2'), sha256Of('1'));
  await expect(replace).rejects.toMatchObject({ code: 'store-unavailable' });
});
