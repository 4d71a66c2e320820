// SPDX-License-Identifier: Apache-2.0
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { factsOf, judged, rulesOf } from './judged.ts';
import { callPickle, raw, stateDict, u64 } from './pickle-bytes.ts';
import { paxEntry, tarEntry, tarOf } from './tar-bytes.ts';
import { zipOf } from './zip-bytes.ts';

const hostile = callPickle('os', 'system');
const a = tarEntry('a.txt', 'text\n');
const long = `folder/${'x'.repeat(120)}.txt`;

/** What it is, its members, and the rule and verdict, or a pass with nothing to say. */
type Row = [what: string, archive: Buffer, rule?: string, verdict?: string];

describe('a tar archive', () => {
  test.each<Row>([
    ['of plain members', tarOf(a, tarEntry('d/', '', { type: '5' }), tarEntry('d/b.txt', 'b\n'))],
    ['without its end', a],
    ['with a prefix', tarOf(tarEntry('a.txt', 'text\n', { prefix: 'some/folder' }))],
    [
      'with a prefix that leaves the folder',
      tarOf(tarEntry('a.txt', 'x\n', { prefix: '../..' })),
      'archive-traversal',
      'block',
    ],
    [
      'of GNU with times in the prefix',
      tarOf(tarEntry('a.txt', 'x\n', { magic: 'ustar  \0', prefix: '14712345670\x0014712345670\0' })),
    ],
    [
      'of GNU with a prefix',
      tarOf(tarEntry('a.txt', 'x\n', { magic: 'ustar  \0', prefix: 'other' })),
      'tar-disagreement',
      'block',
    ],
    ['of Unix V7', tarOf(tarEntry('a.txt', 'x\n', { magic: '', type: '\0' }))],
    [
      'of Unix V7 with a prefix',
      tarOf(tarEntry('a.txt', 'x\n', { magic: '', prefix: 'other' })),
      'tar-disagreement',
      'block',
    ],
    [
      'with a long name of GNU',
      tarOf(tarEntry('././@LongLink', `${long}\0`, { type: 'L' }), tarEntry(long.slice(0, 100), 'x\n')),
    ],
    [
      'with a short name written as a long one',
      tarOf(tarEntry('././@LongLink', 'b.pkl\0', { type: 'L' }), a),
      'tar-disagreement',
      'block',
    ],
    ['with a long name of pax', tarOf(paxEntry({ path: long, mtime: '1.5' }), tarEntry(long.slice(0, 100), 'x\n'))],
    ['with a pax name of other letters', tarOf(paxEntry({ path: 'é.txt' }), tarEntry('?.txt', 'x\n'))],
    ['with a pax name that is the same', tarOf(paxEntry({ path: 'a.txt' }), a)],
    ['with a pax name that is another', tarOf(paxEntry({ path: 'b.pkl' }), a), 'tar-disagreement', 'block'],
    [
      'with a pax name that leaves the folder',
      tarOf(paxEntry({ path: `../${long}` }), a),
      'archive-traversal',
      'block',
    ],
    ['with a pax size that is the same', tarOf(paxEntry({ size: '5' }), a)],
    ['with a pax size that is another', tarOf(paxEntry({ size: '1' }), a), 'tar-disagreement', 'block'],
    [
      'with a pax target that is another',
      tarOf(paxEntry({ linkpath: '/etc' }), tarEntry('l', '', { type: '2', link: 'a' })),
      'archive-link-outside',
      'block',
    ],
    ['with a broken pax header', tarOf(tarEntry('x', '99 path=a\n', { type: 'x' }), a), 'tar-pax', 'review'],
    ['with a global header of git', tarOf(paxEntry({ comment: '0'.repeat(40) }, 'g'), a)],
    ['with a global header that renames', tarOf(paxEntry({ path: 'b.pkl' }, 'g'), a), 'tar-disagreement', 'block'],
    ['with a member twice', tarOf(a, a), 'tar-duplicate', 'review'],
    ['with a member twice and otherwise', tarOf(a, tarEntry('./a.txt', 'other\n')), 'tar-replaced', 'block'],
    ['with two members that differ in case', tarOf(a, tarEntry('A.txt', 'other\n'))],
    ['with something in a header', tarOf(tarEntry('a.txt', 'x\n', { at: [[505, 'hidden']] })), 'tar-padding', 'review'],
    [
      'with something behind a name',
      tarOf(tarEntry('a.txt', 'x\n', { at: [[20, 'hidden']] })),
      'tar-padding',
      'review',
    ],
    [
      'with something behind a member',
      tarOf(tarEntry('a.txt', 'x\n', { filling: raw('hidden') })),
      'tar-padding',
      'review',
    ],
    [
      'with a pickle behind a member',
      tarOf(tarEntry('a.txt', 'x\n', { filling: hostile })),
      'trailing-payload',
      'block',
    ],
    ['with another archive behind it', raw(tarOf(a), tarOf(tarEntry('m.pkl', 'x'))), 'tar-second-archive', 'block'],
    ['with zeros behind it', raw(tarOf(a), Buffer.alloc(9216))],
    ['with bytes behind it', raw(tarOf(a), 'hidden'), 'trailing-bytes', 'review'],
    ['with a zip behind it', raw(tarOf(a), zipOf([{ name: 'x', data: raw('x') }])), 'trailing-payload', 'block'],
    ['with a header that is broken', tarOf(a, tarEntry('b.txt', 'x\n', { checksum: 1 })), 'archive-broken', 'review'],
    ['that is cut off', raw(a, tarEntry('b.txt', 'x'.repeat(600)).subarray(0, 700)), 'archive-broken', 'review'],
    ['with a hard link', tarOf(a, tarEntry('d/b', '', { type: '1', link: 'a.txt' })), 'archive-link', 'review'],
    [
      'with a hard link to the outside',
      tarOf(tarEntry('d/b', '', { type: '1', link: '../a.txt' })),
      'archive-link-outside',
      'block',
    ],
    [
      'with a link to a neighbour',
      tarOf(a, tarEntry('d/b', '', { type: '2', link: '../a.txt' })),
      'archive-link',
      'review',
    ],
    [
      'with a link to the outside',
      tarOf(tarEntry('d/b', '', { type: '2', link: '../../a.txt' })),
      'archive-link-outside',
      'block',
    ],
    [
      'with a member behind a link',
      tarOf(tarEntry('d', '', { type: '2', link: 'e' }), tarEntry('d/b', 'x\n')),
      'archive-traversal',
      'block',
    ],
    [
      'with a member in place of a link',
      tarOf(tarEntry('d', '', { type: '2', link: 'e' }), tarEntry('d', 'x\n')),
      'tar-replaced',
      'block',
    ],
    [
      'with a link that has content',
      tarOf(tarEntry('d', 'x\n', { type: '2', link: 'e' })),
      'tar-disagreement',
      'block',
    ],
    ['with a folder that has content', tarOf(tarEntry('d/', 'x\n', { type: '5' })), 'tar-disagreement', 'block'],
    ['with a device', tarOf(tarEntry('d', '', { type: '4' })), 'archive-device', 'block'],
    [
      'with a kind of member that nobody knows',
      tarOf(tarEntry('d', '', { type: 'Q' })),
      'archive-unknown-member',
      'review',
    ],
    ['with a sparse member', tarOf(tarEntry('d', 'x\n', { type: 'S', magic: 'ustar  \0' })), 'tar-sparse', 'review'],
    [
      'with a sparse member of pax',
      tarOf(paxEntry({ 'GNU.sparse.major': '1', 'GNU.sparse.name': 'd' }), tarEntry('GNUSparseFile.0/d', '0\n')),
      'tar-sparse',
      'review',
    ],
  ])('%s', async (_what, archive, rule, verdict = 'pass') => {
    // As it is, and out of a decompressor.
    for (const bytes of [archive, gzipSync(archive)]) {
      const scan = await judged(bytes, 'data.tar.gz');
      const above = scan.findings.filter((finding) => finding.rule !== 'extension-mismatch');
      if (rule === undefined) expect(above).toEqual([]);
      else expect(above.map((finding) => finding.rule)).toContain(rule);
      if (bytes !== archive) expect(scan.verdict).toBe(verdict);
    }
  });

  test.each<[string, Buffer]>([
    ['a member', tarOf(a, tarEntry('m', hostile))],
    ['a member of a second archive', raw(tarOf(a), tarOf(tarEntry('m', hostile)))],
    ['what follows the archive', raw(tarOf(a), hostile)],
    ['a member after a broken header', tarOf(a, tarEntry('b.txt', '', { checksum: 1 }), tarEntry('m', hostile))],
    ['a sparse member', tarOf(tarEntry('m', hostile, { type: 'S', magic: 'ustar  \0' }))],
    [
      'a sparse member of pax',
      tarOf(
        paxEntry({ 'GNU.sparse.major': '1', 'GNU.sparse.minor': '0' }),
        tarEntry('m', raw('1\n0\n9\n'.padEnd(512, '\0'), hostile)),
      ),
    ],
    ['a folder', tarOf(tarEntry('d/', hostile, { type: '5' }))],
    [
      'a legacy checkpoint of torch',
      tarOf(
        tarEntry('sys_info', stateDict({})),
        tarEntry('pickle', hostile),
        tarEntry('tensors', stateDict({})),
        tarEntry('storages', stateDict({})),
      ),
    ],
  ])('gives away a pickle in %s', async (_where, archive) => {
    expect(await rulesOf(archive, 'data.tar')).toContain('pickle-stdlib-import');
    expect(await rulesOf(gzipSync(archive), 'data.tar.gz')).toContain('pickle-stdlib-import');
  });

  test('has these facts', async () => {
    expect(await factsOf(tarOf(a, tarEntry('d/b.json', '{}')))).toMatchObject({
      format: 'tar',
      problems: [],
      members: [
        { name: 'a.txt', offset: 0, size: 5, format: 'text', problems: [] },
        { name: 'd/b.json', offset: 1024, size: 2, format: 'json', problems: [] },
      ],
    });
  });
});

