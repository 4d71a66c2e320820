// SPDX-License-Identifier: Apache-2.0
import { posix, win32 } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isAirlockError } from '#src/domain/errors.ts';
import { parseRepoPath, repoPathProblem } from '#src/domain/path.ts';

it.each([
  'config.json',
  'sub/dir/file',
  '.gitattributes',
  '.gitignore',
  'a/.github/x',
  'with space and ü.txt',
  '日本/語',
  '...',
  'a/..b/c',
  'x'.repeat(1024),
  'a#b?c%20',
])('%s is a path', (text) => {
  expect(parseRepoPath(text)).toBe(text);
});

it.each([
  ['', 'empty'],
  ['x'.repeat(1025), '1,024'],
  ['ü'.repeat(513), '1,024'],
  ['a\0b', 'NUL'],
  ['a\nb', 'control'],
  ['a\x7fb', 'control'],
  ['a\\b', 'backslash'],
  ['..\\..\\x', 'backslash'],
  ['a\ud800', 'Unicode'],
  ['/etc/passwd', 'components'],
  ['a//b', 'components'],
  ['a/', 'components'],
  ['.', 'components'],
  ['./a', 'components'],
  ['a/./b', 'components'],
  ['..', 'components'],
  ['../a', 'components'],
  ['a/../b', 'components'],
  ['a/..', 'components'],
  ['.git', '.git'],
  ['.git/config', '.git'],
  ['sub/.GIT/hooks/x', '.git'],
])('%j is no path, and the message says why', (text, why) => {
  expect(repoPathProblem(text)).toContain(why);
  try {
    parseRepoPath(text);
  } catch (error) {
    expect(isAirlockError(error, 'bad-path')).toBe(true);
    expect((error as Error).message).toMatch(/^[\x20-\x7e]{1,800}$/);
    return;
  }
  throw new Error('it was taken');
});

it('whatever is taken stays inside of a folder, on every system', () => {
  const part = fc.oneof(
    fc.constantFrom('..', '.', '', 'a', '.git', '\\', 'C:'),
    fc.string({ unit: 'binary', maxLength: 8 }),
  );
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 6 }), (parts) => {
      const text = parts.join('/');
      if (repoPathProblem(text) !== undefined) return;
      expect(posix.join('/folder', text).startsWith('/folder/')).toBe(true);
      expect(win32.join('C:\\folder', text).startsWith('C:\\folder\\')).toBe(true);
      expect(posix.normalize(text)).toBe(text);
    }),
    { numRuns: 2000 },
  );
});
