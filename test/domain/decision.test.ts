// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { acceptanceOf, isAccepted, type Reason } from '#src/domain/decision.ts';
import type { RepoPath } from '#src/domain/path.ts';

const reason = (path: string, ...findings: string[]): Reason => ({
  ...{ rule: 'verdict-review', effect: 'hold', message: 'look' },
  path: path as RepoPath,
  ...(findings.length > 0 ? { findings } : {}),
});

describe("a person's yes", () => {
  it('covers the scanner rules that the person saw, or fewer, and no other', () => {
    const accepts = [acceptanceOf(reason('m.bin', 'a', 'b'))];
    expect(accepts).toEqual(['verdict-review[a,b]:m.bin']);
    for (const seen of [['a', 'b'], ['a'], ['b']]) expect(isAccepted(reason('m.bin', ...seen), accepts)).toBe(true);
    expect(isAccepted(reason('m.bin', 'a', 'c'), accepts)).toBe(false);
    expect(isAccepted(reason('other.bin', 'a'), accepts)).toBe(false);
  });

  it('that names the key alone covers whatever the scanner says of the file', () => {
    expect(isAccepted(reason('m.bin', 'a'), ['verdict-review:m.bin'])).toBe(true);
  });

  it('to one file is none to another, whatever the files are called', () => {
    expect(isAccepted(reason('a', 'a'), [acceptanceOf(reason('b]:a', 'a', 'b'))])).toBe(false);
    const word = fc.constantFrom('a', 'b', '[', ']', ':', ',', 'm.bin', 'verdict-review');
    const path = fc.array(word, { minLength: 1, maxLength: 8 }).map((words) => words.join(''));
    fc.assert(
      fc.property(path, path, (one, other) => {
        if (one === other) return;
        expect(isAccepted(reason(other, 'a'), [acceptanceOf(reason(one, 'a', 'b'))])).toBe(false);
      }),
    );
  });
});
