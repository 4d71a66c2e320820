// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import type { ContentLicense, FoundLicense, LicenseName } from '#src/domain/evidence.ts';
import { parseRepoPath } from '#src/domain/path.ts';
import { licenseFiles, withFound } from '#src/policy/found-licenses.ts';
import { judgeLicense } from '#src/policy/licenses.ts';
import type { LicenseRules } from '#src/policy/rules.ts';
import { evidenceOf, RULES, scan, sourceFile } from './samples.ts';

const rules = RULES.licenses;
const text = (name: string): LicenseName => ({ name, by: 'text' });
const key = (name: string, at = 'general.license'): LicenseName => ({ name, by: 'key', at });
const file = (path: string, content: ContentLicense): FoundLicense => ({ path: parseRepoPath(path), ...content });
const license = (...names: LicenseName[]) => file('LICENSE', { found: names, words: 200, unexplained: 0 });

function judge(
  declared: readonly string[],
  found: readonly FoundLicense[],
  more: Partial<LicenseRules> = {},
): string[] {
  const reasons = judgeLicense({ declared, from: 'README.md', found }, { ...rules, ...more });
  return reasons.map(({ rule, effect, path }) => `${effect} ${rule}${path === undefined ? '' : `:${path}`}`);
}

describe('declared and found', () => {
  test.each<[string, readonly string[], readonly FoundLicense[], readonly string[]]>([
    ['the same', ['mit'], [license(text('MIT'))], []],
    ['the text does not tell "or later"', ['gpl-3.0'], [license(text('GPL-3.0-only'))], ['deny license-not-allowed']],
    ['one of an expression', ['MIT OR Apache-2.0'], [license(text('MIT'))], []],
    ['both of a dual license', ['MIT OR Apache-2.0'], [license(text('MIT'), text('Apache-2.0'))], []],
    ['a family', ['bsd'], [license(text('BSD-3-Clause'))], []],
    ['another one, both allowed', ['mit'], [license(text('Apache-2.0'))], ['note license-disagrees:LICENSE']],
    ['one that is not allowed', ['mit'], [license(text('CC-BY-NC-4.0'))], ['hold license-disagrees:LICENSE']],
    [
      'terms without an SPDX id',
      ['apache-2.0'],
      [license({ name: 'llama3.1', by: 'title' })],
      ['hold license-disagrees:LICENSE'],
    ],
    ['metadata', ['mit'], [file('a.gguf', { found: [key('llama2')] })], ['hold license-disagrees:a.gguf']],
    [
      'metadata that says other, and its name',
      ['mit'],
      [file('a.gguf', { found: [key('other'), key('gemma', 'general.license.name')] })],
      ['hold license-disagrees:a.gguf'],
    ],
    ['metadata that agrees', ['apache-2.0'], [file('a.gguf', { found: [key('apache-2.0')] })], []],
    [
      'metadata that names nothing known',
      ['mit'],
      [file('a.gguf', { found: [key('my terms')] })],
      ['note license-disagrees:a.gguf'],
    ],
    [
      'a link decides nothing',
      ['mit'],
      [file('a.gguf', { found: [key('https://x.example', 'general.license.link')] })],
      [],
    ],
    ['none declared, found and allowed', [], [license(text('MIT'))], ['hold license-missing']],
    [
      'none declared, found and not allowed',
      [],
      [license(text('GPL-3.0-only'))],
      ['hold license-missing', 'deny license-not-allowed:LICENSE'],
    ],
    [
      'other declared, found and not allowed',
      ['other'],
      [license({ name: 'qwen', by: 'title' })],
      ['hold license-other', 'deny license-not-allowed:LICENSE'],
    ],
    [
      'a text that is not known',
      ['mit'],
      [file('LICENSE', { found: [], words: 300, unexplained: 300 })],
      ['note license-unrecognized:LICENSE'],
    ],
    ['ten words beside it', ['mit'], [file('LICENSE', { found: [text('MIT')], words: 200, unexplained: 10 })], []],
    [
      'a name, and forty words beside it',
      ['mit'],
      [file('LICENSE', { found: [{ name: 'MIT', by: 'tag' }], words: 60, unexplained: 40 })],
      [],
    ],
    [
      'a name, and terms of its own beside it',
      ['mit'],
      [file('LICENSE', { found: [{ name: 'MIT', by: 'tag' }], words: 60, unexplained: 41 })],
      ['note license-unrecognized:LICENSE'],
    ],
    [
      'a title that is known without its text',
      ['gemma'],
      [file('LICENSE', { found: [{ name: 'gemma', by: 'title' }], words: 900, unexplained: 800 })],
      ['deny license-not-allowed'],
    ],
    [
      'eleven words beside it',
      ['mit'],
      [file('LICENSE', { found: [text('MIT')], words: 200, unexplained: 11 })],
      ['note license-unrecognized:LICENSE'],
    ],
  ])('%s', (_, declared, found, reasons) => {
    expect(judge(declared, found)).toEqual(reasons);
  });

  test('a found license that asks more is no harmless difference, though both are allowed', () => {
    const allow = [...rules.allow, 'GPL-3.0-only'];
    expect(judge(['mit'], [license(text('GPL-3.0-only'))], { allow })).toEqual(['hold license-disagrees:LICENSE']);
    expect(judge(['gpl-3.0'], [license(text('MIT'))], { allow })).toEqual(['note license-disagrees:LICENSE']);
  });

  test('an expression asks as much as its strictest term', () => {
    const allow = [...rules.allow, 'GPL-3.0-only'];
    const both = license(key('Apache-2.0 AND GPL-3.0-only'));
    expect(judge(['apache-2.0'], [both], { allow })).toEqual(['hold license-disagrees:LICENSE']);
  });

  test.each(['note', 'hold', 'deny'] as const)('disagrees and unrecognized may be %s', (effect) => {
    const found = [file('LICENSE', { found: [text('GPL-3.0-only')], words: 200, unexplained: 100 })];
    expect(judge(['mit'], found, { disagrees: effect, unrecognized: effect })).toEqual([
      `${effect} license-disagrees:LICENSE`,
      `${effect} license-unrecognized:LICENSE`,
    ]);
  });

  test('a found license counts for a missing one where the configuration says so, and all are allowed', () => {
    const more = { foundCounts: true };
    expect(judge([], [license(text('MIT'))], more)).toEqual(['note license-missing']);
    expect(judge(['other'], [license(text('MIT'))], more)).toEqual(['note license-other']);
    expect(judge([], [], more)).toEqual(['hold license-missing']);
    expect(judge([], [license(text('MIT'), text('GPL-3.0-only'))], { ...more, notAllowed: 'hold' })).toEqual([
      'hold license-missing',
      'hold license-not-allowed:LICENSE',
    ]);
  });

  test('what is missing says what was found', () => {
    const [reason] = judgeLicense(
      { declared: [], from: 'README.md names no license', found: [license(text('MIT'))] },
      rules,
    );
    expect(reason?.message).toBe(
      'no license is declared: README.md names no license; "LICENSE" holds the text of "MIT"',
    );
  });
});

