// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { judged } from './judged.ts';
import { callPickle, raw } from './pickle-bytes.ts';
import { tarEntry, tarOf } from './tar-bytes.ts';
import { zipOf } from './zip-bytes.ts';

const hostile = callPickle('os', 'system');
const clean = raw('\x80\x02}.');
const VECTORS = JSON.parse(
  readFileSync(new URL('./fixtures/compression/vectors.json', import.meta.url), 'utf8'),
) as readonly { format: string; how: string; packed: string }[];

describe('archives in archives', () => {
  const inner = (data: Uint8Array): [string, Buffer][] => [
    ['zip in zip', zipOf([{ name: 'a.zip', data: zipOf([{ name: 'm.pkl', data }]) }])],
    ['zip in tar', tarOf(tarEntry('a.zip', zipOf([{ name: 'm.pkl', data }])))],
    ['tar in zip', zipOf([{ name: 'a.tar', data: tarOf(tarEntry('m.pkl', data)), deflate: true }])],
    ['tar in tar in gzip', gzipSync(tarOf(tarEntry('a.tar', tarOf(tarEntry('m.pkl', data)))))],
    ['gzip in gzip', gzipSync(gzipSync(data))],
  ];
  test.each(inner(clean).map(([how, bytes], i) => [how, bytes, inner(hostile)[i]?.[1] ?? raw()] as const))(
    '%s: passes with data, is blocked for a call',
    async (_how, benign, bad) => {
      expect((await judged(benign, 'data.zip')).findings.filter(({ rule }) => rule !== 'extension-mismatch')).toEqual(
        [],
      );
      expect((await judged(bad, 'data.zip')).verdict).toBe('block');
    },
  );
});

describe('archives that nothing unpacks', () => {
  const dmg = Buffer.alloc(2048, 1);
  dmg.write('koly\0\0\0\x04\0\0\x02\0', 1536, 'latin1');
  const iso = Buffer.alloc(40_000);
  iso.write('\x01CD001\x01', 32_768, 'latin1');
  test.each<[string, Buffer]>([
    ['dmg', dmg],
    ['iso9660', iso],
    ['ar', raw('!<arch>\n', Buffer.alloc(60, ' '))],
    ['ole2', raw('\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1', Buffer.alloc(600))],
  ])('%s asks for a review, and is blocked under the name of weights', async (format, bytes) => {
    expect(await judged(bytes, `data.${format}`)).toMatchObject({ format, verdict: 'review' });
    expect((await judged(bytes, 'model.pt')).verdict).toBe('block');
  });
});

describe('a header of lzma', () => {
  const packed = Buffer.from(VECTORS.find(({ format }) => format === 'lzma')?.packed ?? '', 'base64');

  test('before a stream that ends is lzma', async () => {
    expect((await judged(packed, 'data')).format).toBe('lzma');
  });

  test('before weights is nothing', async () => {
    // Properties, dictionary and the zero that such streams begin with, and numbers that are none.
    const weights = Buffer.alloc(8192);
    for (let i = 0; i < weights.length; i++) weights[i] = (i * 167 + (i >> 3) * 31) & 0xff;
    const bytes = raw(packed.subarray(0, 5), Buffer.alloc(8, 0xff), 0, weights);
    expect((await judged(bytes, 'data')).format).not.toBe('lzma');
  });
});
