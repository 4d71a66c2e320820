// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { judged, rulesOf } from './judged.ts';
import { callPickle, PAYLOAD, raw, stateDict, text, u32 } from './pickle-bytes.ts';
import { type MemberSpec, type ZipSpec, zipOf } from './zip-bytes.ts';

const hostile = callPickle('os', 'system');
const clean = stateDict({ 'fc.weight': 4, 'fc.bias': 2 });
const floats = (items: number) => Buffer.alloc(items * 4, 0x3f);
const member = (name: string, data: Uint8Array | string, more: Partial<MemberSpec> = {}): MemberSpec => ({
  name,
  data: Buffer.from(data),
  ...more,
});

/** What torch.save writes. */
const checkpoint = (pickle: Uint8Array = clean, more: Partial<MemberSpec> = {}): MemberSpec[] => [
  member('archive/data.pkl', pickle, more),
  member('archive/byteorder', 'little', more),
  member('archive/data/0', floats(4), more),
  member('archive/data/1', floats(2), more),
  member('archive/version', '3\n', more),
];

describe('a torch checkpoint', () => {
  test.each<[string, MemberSpec[], ZipSpec]>([
    ['stored', checkpoint(), {}],
    ['deflated', checkpoint(clean, { deflate: true }), {}],
    ['with data descriptors', checkpoint(clean, { descriptor: true }), {}],
    ['with zip64 records everywhere', checkpoint(clean, { zip64: true }), { zip64End: true }],
    ['with a comment', checkpoint(), { comment: raw('written by a test') }],
  ])('passes %s', async (_how, members, spec) => {
    expect(await judged(zipOf(members, spec), 'pytorch_model.bin')).toEqual({
      format: 'torch-zip',
      verdict: 'pass',
      findings: [],
    });
  });

  test('may hold any bytes in the storages that its pickle refers to', async () => {
    const pickled = Buffer.concat([hostile], 16);
    const zipped = raw('PK\x03\x04', '\x7fELF');
    const members = checkpoint().with(2, member('archive/data/0', pickled)).with(3, member('archive/data/1', zipped));
    expect((await judged(zipOf(members), 'm.pt')).verdict).toBe('pass');
  });

  test('is blocked for a storage that nobody refers to and that is a pickle', async () => {
    const members = [...checkpoint(), member('archive/data/2', hostile)];
    const { verdict, findings } = await judged(zipOf(members), 'm.pt');
    expect(verdict).toBe('block');
    expect(findings[0]).toMatchObject({ rule: 'pickle-stdlib-import', member: 'archive/data/2' });
  });

  test('is blocked for a storage that is longer than the pickle says', async () => {
    const members = checkpoint().with(2, member('archive/data/0', hostile));
    expect(await rulesOf(zipOf(members), 'm.pt')).toEqual(['pickle-stdlib-import', 'torch-storage']);
  });

  test.each([
    ['stored', {}],
    ['deflated', { deflate: true }],
    ['with a descriptor', { descriptor: true }],
    // picklescan CVE-2025-10156: a wrong CRC stops strict readers, torch goes on.
    ['with a wrong CRC', { crc: 1 }],
    // picklescan GHSA-w8jq-xcqf-f792: plain data marked as encrypted.
    ['marked as encrypted', { flags: 1 }],
    // picklescan GHSA-7q5r-7gvp-wc82: the two names differ.
    ['under two names', { local: { name: 'archive/other.txt' } }],
    ['under two methods', { local: { method: 8 } }],
  ])('is blocked for a hostile data.pkl %s', async (_how, more) => {
    const { verdict, findings } = await judged(zipOf(checkpoint(hostile, more)), 'm.pt');
    expect(verdict).toBe('block');
    expect(findings.map(({ rule }) => rule)).toContain('pickle-stdlib-import');
  });

  test('with code beside it asks for a review', async () => {
    const members = [...checkpoint(), member('archive/code/__torch__.py', 'def forward(self):\n  return 1\n')];
    expect(await rulesOf(zipOf(members), 'm.pt')).toEqual(['custom-code']);
  });
});

