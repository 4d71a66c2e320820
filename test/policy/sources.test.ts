// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { reasonKey } from '#src/domain/decision.ts';
import { parseRepo, type RepoKind } from '#src/domain/repo.ts';
import { policyDigest } from '#src/policy/digest.ts';
import { isSmallFile } from '#src/policy/files.ts';
import { judgeListing } from '#src/policy/listing.ts';
import { matchSource, select } from '#src/policy/sources.ts';
import { LIMITS, RULES, rulesWith, sourceFile, sourceRule } from './samples.ts';

describe('matchSource', () => {
  const sources = [
    sourceRule({ match: 'bad/*', mode: 'deny' }),
    sourceRule({ match: 'org/one', kinds: ['models'] }),
    sourceRule({ match: 'org/*', kinds: ['models', 'datasets'], mode: 'review' }),
    sourceRule({ match: 'gpt2', mode: 'auto' }),
  ];

  test.each<[RepoKind, string, string | undefined]>([
    ['models', 'bad/x', 'bad/*'],
    ['models', 'BAD/x', 'bad/*'],
    ['models', 'org/one', 'org/one'],
    ['datasets', 'org/one', 'org/*'],
    ['models', 'Org/Two', 'org/*'],
    ['spaces', 'org/one', undefined],
    ['models', 'gpt2', 'gpt2'],
    ['models', 'x/gpt2', undefined],
    ['models', 'organisation/x', undefined],
    ['models', 'other/x', undefined],
  ])('%s %s is matched by %s', (kind, id, match) => {
    expect(matchSource(sources, parseRepo(kind, id))?.match).toBe(match);
  });

  test('no sources match nothing, and a star matches every repo', () => {
    expect(matchSource([], parseRepo('models', 'a/b'))).toBeUndefined();
    expect(matchSource([sourceRule()], parseRepo('spaces', 'a/b'))?.match).toBe('*');
    expect(matchSource([sourceRule()], parseRepo('models', 'gpt2'))?.match).toBe('*');
  });
});

describe('select', () => {
  const files = ['README.md', 'm-Q4_K_M.gguf', 'm-Q8_0.gguf', 'sub/m-Q4_K_M.gguf'].map((path) => sourceFile(path));

  test.each<[string[], string[], string[]]>([
    [['*'], [], ['README.md', 'm-Q4_K_M.gguf', 'm-Q8_0.gguf', 'sub/m-Q4_K_M.gguf']],
    [['*Q4_K_M*', '*.md'], [], ['README.md', 'm-Q4_K_M.gguf', 'sub/m-Q4_K_M.gguf']],
    [['*'], ['sub/'], ['README.md', 'm-Q4_K_M.gguf', 'm-Q8_0.gguf']],
    [['*.gguf'], ['*.gguf'], []],
    [['*.GGUF'], [], []],
  ])('include %j, exclude %j', (include, exclude, expected) => {
    const { selected, excluded } = select(files, sourceRule({ include, exclude }));
    expect(selected.map((file) => file.path)).toEqual(expected);
    expect(selected.length + excluded.length).toBe(files.length);
  });

  test('an excluded file names the pattern that left it out', () => {
    const { excluded } = select(files, sourceRule({ include: ['*.gguf'], exclude: ['sub/'] }));
    expect(excluded.map(({ file, pattern }) => `${file.path} ${pattern}`)).toEqual([
      'README.md include: *.gguf',
      'sub/m-Q4_K_M.gguf exclude: sub/',
    ]);
  });
});

describe('judgeListing', () => {
  const many = (count: number, size: number) => Array.from({ length: count }, (_, i) => sourceFile(`f${i}`, size));

  test.each<[string, ReturnType<typeof many>, string[]]>([
    ['as many files as allowed', many(10, 1), []],
    ['one file more', many(11, 1), ['deny listing-too-many-files']],
    ['a file as large as allowed', many(1, 1000), []],
    ['one byte more', many(1, 1001), ['deny file-too-large:f0']],
    ['as many bytes as allowed', many(2, 1000), []],
    ['one byte more in all', [...many(2, 1000), sourceFile('g', 1)], ['deny listing-too-large']],
    ['a size that is no number', many(1, Number.NaN), ['deny listing-too-large', 'deny file-too-large:f0']],
    ['a negative size', many(1, -1), ['deny file-too-large:f0']],
    ['nothing', [], ['deny empty-selection']],
    ['paths that differ in case', [sourceFile('A/x'), sourceFile('a/X')], ['note path-collision:a/X']],
    ['paths that differ in form', [sourceFile('e\u0301'), sourceFile('\u00e9')], ['note path-collision:\u00e9']],
  ])('%s', (_, files, expected) => {
    expect(judgeListing(files, LIMITS).map((reason) => `${reason.effect} ${reasonKey(reason)}`)).toEqual(expected);
  });

  test('a message names limit and actual', () => {
    const [reason] = judgeListing(many(1, 1234567), LIMITS).slice(-1);
    expect(reason?.message).toBe('"f0" has 1,234,567 bytes, more than the limit of 1,000');
  });
});

test.each<[string, number, boolean, boolean]>([
  ['config.json', 100, false, true],
  ['modeling.py', 100, false, true],
  ['model.safetensors', 100, true, false],
  ['README.md', 100, true, true],
  ['LICENSE', 100, true, true],
  ['sub/license.txt', 100, true, true],
  ['sub/adapter_config.json', 100, true, true],
  ['license-plates.bin', 100, true, true],
  ['licenseplates.bin', 100, true, false],
  ['README.md', 10 * 2 ** 20, false, true],
  ['README.md', 10 * 2 ** 20 + 1, false, false],
])('%s of %i bytes (LFS: %s) comes first: %s', (path, size, lfs, small) => {
  expect(isSmallFile(sourceFile(path, size, lfs))).toBe(small);
});

describe('policyDigest', () => {
  const source = sourceRule();
  const digest = policyDigest(RULES, source, LIMITS);

  test('is the same for the same policy, whatever the order of its keys', () => {
    const turned = Object.fromEntries(Object.entries(source).reverse()) as unknown as typeof source;
    expect(policyDigest({ ...RULES }, turned, { ...LIMITS })).toBe(digest);
    expect(policyDigest(RULES, source, { ...LIMITS, ...{ concurrent: 4 } })).toBe(digest);
    expect(digest).toMatch(/^[0-9a-f]{64}$/);
  });

  test.each<[string, () => string]>([
    ['a verdict', () => policyDigest(rulesWith({ review: 'deny' }), source, LIMITS)],
    ['withholding', () => policyDigest(rulesWith({}, false), source, LIMITS)],
    [
      'the allowlist',
      () => policyDigest({ ...RULES, licenses: { ...RULES.licenses, allow: ['MIT'] } }, source, LIMITS),
    ],
    ['inert names', () => policyDigest({ ...RULES, files: { ...RULES.files, inert: [] } }, source, LIMITS)],
    ['the source', () => policyDigest(RULES, sourceRule({ exclude: ['*.bin'] }), LIMITS)],
    ['no source', () => policyDigest(RULES, undefined, LIMITS)],
    ['a limit', () => policyDigest(RULES, source, { ...LIMITS, maxFiles: 11 })],
  ])('differs with %s', (_, other) => {
    expect(other()).not.toBe(digest);
  });
});
