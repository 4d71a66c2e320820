// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { type Facts, newFacts } from '#scanners/facts.ts';
import { createJudge } from '#scanners/judge/findings.ts';
import { loadRules } from '#scanners/rules.ts';
import { reasonKey } from '#src/domain/decision.ts';
import type { BlobScan } from '#src/domain/evidence.ts';
import { evaluate } from '#src/policy/evaluate.ts';
import { contextOf, evidenceOf, RULES, rulesWith, sourceRule, WEIGHTS } from './samples.ts';

const judge = createJudge(loadRules());

/** As the scanner judges a pickle whose reading hit a budget after these problems. */
function cutShort(facts: Partial<Facts> = {}): BlobScan {
  const limit = { budget: 'opcodes', limit: 50_000_000, actual: 50_000_001 };
  return judge({ ...newFacts('pickle', 10), limit, ...facts }, 'a.pkl');
}

function decide(scan: BlobScan, rules = RULES, accepts?: readonly string[]) {
  const evidence = evidenceOf({ scans: { ...WEIGHTS, 'a.pkl': scan } });
  return evaluate(evidence, rules, contextOf(sourceRule(), accepts));
}

const call = { callee: 'global', module: 'os', name: 'system', text: 'os.system', op: 'REDUCE', args: '()' } as const;
const hostile: Partial<Facts> = {
  pickle: {
    count: 1,
    protocol: 2,
    globals: [{ module: 'os', name: 'system', op: 'GLOBAL', offset: 0, count: 1 }],
    calls: [{ ...call, offset: 1, count: 1 }],
    opcodes: [],
    persistentIds: 0,
    extensions: [],
  },
};

describe('a file that the scanner could not read to its end', () => {
  test('is judged by verdict-unscannable alone, and told why', () => {
    const { outcome, reasons } = decide(cutShort());
    expect(outcome).toBe('denied');
    expect(reasons.map(reasonKey)).toEqual(['verdict-unscannable:a.pkl']);
    expect(reasons[0]?.message).toBe(
      '"a.pkl" could not be read to its end: opcodes is limited to 50000000, and 50000001 was reached',
    );
  });

  test('is held where the policy says hold', () => {
    expect(decide(cutShort(), rulesWith({ unscannable: 'hold' })).outcome).toBe('held');
  });

  test('can be accepted by a person, even where it denies', () => {
    expect(decide(cutShort(), RULES, ['verdict-unscannable:a.pkl']).outcome).toBe('approved');
  });

  test('is dangerous too when something dangerous was seen before its end', () => {
    const scan = cutShort(hostile);
    expect(scan.verdict).toBe('block');
    const { outcome, reasons } = decide(scan, rulesWith({ unscannable: 'hold' }), ['verdict-unscannable:a.pkl']);
    expect(outcome).toBe('denied');
    expect(reasons.map(reasonKey)).toEqual(['verdict-block:a.pkl', 'verdict-unscannable:a.pkl']);
    expect(reasons[0]?.message).toContain('is dangerous: pickle-stdlib-import (calls os.system');
  });
});
