// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { globMatcher } from '#src/domain/glob.ts';

// The answers are those of Python's `fnmatch.fnmatchcase`, tried with 3.11.
const TABLE: [pattern: string, text: string, matches: boolean][] = [
  ['', '', true],
  ['', 'a', false],
  ['*', '', true],
  ['*', 'a/b/c', true],
  ['*.json', 'sub/config.json', true],
  ['*.json', 'config.jsonl', false],
  ['config.json', 'configxjson', false],
  ['Config.json', 'config.json', false],
  ['sub/*', 'sub/', true],
  ['sub/*', 'sub', false],
  ['**/x', 'a/x', true],
  ['**/x', 'x', false],
  ['?', 'a', true],
  ['?', '', false],
  ['?', '/', true],
  ['?', '\n', true],
  ['?', '😀', true],
  ['??', '😀', false],
  ['*a\n', 'b\na\n', true],
  ['[abc]x', 'bx', true],
  ['[abc]x', 'dx', false],
  ['[!abc]x', 'dx', true],
  ['[!abc]x', 'ax', false],
  ['[!a]', '\n', true],
  ['[a-c]', 'b', true],
  ['[a-c]', '-', false],
  ['[a-]', '-', true],
  ['[-a]', '-', true],
  ['[a-c-e]', '-', true],
  ['[a-c-e]', 'd', false],
  ['[--/]', '.', true],
  ['[]a]', ']', true],
  ['[]a]', 'a', true],
  ['[!]a]', ']', false],
  ['[!]a]', 'b', true],
  ['[^a]', '^', true],
  ['[^a]', 'b', false],
  ['[[]', '[', true],
  ['[\\]', '\\', true],
  ['[*?]', '*', true],
  ['[*?]', 'a', false],
  ['[😀-😂]', '😁', true],
  ['[a', '[a', true],
  ['[!', '[!', true],
  ['[]', '[]', true],
  ['[!]', '[!]', true],
  ['a]', 'a]', true],
  ['.', 'a', false],
  ['a.b+(c)|{d}$^\\', 'a.b+(c)|{d}$^\\', true],
  ['\\d', '1', false],
  ['(a|b)', 'a', false],
  ['a{1,2}', 'aa', false],
];

describe('globMatcher', () => {
  it.each(TABLE)('%j and %j: %s', (pattern, text, matches) => {
    expect(globMatcher(pattern)(text)).toBe(matches);
  });

  it('means everything below a folder when the pattern ends in a slash', () => {
    expect(globMatcher('sub/')('sub/a/b')).toBe(true);
    expect(globMatcher('sub/')('other/a')).toBe(false);
    expect(globMatcher('sub')('sub/a')).toBe(false);
  });

  it('refuses a range that runs backwards: a deny pattern that can never match denies nothing', () => {
    expect(() => globMatcher('[z-a]')).toThrow(RangeError);
  });

  it('agrees with a plain recursive reading of the rules', () => {
    const pattern = fc.string({
      unit: fc.constantFrom('a', 'b', '*', '?', '/', '.', '[ab]', '[!a]', '😀'),
      maxLength: 10,
    });
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '/', '.', '\n', '😀'), maxLength: 12 });
    fc.assert(
      fc.property(pattern, text, (p, t) => {
        expect(globMatcher(p)(t)).toBe(naive([...(p.endsWith('/') ? `${p}*` : p)], [...t]));
      }),
      { numRuns: 5000 },
    );
  });

  it('answers at once for patterns that a regular expression would hang on', () => {
    const started = performance.now();
    const text = 'a'.repeat(1024);
    for (const pattern of [
      `${'*a'.repeat(100)}b`,
      `${'*?'.repeat(200)}b`,
      `${'*[!b]'.repeat(100)}b`,
      `${'*'.repeat(1000)}b`,
    ])
      expect(globMatcher(pattern)(text)).toBe(false);
    expect(globMatcher('*a'.repeat(512))(text)).toBe(true);
    expect(performance.now() - started).toBeLessThan(5000);
  });
});

/** Knows `*`, `?`, the two sets of the property above, and characters. */
function naive(pattern: string[], text: string[]): boolean {
  const [p, ...rest] = pattern;
  if (p === undefined) return text.length === 0;
  if (p === '*') return naive(rest, text) || (text.length > 0 && naive(pattern, text.slice(1)));
  const [c, ...left] = text;
  if (c === undefined) return false;
  if (p !== '[') return (p === '?' || p === c) && naive(rest, left);
  const end = rest.indexOf(']');
  const body = rest.slice(0, end);
  const inSet = body[0] === '!' ? !body.includes(c) : body.includes(c);
  return inSet && naive(rest.slice(end + 1), left);
}
