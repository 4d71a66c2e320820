// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isAirlockError } from '#src/domain/errors.ts';
import { isCommitSha, parseCommitSha, parseRef, parseRevision, revisionText, shortSha } from '#src/domain/revision.ts';

const SHA = '0123456789abcdef0123456789abcdef01234567';

describe('parseRevision', () => {
  it('takes 40 lower-case hex digits for a commit', () => {
    expect(parseRevision(SHA)).toEqual({ type: 'commit', commit: SHA });
    expect(revisionText(parseRevision(SHA))).toBe(SHA);
    expect(shortSha(parseCommitSha(SHA))).toBe('0123456');
  });

  it.each([
    ['main', 'main'],
    ['HEAD', 'main'],
    ['refs/heads/main', 'main'],
    ['refs/tags/v1.0', 'v1.0'],
    ['refs/pr/1', 'refs/pr/1'],
    ['refs/convert/parquet', 'refs/convert/parquet'],
    ['0123456', '0123456'],
    [SHA.toUpperCase(), SHA.toUpperCase()],
    [`${SHA}0`, `${SHA}0`],
    ['feature/a-b_c.d', 'feature/a-b_c.d'],
    ['ünï', 'ünï'],
    ['a@b', 'a@b'],
    ['x'.repeat(255), 'x'.repeat(255)],
  ])('takes %s for the ref %s', (text, ref) => {
    expect(parseRevision(text)).toEqual({ type: 'ref', ref });
  });

  it.each([
    '',
    '@',
    'refs/heads/',
    'x'.repeat(256),
    'ü'.repeat(128),
    'a b',
    'a\0b',
    'a\tb',
    'main\r\nx-evil: 1',
    'a\x7f',
    'a~1',
    'a^',
    'a:b',
    'a?b',
    'a*',
    'a[b',
    'a\\b',
    'a..b',
    '..',
    '../x',
    'a@{1}',
    'a//b',
    '/a',
    'a/',
    '-a',
    'a.',
    '.a',
    'a/.b',
    'a.lock',
    'a.lock/b',
    '\ud800',
    // Second spellings: a pin under such a name could not be read back.
    'refs/heads/HEAD',
    'refs/tags/refs/heads/main',
    `refs/heads/${SHA}`,
    `refs/tags/${SHA}`,
  ])('refuses %j', (text) => {
    const error = thrownBy(() => parseRevision(text));
    expect(isAirlockError(error, 'bad-revision')).toBe(true);
    expect((error as Error).message).toMatch(/^[\x20-\x7e]{1,800}$/);
  });

  it('a parsed ref parses to itself, and fits into a URL', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: fc.constantFrom(...'refs/headstag.@{~a0') })),
        (text) => {
          if (!accepts(text)) return;
          const ref = parseRef(text);
          expect(parseRef(ref)).toBe(ref);
          expect(decodeURIComponent(encodeURIComponent(ref))).toBe(ref);
        },
      ),
      { numRuns: 2000 },
    );
  });
});

it.each([SHA.toUpperCase(), SHA.slice(1), `${SHA}0`, `${SHA}\n`, 'main', ''])('%j is no commit', (text) => {
  expect(isCommitSha(text)).toBe(false);
  expect(
    isAirlockError(
      thrownBy(() => parseCommitSha(text)),
      'bad-revision',
    ),
  ).toBe(true);
});

function accepts(text: string): boolean {
  try {
    parseRef(text);
    return true;
  } catch {
    return false;
  }
}

function thrownBy(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}
