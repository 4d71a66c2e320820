// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { gitOidOf, isGitOid, isSha256, lfsPointer, parseGitOid, parseSha256, sha256Of } from '#src/domain/digest.ts';
import { isAirlockError } from '#src/domain/errors.ts';

// Made with `git hash-object --stdin` (2.39) and sha256sum.
const KNOWN: [content: string, gitOid: string, sha256: string][] = [
  ['', 'e69de29bb2d1d6434b8b29ae775ad8c2e48c5391', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
  [
    'hello\n',
    'ce013625030ba8dba906f756967f9e9ca394464a',
    '5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03',
  ],
];

describe('digests', () => {
  it.each(KNOWN)('of %j are those of git and sha256sum', (content, gitOid, sha256) => {
    expect(gitOidOf(Buffer.from(content))).toBe(gitOid);
    expect(sha256Of(content)).toBe(sha256);
  });

  it('agree with the git of this machine, where there is one', ({ skip }) => {
    if (!hasGit()) skip('no git here');
    for (const content of [Buffer.from('ü\r\n'), Buffer.from([0, 255, 0, 10]), Buffer.alloc(100_000, 7)])
      expect(gitOidOf(content)).toBe(hashObject(content));
    const pointer = lfsPointer(sha256Of('weights'), 7);
    expect(gitOidOf(pointer)).toBe(hashObject(pointer));
  });

  it('an LFS pointer is spelled as git-lfs spells it', () => {
    const pointer = lfsPointer(sha256Of('hello\n'), 6).toString();
    expect(pointer).toBe(
      'version https://git-lfs.github.com/spec/v1\noid sha256:5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03\nsize 6\n',
    );
  });

  it.each(['', 'E3'.repeat(32), 'e3'.repeat(31), `${'e3'.repeat(32)}\n`, 'e3'.repeat(33), 'g'.repeat(64)])(
    '%j is no digest',
    (text) => {
      expect([isSha256(text), isGitOid(text)]).toEqual([false, false]);
      for (const parse of [parseSha256, parseGitOid])
        try {
          parse(text);
          throw new Error('it was taken');
        } catch (error) {
          expect(isAirlockError(error, 'record-invalid')).toBe(true);
        }
    },
  );
});

function hashObject(content: Buffer): string {
  return execFileSync('git', ['hash-object', '--no-filters', '--stdin'], { input: content }).toString().trim();
}

function hasGit(): boolean {
  try {
    execFileSync('git', ['--version']);
    return true;
  } catch {
    return false;
  }
}
