// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { judged, rulesOf } from './judged.ts';
import { bareMp3, flacFile, iconFile, webmFile, webmLive } from './media-bytes.ts';
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
  ['a.flac', flacFile],
  ['a.webm', webmFile],
  ['live.webm', webmLive],
  ['a.ico', iconFile],
  ['bare.mp3', bareMp3],
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
  if (!path.endsWith('.mp3')) expect(await rulesOf(bytes.subarray(0, -2), path)).toEqual(['image-malformed']);
});

test('an archive in a chunk that the format passes over is found', async () => {
  const archive = zipOf([{ name: 'a.py', data: raw('1') }]);
  const chunk = (data: Uint8Array) => raw('RIFF', u32(4 + 8 + data.length), 'WAVE', 'junk', u32(data.length), data);
  expect((await judged(chunk(archive), 'a.wav')).verdict).toBe('block');
  expect((await judged(chunk(Buffer.alloc(archive.length)), 'a.wav')).verdict).toBe('pass');
});

test('a frame of FLAC with another byte than its checksum is for does not pass', async () => {
  for (const at of [60, 100, flacFile.length - 1]) {
    const changed = Buffer.from(flacFile);
    changed[at] = (changed[at] ?? 0) ^ 1;
    expect((await judged(changed, 'a.flac')).verdict).toBe('review');
  }
});
