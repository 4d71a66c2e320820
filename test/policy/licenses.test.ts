// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalId } from '#src/policy/license-names.ts';
import { judgeLicense, readLicense } from '#src/policy/licenses.ts';
import { RULES } from './samples.ts';

const card = (yaml: string) => `---\n${yaml}\n---\n# A model\n`;
const rules = RULES.licenses;

function judge(declared: readonly string[], allow: readonly string[] = rules.allow): string[] {
  return judgeLicense({ declared, from: 'README.md' }, { ...rules, allow }).map(
    ({ rule, effect }) => `${effect} ${rule}`,
  );
}

describe('readLicense', () => {
  test.each<[string, string, readonly string[]]>([
    ['one', 'license: apache-2.0', ['apache-2.0']],
    ['a list', 'license:\n- mit\n- cc-by-4.0', ['mit', 'cc-by-4.0']],
    ['a flow list', 'license: [mit, other]', ['mit', 'other']],
    ['quoted', 'license: "mit"', ['mit']],
    ['with spaces', 'license: "  mit "', ['mit']],
    ['among other keys', 'language: en\ntags:\n- a\nlicense: mit\nmodel-index: [{name: x}]', ['mit']],
    ['an expression', 'license: MIT OR GPL-3.0-only', ['MIT OR GPL-3.0-only']],
    ['beside a duplicate of another key', 'tags: a\ntags: b\nlicense: mit', ['mit']],
    ['beside an alias elsewhere', 'a: &a [1]\nb: *a\nlicense: mit', ['mit']],
  ])('%s', (_, yaml, declared) => {
    expect(readLicense(card(yaml))).toEqual({ declared, from: 'README.md' });
  });

  test('name and link are read beside it', () => {
    const evidence = readLicense(card('license: other\nlicense_name: llama3\nlicense_link: LICENSE'));
    expect(evidence).toEqual({ declared: ['other'], name: 'llama3', link: 'LICENSE', from: 'README.md' });
  });

  test.each([['\ufeff---\nlicense: mit\n---\n'], ['\n\n---\nlicense: mit\n---'], ['---\r\nlicense: mit\r\n---\r\nx']])(
    'front matter is found as the clients find it: %j',
    (text) => {
      expect(readLicense(text).declared).toEqual(['mit']);
    },
  );

  test.each<[string, string | undefined, string]>([
    ['no card', undefined, 'the repo has no README.md'],
    ['an empty card', '', 'README.md has no front matter'],
    ['no front matter', '# license: mit\n', 'README.md has no front matter'],
    ['front matter further down', 'text\n---\nlicense: mit\n---\n', 'README.md has no front matter'],
    ['no end', '---\nlicense: mit\n', 'the front matter of README.md has no end'],
    ['no license', card('language: en'), 'README.md names no license'],
    ['null', card('license:'), 'README.md names no license'],
    ['empty', card('license: ""'), 'the "license" of README.md is not text or a list of texts'],
    ['a number', card('license: 2.0'), 'the "license" of README.md is not text or a list of texts'],
    ['a mapping', card('license: { id: mit }'), 'the "license" of README.md is not text or a list of texts'],
    ['a list in a list', card('license: [[mit]]'), 'the "license" of README.md is not text or a list of texts'],
    ['a list with a hole', card('license: [mit, null]'), 'the "license" of README.md is not text or a list of texts'],
    ['an alias', card('a: &a mit\nlicense: *a'), 'the "license" of README.md is not text or a list of texts'],
    ['a merge', card('a: &a { license: mit }\n<<: *a'), 'README.md names no license'],
    ['twice', card('license: gpl-3.0\nlicense: mit'), 'README.md has the key "license" twice'],
    ['too many', card(`license: [${'mit,'.repeat(33)}]`), 'README.md names too many licenses'],
    ['a long name', card(`license: ${'m'.repeat(257)}`), 'the "license" of README.md is not text or a list of texts'],
    ['a NUL', card('license: "mit\\0"'), 'the "license" of README.md is not text or a list of texts'],
    ['a raw NUL', card('license: mit\0x'), 'the "license" of README.md is not text or a list of texts'],
    ['a list for a card', card('- license: mit'), 'the front matter of README.md is not a mapping'],
    ['text for a card', card('license'), 'the front matter of README.md is not a mapping'],
    ['a tag', card('license: !!python/name:os.system mit'), 'the front matter of README.md is not valid YAML'],
    ['broken YAML', card('license: [mit'), 'the front matter of README.md is not valid YAML'],
    ['10 MB', card(`x: ${'a'.repeat(10_000_000)}\nlicense: mit`), 'the front matter of README.md is too long'],
    ['depth', card(`x: ${'['.repeat(100_000)}`), ''],
    ['depth of mappings', card('{a: '.repeat(50_000)), ''],
  ])('%s declares nothing and says why', (_, text, from) => {
    const evidence = readLicense(text);
    expect(evidence.declared).toEqual([]);
    if (from !== '') expect(evidence.from).toBe(from);
  });

  test('a bomb of aliases, and as many keys as fit, are read in seconds', () => {
    const bomb = Array.from({ length: 30 }, (_, i) => `k${i + 1}: &k${i + 1} [${`*k${i},`.repeat(9)}]`).join('\n');
    const keys = Array.from({ length: 25_000 }, (_, i) => `k${i}: 1`).join('\n');
    const started = performance.now();
    expect(readLicense(card(`k0: &k0 [x]\n${bomb}\nlicense: mit`)).declared).toEqual(['mit']);
    expect(readLicense(card(`${keys}\nlicense: mit`)).declared).toEqual(['mit']);
    // The check for duplicate keys that the parser would do by itself takes half a minute here.
    expect(performance.now() - started).toBeLessThan(15_000);
  });

  test('no card makes it throw', () => {
    const pieces = fc.constantFrom(
      '---',
      '\n',
      'license',
      ': ',
      'mit',
      '- ',
      '[',
      ']',
      '{',
      '}',
      '&a ',
      '*a',
      '!!set ',
      '"',
      '\0',
      '|',
      '>',
      '? ',
      '#',
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 40 }), (parts) => {
        const { declared } = readLicense(`---\n${parts.join('')}\n---\n`);
        expect(declared.every((text) => typeof text === 'string' && text !== '')).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('judgeLicense', () => {
  test.each<[string, readonly string[], string[]]>([
    ["the Hub's spelling", ['apache-2.0'], []],
    ["SPDX's spelling", ['Apache-2.0'], []],
    ["the Hub's names of data licences", ['odc-by'], []],
    ['pddl', ['pddl'], []],
    ['a family that is listed', ['bsd'], []],
    ['a list, all allowed', ['mit', 'cc-by-4.0'], []],
    ['a list, one not', ['mit', 'cc-by-nc-4.0'], ['deny license-not-allowed']],
    ['a list with other', ['mit', 'other'], ['hold license-other']],
    [
      'every one of a list',
      ['gpl-3.0', 'gemma', 'other'],
      ['hold license-other', 'deny license-not-allowed', 'deny license-not-allowed'],
    ],
    ['the same twice', ['gemma', 'gemma'], ['deny license-not-allowed']],
    ['unknown', ['unknown'], ['hold license-other']],
    ['Other in capitals', ['OTHER'], ['hold license-other']],
    ['none', [], ['hold license-missing']],
    ['a choice', ['MIT OR GPL-3.0-only'], []],
    ['a choice in lower case', ['mit or gpl-3.0'], []],
    ['a sum', ['MIT AND GPL-3.0-only'], ['deny license-not-allowed']],
    ['brackets', ['(GPL-3.0-only OR MIT) AND (ISC OR MPL-2.0)'], []],
    ['AND binds first', ['GPL-3.0-only OR MIT AND MPL-2.0'], ['deny license-not-allowed']],
    ['or later', ['Apache-2.0+'], []],
    ['an older version, or later', ['Apache-1.1+'], []],
    ['an exception', ['Apache-2.0 WITH LLVM-exception'], ['deny license-not-allowed']],
    ['no SPDX id', ['llama3'], ['deny license-not-allowed']],
    ['half an expression', ['MIT OR'], ['deny license-not-allowed']],
    ['a licence that starts alike', ['mit-modified'], ['deny license-not-allowed']],
    ['a reference', ['LicenseRef-mit'], ['deny license-not-allowed']],
    ['non-commercial', ['cc-by-nc-4.0'], ['deny license-not-allowed']],
    ['the Business Source License', ['BUSL-1.1'], ['deny license-not-allowed']],
    ['depth', ['('.repeat(100_000)], ['deny license-not-allowed']],
    ['width', [Array(20).fill('(MIT OR ISC)').join(' AND ')], ['deny license-not-allowed']],
  ])('%s', (_, declared, expected) => {
    expect(judge(declared)).toEqual(expected);
  });

  test.each<[string, string, boolean]>([
    ['gpl-3.0', 'GPL-3.0-only', true],
    ['GPL-3.0-only', 'gpl-3.0', true],
    ['GPL-3.0-only', 'GPL-2.0-or-later', true],
    ['GPL-2.0-only', 'GPL-3.0-or-later', false],
    ['GPL-3.0-only', 'GPL-2.0-only', false],
    ['GPL-2.0-or-later', 'GPL-2.0-only', true],
    ['gemma', 'Gemma', true],
    ['other', 'other', true],
    ['MIT AND GPL-3.0-only', 'MIT AND GPL-3.0-only', true],
    ['Apache-2.0 WITH LLVM-exception', 'Apache-2.0 WITH LLVM-exception', true],
    ['LGPL-3.0-only', 'LGPL-2.1', false],
    ['LGPL-2.1', 'LGPL-3.0-or-later', false],
    // spdx-satisfies 6.0.0 says yes to each of these: it reads eight-letter ids as "or later".
    ['EUPL-1.0', 'EUPL-1.1+', false],
    ['CDDL-1.0', 'CDDL-1.1+', false],
  ])('%s under an entry %s: %s', (declared, entry, allowed) => {
    expect(judge([declared], [entry])).toEqual(allowed ? [] : ['deny license-not-allowed']);
  });

  test("the effects are the policy's", () => {
    const evidence = { declared: ['gemma', 'other'], from: 'README.md' };
    const strict = judgeLicense(evidence, { ...rules, other: 'deny', notAllowed: 'hold' });
    expect(strict.map(({ effect }) => effect)).toEqual(['deny', 'hold']);
    const none = { declared: [], from: 'the repo has no README.md' };
    expect(judgeLicense(none, { ...rules, missing: 'deny' })[0]?.effect).toBe('deny');
    expect(judgeLicense(none, { ...rules, missing: 'allow' })[0]?.effect).toBe('note');
    expect(judgeLicense(none, rules)[0]?.message).toBe('no license is declared: the repo has no README.md');
  });

  test('messages say the license as it was written, quoted', () => {
    const [refused] = judgeLicense({ declared: ['cc-by-nc-4.0'], from: 'README.md' }, rules);
    expect(refused?.message).toBe('license "cc-by-nc-4.0" is not on the allowlist');
    const [other] = judgeLicense({ declared: ['other'], name: 'hy\u00e4', from: 'README.md' }, rules);
    expect(other?.message).toBe('license "other" (the card calls it "hy\\u00e4") is none that the allowlist can name');
  });

  test('an expression of many choices is judged at once', () => {
    const wide = Array(14).fill('(MIT OR ISC)').join(' AND ');
    expect(judge([wide])).toEqual([]);
  });

  test('a name in any case has one canonical spelling', () => {
    expect(canonicalId('aPaChE-2.0')).toBe('Apache-2.0');
    expect(canonicalId('gemma')).toBe('gemma');
  });
});