describe('what readers of a zip disagree on', () => {
  const plain = [member('a.txt', 'text\n')];
  test.each<[string, MemberSpec[], ZipSpec, string, string]>([
    ['two members of one name', [...plain, member('a.txt', 'other\n')], {}, 'zip-duplicate', 'block'],
    ['two members of one name in another case', [...plain, member('A.TXT', 'other\n')], {}, 'zip-duplicate', 'block'],
    [
      'a member that is not in the directory',
      [...plain, member('b.txt', 'x\n', { hidden: true })],
      {},
      'zip-hidden-member',
      'block',
    ],
    [
      'another name in the local header',
      [member('a.txt', 'text\n', { local: { name: 'b.txt' } })],
      {},
      'zip-disagreement',
      'block',
    ],
    [
      'another size in the local header',
      [member('a.txt', 'text\n', { local: { size: 3 } })],
      {},
      'zip-disagreement',
      'block',
    ],
    [
      'a size that the data has not',
      [member('a.txt', 'text\n', { deflate: true, central: { size: 900 } })],
      {},
      'zip-disagreement',
      'block',
    ],
    ['a number of entries that is not there', plain, { entries: 5 }, 'zip-disagreement', 'block'],
    ['a wrong CRC', [member('a.txt', 'text\n', { crc: 5 })], {}, 'zip-crc', 'review'],
    ['bytes before the archive', plain, { prefix: raw('#!/bin/sh\nexit 0\n') }, 'zip-prefix', 'review'],
    ['bytes after the archive', plain, { tail: raw('more') }, 'zip-tail', 'review'],
    [
      'bytes between members',
      [...plain, member('b.txt', 'x\n', { before: raw('\x01\x02\x03') })],
      {},
      'zip-gap',
      'review',
    ],
    ['an archive in the comment', plain, { comment: zipOf([member('x', hostile)]) }, 'zip-two-directories', 'block'],
    ['a path that leaves the folder', [member('../../a.txt', 'text\n')], {}, 'archive-traversal', 'block'],
    ['a path with a drive letter', [member('C:\\a.txt', 'text\n')], {}, 'archive-traversal', 'block'],
    ['a symbolic link', [member('a', '/etc/passwd', { central: { mode: 0o120777 } })], {}, 'archive-link', 'review'],
    [
      'a member that is longer than the archive',
      [member('a.txt', 'text\n', { central: { compressed: 5_000, size: 5_000 } })],
      {},
      'zip-malformed',
      'block',
    ],
  ])('%s is a finding', async (_what, members, spec, rule, verdict) => {
    const scan = await judged(zipOf(members, spec), 'data.zip');
    expect(scan.findings.map((finding) => finding.rule)).toContain(rule);
    expect(scan.verdict).toBe(verdict);
  });

  test('and nothing of it is one in a plain archive', async () => {
    const members = [
      member('a.txt', 'text\n'),
      member('folder/', ''),
      member('folder/b.json', '{"a": 1}', { deflate: true }),
    ];
    expect(await judged(zipOf(members), 'data.zip')).toEqual({ format: 'zip', verdict: 'pass', findings: [] });
  });

  test.each<[string, MemberSpec[], ZipSpec]>([
    ['a hidden member', [...plain, member('data.pkl', hostile, { hidden: true })], {}],
    ['a comment', plain, { comment: hostile }],
    ['what comes before', plain, { prefix: hostile }],
    ['what comes after', plain, { tail: hostile }],
    ['a gap', [...plain, member('b.txt', 'x\n', { before: hostile })], {}],
    [
      'an archive in the archive',
      [member('inner.zip', zipOf([member('x', hostile, { deflate: true })]), { deflate: true })],
      {},
    ],
  ])('a pickle is found in %s', async (_where, members, spec) => {
    expect(await rulesOf(zipOf(members, spec), 'data.zip')).toContain('pickle-stdlib-import');
  });

  test('the members of an archive without a directory are read all the same', async () => {
    const whole = zipOf([member('data.pkl', hostile)]);
    const cut = whole.subarray(0, whole.indexOf('PK\x01\x02', 0, 'latin1'));
    expect(await rulesOf(cut, 'm.pt')).toEqual(expect.arrayContaining(['pickle-stdlib-import', 'zip-no-directory']));
  });

  test('bytes behind a compressed stream are a finding', async () => {
    const whole = zipOf([member('a.txt', 'text\n', { deflate: true })]);
    const longer = zipOf([{ ...member('a.txt', 'text\n'), local: { method: 8 } }]);
    expect((await judged(whole, 'data.zip')).verdict).toBe('pass');
    expect((await judged(longer, 'data.zip')).verdict).toBe('block');
  });
});

describe('a bomb', () => {
  test('of ratio is unscannable', async () => {
    const bomb = zipOf([member('a.txt', Buffer.alloc(40_000_000), { deflate: true })]);
    const { verdict, findings } = await judged(bomb, 'data.zip');
    expect(verdict).toBe('unscannable');
    expect(findings[0]?.message).toMatch(
      /^could not be read to its end: ratio is limited to 200, and \d+ was reached$/,
    );
  });

  test('of depth is unscannable', async () => {
    let nested = zipOf([member('a.txt', 'x')]);
    for (let i = 0; i < 8; i++) nested = zipOf([member('inner.zip', nested)]);
    expect((await judged(nested, 'data.zip')).verdict).toBe('unscannable');
  });

  test('that the directory only announces is no reason to allocate', async () => {
    const announced = zipOf([member('a.txt', 'text\n', { central: { size: 0xfffffff0, compressed: 0xfffffff0 } })]);
    expect((await judged(announced, 'data.zip')).verdict).toBe('block');
  });
});

test('an npz passes, and is blocked for an array of objects that calls', async () => {
  const header = (descr: string, shape: string) => {
    const literal = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${shape}, }`.padEnd(117).concat('\n');
    return raw('\x93NUMPY\x01\x00', literal.length, 0, literal);
  };
  const numbers = raw(header('<f4', '(2,)'), Buffer.alloc(8));
  const objects = raw(header('|O', '(1,)'), hostile);
  expect(await judged(zipOf([member('x.npy', numbers)]), 'x.npz')).toEqual({
    format: 'npz',
    verdict: 'pass',
    findings: [],
  });
  const both = zipOf([member('x.npy', numbers), member('y.npy', objects, { deflate: true })]);
  expect((await judged(both, 'x.npz')).findings[0]).toMatchObject({ rule: 'pickle-stdlib-import', member: 'y.npy' });
});

test('names the member of a member', async () => {
  const inner = zipOf([member('deep/data.pkl', raw(text(PAYLOAD), 'Q.', u32(0)))]);
  const { findings } = await judged(zipOf([member('inner.zip', inner), member('x.pkl', hostile)]), 'data.zip');
  expect(findings.map((finding) => finding.member)).toEqual(
    expect.arrayContaining(['inner.zip!/deep/data.pkl', 'x.pkl']),
  );
});
