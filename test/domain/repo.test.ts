// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isAirlockError } from '#src/domain/errors.ts';
import { isRepoKind, parseRepo, printable, repoIdProblem, repoKey, repoName } from '#src/domain/repo.ts';

const LONG = 'x'.repeat(96);

describe('parseRepo', () => {
  it.each([
    'org/name',
    'gpt2',
    'Org/Name-1.0_b',
    'a/b',
    `${LONG}/${LONG}`,
    '0/1',
    'org/name_',
    'org.x/na.me',
    'datasets/name',
    'org/git',
    'org.git/name',
  ])('takes %s', (id) => {
    expect(parseRepo('models', id)).toEqual({ kind: 'models', id });
  });

  it.each([
    ['', 'empty'],
    ['a/b/c', 'two segments'],
    ['/name', 'segments are'],
    ['org/', 'segments are'],
    ['org//name', 'two segments'],
    [`org/${LONG}x`, '96'],
    ['org/na--me', '"--"'],
    ['org/na..me', '".."'],
    ['..', '".."'],
    ['../etc', '".."'],
    ['.', 'segments are'],
    ['org/.', 'segments are'],
    ['org/-name', 'start with'],
    ['org/.name', 'start with'],
    ['_org/name', 'start with'],
    ['org/name-', 'segments are'],
    ['org/name.', 'segments are'],
    ['org/na me', 'segments are'],
    ['org/name\n', 'segments are'],
    ['org/name\0', 'segments are'],
    ['org\\name', 'segments are'],
    ['org=name', 'segments are'],
    ['org/n\u00e4me', 'segments are'],
    ['org/n\u0430me', 'segments are'],
    ['org\u2215name', 'segments are'],
    ['org/name\u202e', 'segments are'],
    ['org/\ud800', 'segments are'],
    ['org/%2e%2e', 'segments are'],
    ['org/name.git', '.git'],
    ['org/name.GIT', '.git'],
    ['org/name.ipynb', '.ipynb'],
    ['x'.repeat(100_000), '96'],
  ])('refuses %j and says why', (id, why) => {
    expect(repoIdProblem(id)).toContain(why);
    const error = thrownBy(() => parseRepo('datasets', id));
    expect(isAirlockError(error, 'bad-repo-id')).toBe(true);
    expect((error as Error).message).toMatch(/^[\x20-\x7e]{1,800}$/);
  });

  it('never takes an id that would be two keys of a store, or leave its folder', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom(...'aZ0._-/=%\\~\0 ä') })), (id) => {
        if (repoIdProblem(id) !== undefined) return;
        expect(id).toMatch(/^[A-Za-z0-9._-]+(\/[A-Za-z0-9._-]+)?$/);
        expect(id.split('/')).not.toContain('.');
        expect(id).not.toContain('..');
      }),
    );
  });

  it('is written with its kind, but for models', () => {
    const model = parseRepo('models', 'org/name');
    const space = parseRepo('spaces', 'org/name');
    expect([repoKey(model), repoName(model)]).toEqual(['models/org/name', 'org/name']);
    expect([repoKey(space), repoName(space)]).toEqual(['spaces/org/name', 'spaces/org/name']);
  });

  it('knows four kinds', () => {
    const texts = ['models', 'datasets', 'spaces', 'kernels', 'model', 'kernel', 'buckets', '__proto__', ''];
    expect(texts.filter(isRepoKind)).toEqual(['models', 'datasets', 'spaces', 'kernels']);
  });
});

describe('printable', () => {
  it.each([
    ['plain', '"plain"'],
    ['a "quote"', '"a \\"quote\\""'],
    ['two\r\nlines', '"two\\r\\nlines"'],
    ['nul\0', '"nul\\u0000"'],
    ['del\x7f', '"del\\u007f"'],
    ['ü', '"\\u00fc"'],
    ['\u202egnp.exe', '"\\u202egnp.exe"'],
    ['\ud800', '"\\ud800"'],
  ])('writes %j as %s', (text, shown) => {
    expect(printable(text)).toBe(shown);
  });

  it('is one line of ASCII of bounded length, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
        expect(printable(text)).toMatch(/^"[\x20-\x7e]{0,480}"$/);
      }),
    );
  });
});

function thrownBy(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}
