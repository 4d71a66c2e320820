// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { acceptanceOf } from '#src/domain/decision.ts';
import type { LicenseEvidence } from '#src/domain/evidence.ts';
import { frontMatter } from '#src/domain/front-matter.ts';
import type { AdapterEvidence, Ancestor, LineageEvidence } from '#src/domain/lineage.ts';
import { parseRepoPath } from '#src/domain/path.ts';
import { parseRepo } from '#src/domain/repo.ts';
import { parseCommitSha } from '#src/domain/revision.ts';
import { baseOfAdapter, basesOfCard } from '#src/policy/bases.ts';
import { judgeLineage } from '#src/policy/lineage.ts';
import type { PolicyRules } from '#src/policy/rules.ts';
import { RULES } from './samples.ts';

const card = (yaml: string) => `---\n${yaml}\n---\n# A model\n`;
const shown = (yaml: string) =>
  basesOfCard(frontMatter(card(yaml))).map(({ repo, relation }) => `${relation} ${repo.id}`);

describe('the bases that a card names', () => {
  test.each<[string, readonly string[]]>([
    ['base_model: org/base', ['unspecified org/base']],
    ['base_model: [org/a, gpt2]\nbase_model_relation: merge', ['merge org/a', 'merge gpt2']],
    ['base_model: org/a\nbase_model_relation: quantized', ['quantized org/a']],
    ['base_model: org/a\nbase_model_relation: cousin', ['unspecified org/a']],
    ['base_model: [org/a, Org/A]', ['unspecified Org/A']],
    ['base_model: https://huggingface.co/org/a', ['unspecified org/a']],
    ['base_model: ./checkpoints/17', []],
    ['base_model: /home/me/model', []],
    ['base_model: { a: b }', []],
    ['base_model: 7', []],
    ['base_model: org/a\nbase_model: org/b', []],
    ['license: mit', []],
  ])('%j', (yaml, bases) => {
    expect(shown(yaml)).toEqual(bases);
  });

  test('no more than a card could mean', () => {
    expect(shown(`base_model: [${Array.from({ length: 100 }, (_, i) => `org/m${i}`).join(', ')}]`).length).toBe(32);
  });
});

describe('the base of an adapter', () => {
  test.each<[string, object | undefined]>([
    ['{"base_model_name_or_path": "org/base", "revision": null}', { repo: { kind: 'models', id: 'org/base' } }],
    [
      '{"base_model_name_or_path": "org/base", "revision": "v1"}',
      { repo: { kind: 'models', id: 'org/base' }, revision: 'v1' },
    ],
    ['{"base_model_name_or_path": "org/base", "revision": " "}', { repo: { kind: 'models', id: 'org/base' } }],
    ['{"base_model_name_or_path": "../base"}', undefined],
    ['{"base_model_name_or_path": 7}', undefined],
    ['{}', undefined],
    ['null', undefined],
    ['[', undefined],
    [`{"a":${'['.repeat(100_000)}`, undefined],
  ])('%#', (json, base) => {
    expect(baseOfAdapter(json)).toEqual(base);
  });

  test('no text makes it throw', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => void baseOfAdapter(text)));
  });
});

const repo = parseRepo('models', 'org/base');
const licensed = (...declared: string[]): LicenseEvidence => ({ declared, from: 'README.md' });
const ancestor = (license: LicenseEvidence, more: Partial<Ancestor> = {}): Ancestor => ({
  repo,
  baseOf: 'me/mine',
  known: 'upstream',
  license,
  ...more,
});
const adapter: AdapterEvidence = { path: parseRepoPath('adapter_config.json'), base: { repo } };

function judge(
  lineage: Partial<LineageEvidence>,
  own: LicenseEvidence = licensed('apache-2.0'),
  rules: PolicyRules = RULES,
): string[] {
  return judgeLineage({ bases: [], adapters: [], ancestors: [], ...lineage }, own, rules).map(
    (reason) => `${reason.effect} ${acceptanceOf(reason)}`,
  );
}

describe('the licenses of bases', () => {
  test.each<[string, Ancestor, readonly string[], readonly string[]]>([
    ['allowed', ancestor(licensed('mit')), ['apache-2.0'], []],
    [
      'not allowed, and not what the card says',
      ancestor(licensed('llama3.1')),
      ['apache-2.0'],
      ['hold license-base[org/base]'],
    ],
    ['not allowed, and the card says the same', ancestor(licensed('llama3.1')), ['llama3.1'], []],
    [
      'terms under a name of their own',
      ancestor({ ...licensed('other'), name: 'qwen' }),
      ['mit'],
      ['hold license-base[org/base]'],
    ],
    [
      'not allowed, and one side of a choice on the card',
      ancestor(licensed('cc-by-nc-4.0')),
      ['MIT OR CC-BY-NC-4.0'],
      ['hold license-base[org/base]'],
    ],
    [
      'terms of their own that call themselves by an allowed name',
      ancestor({ ...licensed('other'), name: 'mit' }),
      ['mit'],
      ['hold license-base[org/base]'],
    ],
    ['one of two', ancestor(licensed('mit', 'gemma')), ['mit'], ['hold license-base[org/base]']],
    [
      'approved here, by its statement',
      ancestor(licensed('gemma'), { known: 'here' }),
      ['mit'],
      ['hold license-base[org/base]'],
    ],
    ['none declared', ancestor(licensed()), ['mit'], ['note license-base-unknown[org/base]']],
    [
      'none declared, one found',
      ancestor({
        ...licensed(),
        found: [{ path: parseRepoPath('LICENSE'), found: [{ name: 'GPL-3.0-only', by: 'text' }] }],
      }),
      ['mit'],
      ['hold license-base[org/base]'],
    ],
    [
      'nobody knows',
      { repo, baseOf: 'me/mine', known: 'unknown', why: 'gated' },
      ['mit'],
      ['note license-base-unknown[org/base]'],
    ],
  ])('%s', (_, one, own, reasons) => {
    expect(judge({ ancestors: [one] }, licensed(...own))).toEqual(reasons);
  });

  test.each(['note', 'hold', 'deny'] as const)('both rules may be %s', (effect) => {
    const rules = { ...RULES, licenses: { ...RULES.licenses, base: effect, baseUnknown: effect } };
    const ancestors = [ancestor(licensed('llama2')), ancestor(licensed())];
    expect(judge({ ancestors }, licensed('mit'), rules)).toEqual([
      `${effect} license-base[org/base]`,
      `${effect} license-base-unknown[org/base]`,
    ]);
  });
});

describe('adapters', () => {
  const approved = parseCommitSha('a'.repeat(40));
  test.each<[PolicyRules['adapters'], AdapterEvidence, readonly string[]]>([
    ['approved-base', adapter, ['hold adapter-base[org/base]:adapter_config.json']],
    ['approved-base', { ...adapter, approved }, []],
    ['approved-base', { path: adapter.path }, ['hold adapter-base:adapter_config.json']],
    [
      'approved-base',
      { ...adapter, base: { repo, revision: 'a,b]' } },
      ['hold adapter-base[org/base@a%2Cb%5D]:adapter_config.json'],
    ],
    ['allow', adapter, []],
    ['deny', { ...adapter, approved }, ['deny adapter-base:adapter_config.json']],
  ])('%s: %j', (adapters, one, reasons) => {
    expect(judge({ adapters: [one] }, licensed('mit'), { ...RULES, adapters })).toEqual(reasons);
  });
});
