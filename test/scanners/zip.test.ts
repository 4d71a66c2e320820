// SPDX-License-Identifier: Apache-2.0
import { crc32 } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { judged, rulesOf } from './judged.ts';
import { callPickle, PAYLOAD, raw, stateDict, text, u16, u32, u64 } from './pickle-bytes.ts';
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
    [
      'as torch 2 writes it: aligned, described, with notes of its own',
      [
        ...checkpoint(),
        member('archive/.format_version', '1'),
        member('archive/.storage_alignment', '64'),
        member('archive/.data/serialization_id', '0636067084738112432915500940465189431967'),
      ].map((one) => ({
        ...one,
        flags: 0x800,
        descriptor: true,
        local: { flags: 0x800, extra: raw('FB', u16(12), 'ZZZZZZZZZZZZ') },
      })),
      {},
    ],
    ['with a comment', checkpoint(), { comment: raw('written by a test') }],
  ])('passes %s', async (_how, members, spec) => {
    expect(await judged(zipOf(members, spec), 'pytorch_model.bin')).toEqual({
      format: 'torch-zip',
      verdict: 'pass',
      findings: [],
      attributes: { weightsOnly: true },
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
    ['a symbolic link', [member('a/b', '../c', { central: { mode: 0o120777 } })], {}, 'archive-link', 'review'],
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

const field = (id: number, data: Uint8Array) => raw(u16(id), u16(data.length), data);
const unicode = (header: Uint8Array | string, name: string) =>
  field(0x7075, raw(1, u32(crc32(Buffer.from(header))), Buffer.from(name)));
const link = { central: { mode: 0o120777 } };
const latin = (text: string) => Buffer.from(text, 'latin1');
const described = (data: string, ...sizes: Uint8Array[]) => raw(u32(crc32(Buffer.from(data))), ...sizes);

/** What it is, what an archive holds, and the rule and verdict, or a pass with nothing to say. */
type TrickRow = [what: string, members: MemberSpec[], spec: ZipSpec, rule?: string, verdict?: string];

const a = (more: Partial<MemberSpec> = {}) => [member('a.txt', 'text\n', more)];
const two = (first: string, second: string, more: Partial<MemberSpec> = {}) => [
  member(first, 'text\n'),
  member(second, 'other\n', more),
];

describe('of what is said twice in a zip', () => {
  test.each<TrickRow>([
    ['a Unicode name that is the same', a({ extra: unicode('a.txt', 'a.txt') }), {}],
    ['a Unicode name that is another', a({ extra: unicode('a.txt', 'b.pkl') }), {}, 'zip-disagreement', 'block'],
    [
      'a Unicode name whose header has another character set',
      [member('é.txt', 'text\n', { rawName: latin('\x82.txt'), extra: unicode(latin('\x82.txt'), 'é.txt') })],
      {},
    ],
    [
      'a Unicode name that the header spells out',
      [member('#U00e9.txt', 'x\n', { extra: unicode('#U00e9.txt', 'é.txt') })],
      {},
    ],
    ['a Unicode name of a renamed member', a({ extra: unicode('x.txt', 'a.txt') }), {}, 'zip-extra', 'review'],
    [
      'a Unicode comment',
      a({ central: { comment: raw('c'), extra: field(0x6375, raw(1, u32(crc32(raw('c'))), 'c')) } }),
      {},
    ],
    [
      'a Unicode comment that is another',
      a({ central: { comment: raw('c'), extra: field(0x6375, raw(1, u32(crc32(raw('c'))), 'd')) } }),
      {},
      'zip-extra',
      'review',
    ],
    ['a zip64 field that repeats the sizes', a({ extra: field(1, raw(u64(5), u64(5))) }), {}],
    [
      "a zip64 field that repeats the offset, as torch's writer does",
      a({ descriptor: true, local: { extra: field(1, u64(0)) } }),
      {},
    ],
    [
      'a zip64 field that says other sizes',
      a({ extra: field(1, raw(u64(9), u64(9))) }),
      {},
      'zip-disagreement',
      'block',
    ],
    ['two zip64 fields', a({ zip64: true, extra: field(1, raw(u64(5), u64(5))) }), {}, 'zip-disagreement', 'block'],
    ['a zip64 field that is missing', a({ central: { compressed: 0xffffffff } }), {}, 'zip-disagreement', 'block'],
    ['a zip64 field of odd length', a({ extra: field(1, raw(u64(5), 1, 2)) }), {}, 'zip-extra', 'review'],
    [
      'sizes of the local header that are zero',
      a({ local: { size: 0, compressed: 0 } }),
      {},
      'zip-disagreement',
      'block',
    ],
    [
      'a descriptor without signature',
      a({ descriptor: true, descriptorBytes: described('text\n', u32(5), u32(5)) }),
      {},
    ],
    [
      'a descriptor of 64 bits',
      a({ descriptor: true, descriptorBytes: raw('PK\x07\x08', described('text\n', u64(5), u64(5))) }),
      {},
    ],
    [
      'a descriptor with another size',
      a({ descriptor: true, descriptorBytes: described('text\n', u32(5), u32(4)) }),
      {},
      'zip-disagreement',
      'block',
    ],
    [
      'an empty member that announces a descriptor',
      [member('a.txt', '', { descriptor: true, descriptorBytes: raw() })],
      {},
    ],
    ['an empty member with a descriptor of zeros', [member('a.txt', '', { descriptor: true })], {}],
    ['an end record that counts otherwise', a(), { entriesHere: 2 }, 'zip-disagreement', 'block'],
    ['a zip64 end record that counts otherwise', a(), { zip64End: true, zip64Entries: 2 }, 'zip-disagreement', 'block'],
    ['a zip64 end record', a(), { zip64End: true }],
    ['two names of one spelling in NFC and NFD', two('\u00e9.txt', 'e\u0301.txt'), {}, 'zip-duplicate', 'block'],
    ['two names of other letters', two('\u00e9.txt', '\u00e8.txt'), {}],
    ['a name with two slashes', two('d/a.txt', 'd//a.txt'), {}, 'zip-duplicate', 'block'],
    ['a name with a dot', two('d/a.txt', './d/a.txt'), {}, 'zip-duplicate', 'block'],
    ['names that all begin with a dot, as tar programs write them', two('./a.txt', './b.txt'), {}],
    ['a name with a dot at its end', two('a.txt', 'a.txt. '), {}, 'zip-duplicate', 'block'],
    ['a name with a backslash', two('d/a.txt', 'd\\a.txt'), {}, 'zip-duplicate', 'block'],
    ['a name that ends early', [member('a.txt\0.png', 'text\n')], {}, 'zip-name', 'block'],
    ['a name with a control character', [member('a\x08.txt', 'text\n')], {}, 'zip-name-controls', 'review'],
    ['a name in an old character set', [member('é.txt', 'text\n', { rawName: latin('\x82.txt') })], {}],
    [
      'two names of one character set each',
      two('é.txt', 'x', { rawName: latin('\x82.txt') }),
      {},
      'zip-duplicate',
      'block',
    ],
    ['a name that is said to be UTF-8', [member('é.txt', 'text\n', { flags: 0x800 })], {}],
    [
      'a name that is no UTF-8',
      [member('x', 'text\n', { flags: 0x800, rawName: latin('\x82.txt') })],
      {},
      'zip-disagreement',
      'block',
    ],
    [
      'a name that one header calls UTF-8',
      [member('é.txt', 'text\n', { local: { flags: 0x800 } })],
      {},
      'zip-disagreement',
      'block',
    ],
    ['a name of ASCII that one header calls UTF-8', a({ local: { flags: 0x800 } }), {}],
  ])('%s', judgedAs);
});

describe('of places that nobody reads in a zip', () => {
  const elf = raw('\x7fELF\x02\x01\x01', Buffer.alloc(57));
  test.each<TrickRow>([
    ["torch's padding", a({ local: { extra: field(0x4246, Buffer.alloc(40, 'Z')) } }), {}],
    [
      "torch's padding with something else in it",
      a({ local: { extra: field(0x4246, raw('ZZZZZZZZ', 'a note')) } }),
      {},
      'zip-extra',
      'review',
    ],
    [
      "torch's padding with a pickle in it",
      a({ local: { extra: field(0x4246, raw('ZZZZ', hostile)) } }),
      {},
      'zip-extra',
      'block',
    ],
    ["torch's padding that is a pickle", a({ local: { extra: field(0x4246, hostile) } }), {}, 'zip-payload', 'block'],
    ["Android's padding", a({ local: { extra: field(0xd935, raw(4, 0, 0, 0, 0)) } }), {}],
    [
      "Android's padding with something else in it",
      a({ local: { extra: field(0xd935, raw(4, 0, 7, 0, 0)) } }),
      {},
      'zip-extra',
      'review',
    ],
    ["Java's mark", a({ extra: field(0xcafe, raw()) }), {}],
    ["Java's mark with content", a({ extra: field(0xcafe, raw('content')) }), {}, 'zip-extra', 'review'],
    [
      'times and owners',
      a({ extra: raw(field(0x5455, raw(3, u64(1))), field(0x7875, raw(1, 4, u32(0), 4, u32(0)))) }),
      {},
    ],
    ['an extra field that is cut off', a({ extra: raw(u16(0x5455), u16(90), 'abc') }), {}, 'zip-extra', 'review'],
    ['extra bytes of zeros that are no field', a({ extra: Buffer.alloc(3) }), {}],
    ['a small field of an unknown kind', a({ extra: field(0x1234, raw('abc')) }), {}, 'zip-extra-unknown', 'pass'],
    [
      'a large field of an unknown kind',
      a({ extra: field(0x1234, Buffer.alloc(2000, 'abc ')) }),
      {},
      'zip-extra',
      'review',
    ],
    ['a program in a field', a({ extra: field(0x1234, elf) }), {}, 'zip-payload', 'block'],
    [
      'a pickle in a field',
      a({ extra: field(0x1234, raw('cos\nsystem\n(S"x"\ntR.', Buffer.alloc(60))) }),
      {},
      'pickle-stdlib-import',
      'block',
    ],
    ["a member's comment", a({ central: { comment: raw('a comment') } }), {}],
    ["a pickle in a member's comment", a({ central: { comment: hostile } }), {}, 'zip-payload', 'block'],
    ['an archive in the comment', a(), { comment: raw('text ', zipOf(a())) }, 'zip-two-directories', 'block'],
    ['a program in the comment', a(), { comment: elf }, 'zip-payload', 'block'],
    ['a program behind the archive', a(), { tail: elf }, 'trailing-payload', 'block'],
    ['zeros behind the archive', a(), { tail: Buffer.alloc(2000) }, 'zip-padding', 'pass'],
    ['a member behind the directory', a(), { beforeEnd: zipOf(a()).subarray(0, 40) }, 'zip-hidden-member', 'block'],
    ['bytes behind the directory', a(), { beforeEnd: raw('some bytes') }, 'zip-disagreement', 'block'],
    ['another archive before the archive', a(), { prefix: zipOf(a()) }, 'zip-hidden-member', 'block'],
    ['bytes before the first member', a({ before: raw('\x01\x02\x03') }), {}, 'zip-gap', 'review'],
    ['an archive that is stored in it', [...a(), member('inner.zip', zipOf(a()))], {}],
    ['a folder', [...a(), member('d/', '')], {}],
    ['a folder with content', [...a(), member('d/', 'text\n')], {}, 'zip-disagreement', 'block'],
    ['a link to a neighbour', [...a(), member('d/b', '../a.txt', link)], {}, 'archive-link', 'review'],
    ['a link to the outside', [...a(), member('d/b', '../../a.txt', link)], {}, 'archive-link-outside', 'block'],
    [
      'a deflated link to the root',
      [...a(), member('b', '/etc/passwd', { ...link, deflate: true })],
      {},
      'archive-link-outside',
      'block',
    ],
    ['a member behind a link', [member('d', 'e', link), member('d/b.txt', 'text\n')], {}, 'archive-traversal', 'block'],
    ['an entry on another disk', a({ central: { disk: 1 } }), {}, 'zip-volumes', 'review'],
    ['an archive of several disks', a(), { disk: 1 }, 'zip-volumes', 'review'],
    ['a version that there is not', a({ central: { version: 99 } }), {}, 'zip-version', 'pass'],
    ['plain data that is marked as encrypted', a({ flags: 1 }), {}, 'zip-false-encryption', 'block'],
    ['plain data that is marked as strongly encrypted', a({ flags: 0x41 }), {}, 'zip-false-encryption', 'block'],
    [
      'encrypted data',
      [member('a.txt', Buffer.alloc(17, 0x9d), { flags: 1, crc: 5, local: { size: 5 }, central: { size: 5 } })],
      {},
      'zip-encrypted',
      'review',
    ],
    ['AES', a({ flags: 1, method: 99, extra: field(0x9901, raw(2, 0, 'AE', 3, 0, 0)) }), {}, 'zip-encrypted', 'review'],
    ['a stored member of two sizes', a({ local: { size: 4 }, central: { size: 4 } }), {}, 'zip-disagreement', 'block'],
    [
      'two entries for one member',
      [...a(), member('b.txt', 'x\n', { central: { offset: 0 } })],
      {},
      'zip-overlap',
      'block',
    ],
  ])('%s', judgedAs);
});

async function judgedAs(_what: string, members: MemberSpec[], spec: ZipSpec, rule?: string, verdict = 'pass') {
  const scan = await judged(zipOf(members, spec), 'data.zip');
  if (rule === undefined) expect(scan.findings).toEqual([]);
  else expect(scan.findings.map((finding) => finding.rule)).toContain(rule);
  expect(scan.verdict).toBe(verdict);
}

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
