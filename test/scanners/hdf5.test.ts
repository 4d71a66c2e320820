// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { factsOf, judged, rulesOf } from './judged.ts';
import { callPickle, raw } from './pickle-bytes.ts';
import { zipOf } from './zip-bytes.ts';

const FOLDER = new URL('./fixtures/hdf5/', import.meta.url);
const sample = (name: string) => gunzipSync(readFileSync(new URL(`${name}.h5.gz`, FOLDER)));
const hostile = callPickle('os', 'system');

/** Written by h5py with the library's own settings. */
const HONEST = [
  ...['plain', 'chunked', 'groups', 'texts'].flatMap((name) => [`${name}-earliest`, `${name}-latest`]),
  ...['v110', 'user-block', 'ordered', 'own-virtual'],
];

describe('what the library writes', () => {
  test.each(HONEST)('%s passes', async (name) => {
    expect(await judged(sample(name), 'model.h5')).toEqual({ format: 'hdf5', verdict: 'pass', findings: [] });
  });

  test('every sample of the folder is known to a test here', () => {
    const names = readdirSync(FOLDER).filter((name) => name.endsWith('.gz'));
    const known = [...HONEST, ...HOSTILE.map(([name]) => name)].map((name) => `${name}.h5.gz`);
    expect(names.sort()).toEqual(known.sort());
  });

  test('the facts say what is named and where', async () => {
    expect(await factsOf(sample('texts-latest'))).toMatchObject({ format: 'hdf5', problems: [] });
    expect((await factsOf(sample('groups-earliest'))).uses).toEqual([
      { scheme: 'hdf5-soft-link', name: '/group1', at: '/soft' },
    ]);
    expect((await factsOf(sample('chunked-latest'))).uses).toEqual([
      { scheme: 'hdf5-filter', name: '1', at: expect.any(String), count: 3 },
      { scheme: 'hdf5-filter', name: '2', at: '/packed' },
      { scheme: 'hdf5-filter', name: '3', at: '/packed' },
      { scheme: 'hdf5-filter', name: '32000', at: '/lzf' },
    ]);
  });
});

const HOSTILE: readonly (readonly [name: string, rule: string, verdict: string])[] = [
  ['external-link', 'hdf5-outside', 'review'],
  // CVE-2026-1669: values kept in another file are read from the loader's machine.
  ['external-link-outside', 'hdf5-outside', 'block'],
  ['external-link-outside-latest', 'hdf5-outside', 'block'],
  ['external-file', 'hdf5-outside', 'block'],
  ['external-file-latest', 'hdf5-outside', 'block'],
  ['keras-external', 'keras-h5-outside', 'block'],
  ['virtual', 'hdf5-outside', 'block'],
  ['virtual-latest', 'hdf5-outside', 'block'],
  // CVE-2025-9905: legacy files are loaded without the safe mode.
  ['lambda-layer', 'keras-class', 'block'],
  ['lambda-huge-latest', 'keras-class', 'block'],
  ['pickle-attribute', 'pickle-stdlib-import', 'block'],
  ['pickle-attribute-latest', 'pickle-stdlib-import', 'block'],
  ['pickle-octets', 'pickle-stdlib-import', 'block'],
  ['pickle-chunks', 'pickle-stdlib-import', 'block'],
  ['pickle-chunks-latest', 'pickle-stdlib-import', 'block'],
  ['pickle-ragged', 'pickle-stdlib-import', 'block'],
  ['pickle-opaque', 'pickle-stdlib-import', 'block'],
  ['pickle-text', 'pickle-stdlib-import', 'block'],
  // Behind more values than are held at once.
  ['late-text', 'pickle-stdlib-import', 'block'],
  ['late-chunk', 'pickle-stdlib-import', 'block'],
  // CVE-2026-0897: a shape of terabytes in a file of kilobytes.
  ['bomb', 'hdf5-bomb', 'block'],
];

describe('what leads out of the file or runs', () => {
  test.each(HOSTILE)('%s is a finding', async (name, rule, verdict) => {
    const scan = await judged(sample(name), 'model.h5');
    expect(scan.findings.map((finding) => finding.rule)).toContain(rule);
    expect(scan.verdict).toBe(verdict);
  });
});

describe('bytes that no object leads to', () => {
  const plain = sample('plain-earliest');
  const behindBlock = sample('user-block');
  const withBlock = (block: Uint8Array) => raw(block, behindBlock.subarray(block.length));

  test.each([
    ['a tail', raw(plain, 'tail'), 'trailing-bytes', 'review'],
    ['a pickle behind the end', raw(plain, hostile), 'trailing-payload', 'block'],
    [
      'an archive behind the end',
      raw(plain, zipOf([{ name: 'a.txt', data: raw('a\n') }])),
      'trailing-payload',
      'block',
    ],
    ['a text in the user block', withBlock(raw('some text')), 'hdf5-user-block', 'review'],
    ['a script in the user block', withBlock(raw('#!/bin/sh\necho benign-test\n')), 'hdf5-user-block-payload', 'block'],
    ['a cut', plain.subarray(0, 3000), 'hdf5-malformed', 'review'],
    ['only the signature', raw('\x89HDF\r\n\x1a\n', Buffer.alloc(20)), 'hdf5-malformed', 'review'],
    ['a checksum that is wrong', changed(sample('plain-latest'), 44), 'hdf5-malformed', 'review'],
  ])('%s is a finding', async (_what, bytes, rule, verdict) => {
    const scan = await judged(bytes, 'model.h5');
    expect(scan.findings.map((finding) => finding.rule)).toContain(rule);
    expect(scan.verdict).toBe(verdict);
  });

  test('a user block of zeros is none, and a MATLAB header is told apart', async () => {
    const matlab = withBlock(raw('MATLAB 7.3 MAT-file, Platform: GLNXA64'.padEnd(124), 0, 2, 'IM'));
    expect((await judged(matlab, 'data.mat')).verdict).toBe('pass');
    expect(await rulesOf(behindBlock, 'model.h5')).toEqual([]);
  });

  test('free space is none, unless something was put there', async () => {
    // Space that the superblock counts and no object uses.
    const filled = (content: Uint8Array) => {
      const bytes = raw(plain, Buffer.alloc(100), content);
      bytes.writeBigUInt64LE(BigInt(bytes.length), 40);
      return bytes;
    };
    expect(await rulesOf(filled(raw('what was there before')), 'model.h5')).toEqual([]);
    expect(await rulesOf(filled(raw('\x80\x02\xff\xff')), 'model.h5')).toEqual([]);
    expect(await rulesOf(filled(hostile), 'model.h5')).toContain('hdf5-gap-payload');
    expect((await judged(filled(hostile), 'model.h5')).verdict).toBe('block');
  });
});

test.each([...HONEST, 'pickle-ragged', 'pickle-chunks', 'virtual', 'lambda-huge-latest'])(
  'a mutated %s always gets a verdict',
  async (name) => {
    const seed = sample(name);
    const mutation = fc.record({ at: fc.nat(seed.length - 1), byte: fc.nat(255) });
    await fc.assert(
      fc.asyncProperty(fc.array(mutation, { minLength: 1, maxLength: 8 }), fc.nat(seed.length), async (list, cut) => {
        const bytes = Buffer.from(cut % 7 === 0 ? seed.subarray(0, cut) : seed);
        for (const { at, byte } of list) if (at < bytes.length) bytes[at] = byte;
        expect(['pass', 'review', 'block', 'unscannable']).toContain((await judged(bytes, 'model.h5')).verdict);
      }),
      { numRuns: 25 },
    );
  },
);

function changed(bytes: Uint8Array, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}
