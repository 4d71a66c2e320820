// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MAX_RECORD_BYTES } from '#src/store/keys.ts';
import type { RecordStore } from '#src/store/record-store.ts';

export interface RecordStoreUnderTest {
  readonly store: RecordStore;
  /** A second store on the same place, as another process would have it. */
  readonly second: RecordStore;
  takeAway(): Promise<void>;
  cleanup(): Promise<void>;
}

const text = (value: string): Buffer => Buffer.from(value);

/** What every {@link RecordStore} promises. */
export function recordStoreContract(name: string, make: () => Promise<RecordStoreUnderTest>): void {
  describe(`${name} keeps the record store contract`, () => {
    let subject: RecordStoreUnderTest;
    let store: RecordStore;
    beforeAll(async () => {
      subject = await make();
      store = subject.store;
    });
    afterAll(async () => subject?.cleanup());

    async function keys(prefix: string): Promise<string[]> {
      const found: string[] = [];
      for await (const key of store.list(prefix)) found.push(key);
      return found;
    }

    async function versionOf(key: string): Promise<string> {
      const record = await store.get(key);
      if (!record) throw new Error(`${key} is missing`);
      return record.version;
    }

    test('a created record is read back', async () => {
      expect(await store.get('basic/one.json')).toBeUndefined();
      expect(await store.create('basic/one.json', text('first'))).toBe(true);
      expect((await store.get('basic/one.json'))?.bytes.toString()).toBe('first');
    });

    test('creating what exists is false and changes nothing', async () => {
      await store.create('basic/two', text('first'));
      expect(await store.create('basic/two', text('second'))).toBe(false);
      expect((await store.get('basic/two'))?.bytes.toString()).toBe('first');
    });

    test('a record of no bytes, and one of every byte', async () => {
      const every = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
      expect(await store.create('basic/empty', new Uint8Array(0))).toBe(true);
      expect(await store.create('basic/every', every)).toBe(true);
      expect((await store.get('basic/empty'))?.bytes.length).toBe(0);
      expect((await store.get('basic/every'))?.bytes.equals(every)).toBe(true);
      expect(await store.create('basic/empty', text('x'))).toBe(false);
    });

    test('replace follows the version, and an old version loses', async () => {
      await store.create('replace/one', text('1'));
      const first = await versionOf('replace/one');
      expect(await store.replace('replace/one', text('2'), first)).toBe(true);
      expect(await store.replace('replace/one', text('3'), first)).toBe(false);
      expect((await store.get('replace/one'))?.bytes.toString()).toBe('2');
      expect(await store.replace('replace/one', text('3'), await versionOf('replace/one'))).toBe(true);
      expect((await store.get('replace/one'))?.bytes.toString()).toBe('3');
    });

    test('replacing what is missing is false and creates nothing', async () => {
      await store.create('replace/gone', text('1'));
      const version = await versionOf('replace/gone');
      await store.remove('replace/gone');
      expect(await store.replace('replace/gone', text('2'), version)).toBe(false);
      expect(await store.replace('replace/never/was', text('2'), version)).toBe(false);
      expect(await store.get('replace/gone')).toBeUndefined();
      expect(await keys('replace/never')).toEqual([]);
    });

    test('of twenty creates at the same time exactly one wins, and its bytes are there', async () => {
      const won = await Promise.all(
        Array.from({ length: 20 }, (_, i) =>
          (i % 2 ? store : subject.second).create('race/create/record', text(`writer ${i}`)),
        ),
      );
      expect(won.filter(Boolean)).toHaveLength(1);
      expect((await store.get('race/create/record'))?.bytes.toString()).toBe(`writer ${won.indexOf(true)}`);
    });

    test('of twenty replaces of one version exactly one wins, and its bytes are there', async () => {
      await store.create('race/replace', text('start'));
      const version = await versionOf('race/replace');
      const won = await Promise.all(
        Array.from({ length: 20 }, (_, i) =>
          (i % 2 ? store : subject.second).replace('race/replace', text(`writer ${i}`), version),
        ),
      );
      expect(won.filter(Boolean)).toHaveLength(1);
      expect((await store.get('race/replace'))?.bytes.toString()).toBe(`writer ${won.indexOf(true)}`);
    });

    test('a key may be the beginning of another', async () => {
      expect(await store.create('nested/gpt2', text('the repo'))).toBe(true);
      expect(await store.create('nested/gpt2/chat', text('below it'))).toBe(true);
      expect(await store.create('nested/late/chat', text('below it'))).toBe(true);
      expect(await store.create('nested/late', text('the repo'))).toBe(true);
      expect((await store.get('nested/gpt2'))?.bytes.toString()).toBe('the repo');
      expect((await store.get('nested/gpt2/chat'))?.bytes.toString()).toBe('below it');
      expect(await keys('nested/')).toEqual(['nested/gpt2', 'nested/gpt2/chat', 'nested/late', 'nested/late/chat']);
    });

    test('a list is in byte order of whole keys, and follows its prefix', async () => {
      const sorted = ['l/a', 'l/a-b', 'l/a.b', 'l/a.d/x', 'l/a/b', 'l/a/c/d', 'l/a0', 'l/a=b', 'l/aB', 'l/a_b', 'l/ab'];
      for (const key of sorted.toReversed()) await store.create(key, text(key));
      expect([...sorted].sort()).toEqual(sorted);
      expect(await keys('l/')).toEqual(sorted);
      expect(await keys('l')).toEqual(sorted);
      expect(await keys('l/a/')).toEqual(['l/a/b', 'l/a/c/d']);
      expect(await keys('l/a.')).toEqual(['l/a.b', 'l/a.d/x']);
      expect(await keys('l/nothing')).toEqual([]);
      expect(await keys('not/there/at/all')).toEqual([]);
      expect((await keys('')).filter((key) => key.startsWith('l/'))).toEqual(sorted);
    });

    test('a list of more than one page is whole and in order', async () => {
      const all = Array.from({ length: 1100 }, (_, i) => `page/${String(i).padStart(6, '0')}`);
      const waiting = all[Symbol.iterator]();
      const worker = async (): Promise<void> => {
        for (const key of waiting) await store.create(key, text('x'));
      };
      await Promise.all(Array.from({ length: 8 }, worker));
      expect(await keys('page/')).toEqual(all);
    });

    test('removing what is not there is no error', async () => {
      await store.remove('never/was');
      await store.create('remove/me', text('x'));
      await store.remove('remove/me');
      expect(await store.get('remove/me')).toBeUndefined();
      expect(await keys('remove/')).toEqual([]);
      expect(await store.create('remove/me', text('again'))).toBe(true);
    });

    test('a record of 16 MiB fits, one byte more is refused', async () => {
      expect(await store.create('big/fits', Buffer.alloc(MAX_RECORD_BYTES, 1))).toBe(true);
      expect((await store.get('big/fits'))?.bytes.length).toBe(MAX_RECORD_BYTES);
      const tooBig = Buffer.alloc(MAX_RECORD_BYTES + 1);
      await expect(store.create('big/not', tooBig)).rejects.toMatchObject({ code: 'limit-exceeded' });
      expect(await store.get('big/not')).toBeUndefined();
    });

    test('a key of 512 bytes in segments of 240 works', async () => {
      const key = `${'k'.repeat(240)}/${'k'.repeat(240)}/${'k'.repeat(30)}`;
      expect(key.length).toBe(512);
      expect(await store.create(key, text('long'))).toBe(true);
      expect((await store.get(key))?.bytes.toString()).toBe('long');
      expect(await keys('kk')).toEqual([key]);
    });

    test.each([
      '',
      '/',
      '/a',
      'a/',
      'a//b',
      '.',
      '..',
      'a/../b',
      '../blobs/sha256/ab',
      'a/./b',
      'a\\b',
      'a b',
      'a\0b',
      'a\n',
      'a!',
      'a%2fb',
      'ü',
      'a?b',
      'k'.repeat(241),
      `${'k/'.repeat(256)}k`,
    ])('%j is no key', async (key) => {
      const refused = { code: 'bad-path' };
      await expect(store.get(key)).rejects.toMatchObject(refused);
      await expect(store.create(key, text('x'))).rejects.toMatchObject(refused);
      await expect(store.replace(key, text('x'), 'v')).rejects.toMatchObject(refused);
      await expect(store.remove(key)).rejects.toMatchObject(refused);
    });

    test.each(['../', 'a/../', '/', 'a b', 'a//'])('%j begins no key', async (prefix) => {
      await expect(keys(prefix)).rejects.toMatchObject({ code: 'bad-path' });
    });

    // Last: nothing works afterwards.
    test('a store that is gone is unavailable, not empty', async () => {
      await store.create('last/record', text('x'));
      const version = await versionOf('last/record');
      await subject.takeAway();
      const unavailable = { code: 'store-unavailable' };
      await expect(store.get('last/record')).rejects.toMatchObject(unavailable);
      await expect(store.create('last/new', text('x'))).rejects.toMatchObject(unavailable);
      await expect(store.replace('last/record', text('y'), version)).rejects.toMatchObject(unavailable);
      await expect(keys('last/')).rejects.toMatchObject(unavailable);
      await expect(store.remove('last/record')).rejects.toMatchObject(unavailable);
    });
  });
}
