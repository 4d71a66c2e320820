// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { parseRepoPath } from '#src/domain/path.ts';
import { earlyDecision, evaluate } from '#src/policy/evaluate.ts';
import type { PolicyRules } from '#src/policy/rules.ts';
import { contextOf, evidenceOf, RULES, scan, WEIGHTS } from './samples.ts';

const SCANS = { ...WEIGHTS, 'pytorch_model.bin': scan('pickle', 'review', 'x'), 'a.gguf': scan('gguf', 'pass') };

function evidence(path: string, level: string) {
  const whole = evidenceOf({ scans: SCANS });
  const { manifest } = whole;
  const issues = [{ path: parseRepoPath(path), level }];
  return { ...whole, manifest: { ...manifest, source: { ...manifest.source, issues } } };
}

function judge(path: string, level: string, rules: PolicyRules = RULES) {
  const { outcome, reasons } = evaluate(evidence(path, level), rules, contextOf());
  const said = reasons.filter(({ rule }) => rule === 'upstream-unsafe').map(({ effect }) => effect);
  return { outcome, said };
}

describe('what upstream says against a file', () => {
  test.each<[string, string, string, readonly string[]]>([
    ['a.gguf', 'unsafe', 'denied', ['deny']],
    ['a.gguf', 'suspicious', 'held', ['hold']],
    ['a.gguf', 'caution', 'approved', ['note']],
    ['pytorch_model.bin', 'suspicious', 'approved', []],
    ['pytorch_model.bin', 'unsafe', 'denied', ['deny']],
    ['not-selected.bin', 'unsafe', 'approved', []],
  ])('%s, %s: %s', (path, level, outcome, said) => {
    expect(judge(path, level)).toEqual({ outcome, said });
  });

  test('a denial needs no download, a hold waits for what is withheld', () => {
    const early = (level: string) => {
      const { files: _, code: __, ...known } = evidence('a.gguf', level);
      return earlyDecision({ ...known, selected: known.manifest.files }, RULES, contextOf())?.outcome;
    };
    expect(early('unsafe')).toBe('denied');
    expect(early('suspicious')).toBeUndefined();
  });

  test('each level is configured by itself', () => {
    const rules = { ...RULES, upstreamScan: { unsafe: 'note', suspicious: 'deny' } } as const;
    expect(judge('a.gguf', 'unsafe', rules)).toEqual({ outcome: 'approved', said: ['note'] });
    expect(judge('a.gguf', 'suspicious', rules)).toEqual({ outcome: 'denied', said: ['deny'] });
  });

  test('nothing that upstream says makes a refusal an approval', () => {
    const refused = evidenceOf({ scans: { ...SCANS, 'a.gguf': scan('gguf', 'block', 'x') } });
    for (const level of ['safe', 'unsafe', 'suspicious', 'anything']) {
      const source = { ...refused.manifest.source, issues: [{ path: parseRepoPath('a.gguf'), level }] };
      const worse = { ...refused, manifest: { ...refused.manifest, source } };
      expect(evaluate(worse, RULES, contextOf()).outcome).toBe('denied');
    }
  });
});