/** More than is held of what a decompressor gives, so that it can only be read forward. */
const LARGE = 40 * 1024 * 1024;

describe('in a compressed archive, a large', () => {
  const weights = Buffer.alloc(LARGE, 'all of these are weights');
  const header = `{"w":{"dtype":"U8","shape":[${LARGE}],"data_offsets":[0,${LARGE}]}}`.padEnd(104);
  const tensors = raw(u64(104), header, weights);
  const packed = (...entries: Buffer[]) => gzipSync(tarOf(...entries), { level: 1 });

  test.each<[string, Buffer, string]>([
    ['safetensors file passes', packed(a, tarEntry('m.safetensors', tensors), tarEntry('b.txt', 'b\n')), 'pass'],
    ['safetensors file with a tail does not', packed(tarEntry('m.safetensors', raw(tensors, hostile))), 'block'],
    [
      'pickle is read to its end',
      packed(tarEntry('m.pkl', raw('\x80\x04\x8e', u64(LARGE), weights, '0', hostile.subarray(2)))),
      'block',
    ],
    [
      'checkpoint passes',
      packed(
        tarEntry(
          'm.pt',
          zipOf([
            { name: 'a/data.pkl', data: stateDict({ w: LARGE / 4 }) },
            { name: 'a/data/0', data: weights },
          ]),
        ),
      ),
      'pass',
    ],
    [
      'member does not keep a hostile one behind it from being read',
      packed(tarEntry('m.safetensors', tensors), tarEntry('m.pkl', hostile)),
      'block',
    ],
  ])('%s', async (_what, bytes, verdict) => {
    const scan = await judged(bytes, 'model.tar.gz');
    expect(scan.verdict, JSON.stringify(scan.findings)).toBe(verdict);
  });

  test('archive may be compressed twice', async () => {
    const twice = gzipSync(gzipSync(tarOf(tarEntry('m.safetensors', tensors)), { level: 0 }), { level: 1 });
    expect((await judged(twice, 'model.tar.gz')).verdict).toBe('pass');
  });
});
