// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { judged, rulesOf } from './judged.ts';
import { callPickle, raw, u16, u32 } from './pickle-bytes.ts';
import { zipOf } from './zip-bytes.ts';

const wav = raw(
  'RIFF',
  u32(4 + 24 + 12),
  'WAVE',
  'fmt ',
  u32(16),
  Buffer.alloc(16, 1),
  'data',
  u32(4),
  Buffer.alloc(4),
);
const box = (type: string, data: Uint8Array) => raw(0, 0, 0, 8 + data.length, type, data);
const mp4 = raw(box('ftyp', raw('isom')), box('moov', Buffer.alloc(9)), box('mdat', Buffer.alloc(20)));
const ogg = raw('OggS', 0, 2, Buffer.alloc(20), 2, 3, 4, Buffer.alloc(7, 1));
const frame = raw(0xff, 0xfb, 0x90, 0, Buffer.alloc(413));
const mp3 = raw('ID3', 4, 0, 0, 0, 0, 0, 5, Buffer.alloc(5), frame, frame, 'TAG', Buffer.alloc(125));
const bmp = raw('BM', u32(58), u32(0), u32(54), u32(40), Buffer.alloc(36), Buffer.alloc(4));
const samples: [string, Buffer][] = [
  ['a.wav', wav],
  ['a.mp4', mp4],
  ['a.avif', mp4],
  ['a.ogg', ogg],
  ['a.mp3', mp3],
  ['a.bmp', bmp],
];

test.each(samples)('%s passes', async (path, bytes) => {
  expect(await judged(bytes, path)).toMatchObject({ verdict: 'pass', findings: [] });
});

test.each(samples)('%s with something behind it does not pass', async (path, bytes) => {
  for (const tail of [callPickle('os', 'system'), zipOf([{ name: 'a.py', data: raw('1') }])]) {
    const scan = await judged(raw(bytes, tail), path);
    expect(scan.verdict).toBe('block');
  }
  expect(await rulesOf(raw(bytes, u16(0x0101), Buffer.alloc(40, 7)), path)).not.toEqual([]);
  if (path !== 'a.mp3') expect(await rulesOf(bytes.subarray(0, -2), path)).toEqual(['image-malformed']);
});
