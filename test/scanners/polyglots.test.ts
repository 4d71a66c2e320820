// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { judged, rulesOf } from './judged.ts';
import { callPickle, PAYLOAD, raw, u16, u32 } from './pickle-bytes.ts';
import { tarEntry, tarOf } from './tar-bytes.ts';
import { zipOf } from './zip-bytes.ts';

/** What begins as one thing and is another to a program that is not particular about the first bytes. */
const HOSTILE = callPickle('os', 'system');
const OLD = raw(`cos\nsystem\n(S'${PAYLOAD}'\ntR.`);
const ARCHIVE = zipOf([{ name: 'archive/data.pkl', data: HOSTILE }]);
const GIF = raw('GIF89a', u16(1), u16(1), 0, 0, 0);

describe('a file that is also a pickle from its first byte', () => {
  test('is blocked when the name of the first member of a tar archive is the pickle', async () => {
    expect(await rulesOf(tarOf(tarEntry(OLD.toString('latin1'), 'x')), 'a.tar')).toContain('pickle-polyglot');
    expect((await judged(tarOf(tarEntry('config.json', '{}\n')), 'a.tar')).verdict).toBe('pass');
  });

  test.each([
    // SHORT_BINBYTES takes the letters of the magic for its length.
    ['a model of CatBoost', raw('CBM1', Buffer.alloc(0x40), OLD)],
    ['a model in GGUF', raw('GGUF', u32(3), 0, OLD, Buffer.alloc(40))],
    ['a bitmap', raw('BM', u32(200), Buffer.alloc(0x4d + 200 * 256 - 3), OLD)],
  ])('is blocked when it begins as %s', async (_, bytes) => {
    expect((await judged(bytes, 'model.pkl')).verdict).toBe('block');
  });
});

describe('a file that breaks its format', () => {
  test.each([
    ['an image', raw('\x89PNG\r\n\x1a\n', Buffer.alloc(50))],
    ['a film', raw('\0\0\0\x10ftypisom', Buffer.alloc(8), 'junk')],
  ])('is searched for an archive and for a pickle: %s', async (_, bytes) => {
    expect((await judged(raw(bytes, ARCHIVE), 'model.pt')).verdict).toBe('block');
    expect((await judged(raw(bytes, HOSTILE), 'model.pt')).verdict).toBe('block');
    expect((await judged(raw(bytes, 'PK and text'), 'a.png')).verdict).toBe('review');
  });

  test('is searched also when it is a tar archive', async () => {
    const bytes = Buffer.from(tarOf(tarEntry('a.pkl', HOSTILE)));
    bytes[150] = 0x37;
    expect((await judged(bytes, 'a.tar')).verdict).toBe('block');
  });
});

test('a file of a format that nobody reads is searched as well', async () => {
  const base = raw('SQLite format 3\0', Buffer.alloc(84));
  expect((await judged(raw(base, ARCHIVE), 'a.db')).verdict).toBe('block');
  expect((await judged(raw(base, HOSTILE), 'a.db')).verdict).toBe('block');
  expect((await judged(base, 'a.db')).verdict).toBe('review');
});

test('an archive inside of an image is found from the end', async () => {
  const comment = (data: Uint8Array) => raw(GIF, '!\xfe', data.length, data, 0, ';');
  const small = zipOf([{ name: 'a', data: OLD }]);
  expect(small.length).toBeLessThan(256);
  expect((await judged(comment(small), 'a.gif')).verdict).toBe('block');
  expect((await judged(comment(raw('PK\x05\x06 is how an archive ends')), 'a.gif')).verdict).toBe('pass');
});

test('a member of an unknown method is looked into as it is stored', async () => {
  const member = (data: Uint8Array) => zipOf([{ name: 'data.pkl', data, method: 98 }]);
  expect((await judged(member(HOSTILE), 'a.pt')).verdict).toBe('block');
  expect((await judged(member(Buffer.alloc(40, 0x9d)), 'a.pt')).verdict).toBe('review');
});

test('a pickle without magic is found in an extra field', async () => {
  const extra = (data: Uint8Array) => raw(u16(0x9999), u16(data.length), data);
  const file = (data: Uint8Array) => zipOf([{ name: 'a.txt', data: raw('text'), extra: extra(data) }]);
  expect((await judged(file(OLD), 'a.zip')).verdict).toBe('block');
  expect((await judged(file(raw('some program wrote this')), 'a.zip')).verdict).toBe('pass');
});