describe('which files count', () => {
  test.each([
    ['LICENSE', true],
    ['LICENSE.txt', true],
    ['LICENCE.md', true],
    ['COPYING', true],
    ['COPYING.LESSER', true],
    ['NOTICE', true],
    ['UNLICENSE', true],
    ['original/MODEL_LICENSE', true],
    ['LICENSE-MODEL', true],
    ['README.md', false],
    ['license.py', false],
    ['license.json', false],
    ['licenses_of_birds.csv', false],
  ])('%s: %s', (path, counts) => {
    expect(licenseFiles([sourceFile(path)]).length).toBe(counts ? 1 : 0);
  });

  test('those nearest to the root are read first, and large ones are not', () => {
    const deep = Array.from({ length: 20 }, (_, i) => sourceFile(`a/b/${i}/LICENSE`));
    const chosen = licenseFiles([...deep, sourceFile('LICENSE'), sourceFile('x/LICENSE', 2 ** 20 + 1)]);
    expect(chosen.length).toBe(16);
    expect(chosen[0]?.path).toBe('LICENSE');
  });

  test('texts count in license files alone, metadata in any file, and shards that say the same are one', () => {
    const mit = { found: [text('MIT')], words: 160, unexplained: 0 };
    const said = { found: [key('gemma')] };
    const { files, license } = evidenceOf({
      scans: {
        LICENSE: { ...scan('text', 'pass'), attributes: { license: mit } },
        'README.md': { ...scan('text', 'pass'), attributes: { license: mit } },
        'a-1.gguf': { ...scan('gguf', 'pass'), attributes: { license: said } },
        'a-2.gguf': { ...scan('gguf', 'pass'), attributes: { license: said } },
        NOTICE: scan('text', 'pass'),
        COPYING: scan('text', 'pass'),
      },
    });
    const { found } = withFound(license, files);
    expect(found?.map(({ path }) => path)).toEqual(['COPYING', 'LICENSE', 'a-1.gguf']);
    expect(withFound(withFound(license, files), files).found).toEqual(found);
  });

  test('what many files say hides nothing: those that were not compared are a question by themselves', () => {
    const mit = (unexplained: number) => ({ license: { found: [text('MIT')], words: 160, unexplained } });
    const many = Array.from({ length: 64 }, (_, i) => [
      `a/${i}/LICENSE`,
      { ...scan('text', 'pass'), attributes: mit(i % 9 === 0 ? i : i + 100) },
    ]);
    const last = { ...scan('gguf', 'pass'), attributes: { license: { found: [key('llama3')] } } };
    const { files } = evidenceOf({ scans: { ...Object.fromEntries(many), 'z.gguf': last } });
    const evidence = withFound({ declared: ['mit'], from: 'README.md' }, files);
    expect(evidence.foundLeftOff).toBe(1);
    expect(withFound(evidence, files)).toEqual(evidence);
    const holds = judgeLicense(evidence, rules).filter(({ effect }) => effect === 'hold');
    expect(holds.map(({ rule }) => rule)).toEqual(['license-disagrees']);
    const undeclared = judgeLicense({ ...evidence, declared: [] }, { ...rules, foundCounts: true });
    expect(undeclared.find(({ rule }) => rule === 'license-missing')?.effect).toBe('hold');
  });
});
