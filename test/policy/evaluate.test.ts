// SPDX-License-Identifier: Apache-2.0

import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Decision, reasonKey } from '#src/domain/decision.ts';
import type { BlobScan, Evidence, Finding, Verdict } from '#src/domain/evidence.ts';
import { closedSource, earlyDecision, evaluate, invalidListing } from '#src/policy/evaluate.ts';
import { POLICY_RULES, type PolicyRules } from '#src/policy/rules.ts';
import {
  contextOf,
  evidenceOf,
  NOW,
  RULES,
  rulesWith,
  type Sample,
  scan,
  sourceFile,
  sourceRule,
  WEIGHTS,
} from './samples.ts';

function decide(sample: Sample, accepts?: readonly string[], rules: PolicyRules = RULES): Decision {
  return evaluate(evidenceOf(sample), rules, contextOf(sourceRule(sample.source), accepts));
}

/** A decision in one line: outcome, keys of reasons with their effect, keys of withheld files. */
function brief(decision: Decision): string {
  const reasons = decision.reasons.map(
    (reason) => `${reason.effect} ${reasonKey(reason)}${reason.accepted ? ' (accepted)' : ''}`,
  );
  const withheld = decision.withheld.map((file) => `withheld ${reasonKey(file)}`);
  return [decision.outcome, ...reasons, ...withheld].join('; ');
}

const PICKLE = scan('torch-zip', 'review', 'pickle-unknown-import');
const CODE = scan('text', 'review', 'custom-code');
const EVIL = scan('pickle', 'block', 'pickle-os-system');
const CUT = scan('zip', 'unscannable', 'budget-members');

describe('one row per rule', () => {
  test.each<[string, Sample, string]>([
    ['a plain model', { scans: WEIGHTS }, 'approved'],
    ['a source under review', { scans: WEIGHTS, source: { mode: 'review' } }, 'held; hold source-review'],
    ['a denied source', { scans: WEIGHTS, source: { mode: 'deny' } }, 'denied; deny source-denied'],
    ['a gated repo', { scans: WEIGHTS, gated: true }, 'held; hold source-restricted'],
    ['a private repo', { scans: WEIGHTS, private: true }, 'held; hold source-restricted'],
    ['a gated repo that is opened', { scans: WEIGHTS, gated: true, source: { gated: 'allow' } }, 'approved'],
    ['no licence', { scans: WEIGHTS, license: [] }, 'held; hold license-missing'],
    ['licence other', { scans: WEIGHTS, license: ['other'] }, 'held; hold license-other'],
    [
      'a licence that is not allowed',
      { scans: WEIGHTS, license: ['cc-by-nc-4.0'] },
      'denied; deny license-not-allowed',
    ],
    ['a dangerous file', { scans: { ...WEIGHTS, 'a.bin': EVIL } }, 'denied; deny verdict-block:a.bin'],
    ['a file cut short', { scans: { ...WEIGHTS, 'a.zip': CUT } }, 'denied; deny verdict-unscannable:a.zip'],
    ['a doubtful pickle alone', { scans: { 'a.bin': PICKLE } }, 'held; hold verdict-review:a.bin'],
    [
      'a doubtful pickle beside safetensors',
      { scans: { ...WEIGHTS, 'a.bin': PICKLE } },
      'approved; withheld verdict-review:a.bin',
    ],
    ['code beside safetensors', { scans: { ...WEIGHTS, 'm.py': CODE } }, 'approved; withheld verdict-review:m.py'],
    [
      'doubtful safetensors beside others',
      { scans: { ...WEIGHTS, 'b.safetensors': scan('safetensors', 'review', 'x') } },
      'held; hold verdict-review:b.safetensors',
    ],
    [
      'JSON under the name of weights is no weights',
      { scans: { 'a.safetensors': scan('json', 'pass'), 'm.py': CODE } },
      'held; hold verdict-review:m.py',
    ],
    [
      'weights under another name are no weights',
      { scans: { 'a.bin': scan('safetensors', 'pass'), 'm.py': CODE } },
      'held; hold verdict-review:m.py',
    ],
    [
      'weights with a blocking finding are no weights',
      {
        scans: {
          'a.safetensors': {
            format: 'safetensors',
            verdict: 'pass',
            findings: [{ rule: 'x', level: 'block', message: 'x' }],
          },
          'm.py': CODE,
        },
      },
      'denied; deny verdict-block:a.safetensors; hold verdict-review:m.py',
    ],
    ['text of no inert name', { scans: { 'a.conf': scan('text', 'pass') } }, 'held; hold file-unjudged:a.conf'],
    [
      'text of no inert name beside weights',
      { scans: { ...WEIGHTS, 'a.conf': scan('text', 'pass') } },
      'approved; withheld file-unjudged:a.conf',
    ],
    [
      'text of an inert name',
      { scans: { 'README.md': scan('text', 'pass'), 'sub/LICENSE': scan('text', 'pass') } },
      'approved',
    ],
    [
      'an unrecognised tokenizer',
      { scans: { 'tokenizer.model': scan('unknown', 'review', 'unrecognised-content') } },
      'approved',
    ],
    [
      'an unrecognised file of another name',
      { scans: { 'a.dat': scan('unknown', 'review', 'unrecognised-content') } },
      'held; hold verdict-review:a.dat',
    ],
    [
      'a tokenizer with one more finding',
      { scans: { 'tokenizer.model': scan('unknown', 'review', 'unrecognised-content', 'payload') } },
      'held; hold verdict-review:tokenizer.model',
    ],
    [
      'a tokenizer that is a database',
      { scans: { 'tokenizer.model': scan('sqlite', 'review', 'no-extractor') } },
      'held; hold verdict-review:tokenizer.model',
    ],
    [
      'a tokenizer that is a pickle',
      { scans: { 'tokenizer.model': EVIL } },
      'denied; deny verdict-block:tokenizer.model',
    ],
    ['all files excluded', { scans: WEIGHTS, source: { exclude: ['*'] } }, 'denied; deny empty-selection'],
    [
      'every reason at once',
      {
        scans: { 'a.bin': PICKLE, 'b.bin': EVIL, 'c.zip': CUT, 'd.conf': scan('text', 'pass') },
        license: ['gemma', 'other'],
        gated: true,
        source: { mode: 'review' },
      },
      'denied; deny license-not-allowed; deny verdict-block:b.bin; deny verdict-unscannable:c.zip; hold source-review; hold source-restricted; hold license-other; hold verdict-review:a.bin; hold file-unjudged:d.conf',
    ],
  ])('%s', (_, sample, expected) => {
    expect(brief(decide(sample))).toBe(expected);
  });

  test('no source denies, and says so before upstream is asked', () => {
    const { source } = evidenceOf({ scans: WEIGHTS }).manifest;
    const context = { ...contextOf(), rule: undefined, now: NOW };
    expect(brief(evaluate(evidenceOf({ scans: WEIGHTS }), RULES, context))).toBe('denied; deny source-unmatched');
    expect(closedSource(undefined, source.repo, RULES, context)?.reasons[0]?.message).toBe(
      'no source matches org/name',
    );
    expect(closedSource(sourceRule({ mode: 'review' }), source.repo, RULES, context)).toBeUndefined();
    const asked = closedSource(sourceRule({ match: 'org/*', mode: 'request', reason: 'ask Ada' }), source.repo, RULES, {
      ...context,
      approval: { by: 'ada', at: '', reason: '', accepts: ['source-request'] },
    });
    expect(asked && brief(asked)).toBe('held; hold source-request');
    expect(asked?.reasons[0]?.message).toBe(
      'nothing of the source "org/*" is brought in until a person approves org/name: ask Ada',
    );
    const denied = closedSource(sourceRule({ mode: 'deny', reason: 'ask Ada' }), source.repo, RULES, context);
    expect(denied?.reasons[0]?.message).toBe('the source "*" is denied: ask Ada');
  });

  test('an invalid listing denies for good', () => {
    const decision = invalidListing('a path\r\nof "../x"', NOW, RULES, contextOf(sourceRule(), ['listing-invalid']));
    expect(brief(decision)).toBe('denied; deny listing-invalid');
    expect(decision.reasons[0]?.message).toBe('upstream\'s listing is not valid: a path of "../x"');
  });

  test('a file that was not scanned, or is no longer selected, denies', () => {
    const evidence = evidenceOf({ scans: { ...WEIGHTS, 'b.json': scan('json', 'pass') } });
    const lost: Evidence = { ...evidence, files: evidence.files.filter((file) => file.path !== 'b.json') };
    expect(brief(evaluate(lost, RULES, contextOf()))).toBe('denied; deny evidence-incomplete:b.json');
    const narrowed = contextOf(sourceRule({ exclude: ['b.json'] }));
    expect(brief(evaluate(evidence, RULES, narrowed))).toBe('denied; deny evidence-incomplete:b.json');
  });

  test.each<[string, PolicyRules, Sample, string]>([
    ['pass: hold', rulesWith({ pass: 'hold' }), { scans: WEIGHTS }, 'held; hold verdict-pass'],
    [
      'review: deny',
      rulesWith({ review: 'deny' }),
      { scans: { 'a.bin': PICKLE } },
      'denied; deny verdict-review:a.bin',
    ],
    ['block: hold', rulesWith({ block: 'hold' }), { scans: { 'a.bin': EVIL } }, 'held; hold verdict-block:a.bin'],
    [
      'unscannable: hold',
      rulesWith({ unscannable: 'hold' }),
      { scans: { 'a.zip': CUT } },
      'held; hold verdict-unscannable:a.zip',
    ],
    [
      'withholding off',
      rulesWith({}, false),
      { scans: { ...WEIGHTS, 'm.py': CODE } },
      'held; hold verdict-review:m.py',
    ],
  ])('%s', (_, rules, sample, expected) => {
    expect(brief(decide(sample, undefined, rules))).toBe(expected);
  });

  test('every rule id is in the README, and the README names no other', () => {
    const readme = readFileSync(new URL('../../src/policy/README.md', import.meta.url), 'utf8');
    const rows = [...readme.matchAll(/^\| `([a-z-]+)` +\|/gm)].map((match) => match[1]);
    expect(rows).toEqual([...POLICY_RULES]);
  });
});

describe('approvals', () => {
  const held: Sample = { scans: { 'a.bin': PICKLE }, license: [] };

  test('what a person accepted stays in the list and no longer counts', () => {
    expect(brief(decide(held, ['license-missing', 'verdict-review:a.bin']))).toBe(
      'approved; hold license-missing (accepted); hold verdict-review:a.bin (accepted)',
    );
    expect(decide(held, ['license-missing']).reasons[0]?.accepted).toBe('ada');
  });

  test.each([[['license-missing']], [['verdict-review']], [['verdict-review:b.bin', 'license-missing']], [[]]])(
    'accepting only %j leaves it held',
    (accepts) => {
      expect(decide(held, accepts).outcome).toBe('held');
    },
  );

  test('a file that would be withheld is served when its reason was accepted', () => {
    const sample = { scans: { ...WEIGHTS, 'm.py': CODE } };
    const [withheld] = decide(sample).withheld;
    expect(withheld && reasonKey(withheld)).toBe('verdict-review:m.py');
    expect(brief(decide(sample, ['verdict-review:m.py']))).toBe('approved; hold verdict-review:m.py (accepted)');
  });

  test('a licence that denies may be accepted by name', () => {
    expect(decide({ scans: WEIGHTS, license: ['gemma'] }, ['license-not-allowed']).outcome).toBe('approved');
  });

  test.each<[string, Sample, string]>([
    ['a dangerous file', { scans: { 'a.bin': EVIL } }, 'verdict-block:a.bin'],
    ['a denied source', { scans: WEIGHTS, source: { mode: 'deny' } }, 'source-denied'],
    ['an empty selection', { scans: WEIGHTS, source: { exclude: ['*'] } }, 'empty-selection'],
  ])('no approval lifts %s', (_, sample, key) => {
    expect(decide(sample, [key]).outcome).toBe('denied');
  });

  test('where the policy only holds what is dangerous, a person may accept it', () => {
    const rules = rulesWith({ block: 'hold' });
    expect(decide({ scans: { 'a.bin': EVIL } }, ['verdict-block:a.bin'], rules).outcome).toBe('approved');
  });
});

describe('early', () => {
  const { manifest, license } = evidenceOf({ scans: WEIGHTS });
  const selected = manifest.files;

  test('nothing against it: go on', () => {
    expect(earlyDecision({ now: NOW, manifest, selected }, RULES, contextOf())).toBeUndefined();
    expect(earlyDecision({ now: NOW, manifest, selected, license }, RULES, contextOf())).toBeUndefined();
  });

  test('limits, source and licence stop before weights, each with its reason', () => {
    const big = { now: NOW, manifest, selected: [sourceFile('w.safetensors', 1001, true)] };
    expect(earlyDecision(big, RULES, contextOf())?.outcome).toBe('denied');
    const other = { now: NOW, manifest, selected, license: { declared: ['cc-by-nc-4.0'], from: 'README.md' } };
    const decision = earlyDecision(other, RULES, contextOf(sourceRule({ mode: 'review' })));
    expect(decision && brief(decision)).toBe('denied; deny license-not-allowed; hold source-review');
    expect(decision?.reasons[0]?.message).toBe('license "cc-by-nc-4.0" is not on the allowlist');
  });

  test('an accepted hold goes on, and the final decision shows it', () => {
    const context = contextOf(sourceRule({ mode: 'review' }), ['source-review']);
    expect(earlyDecision({ now: NOW, manifest, selected, license }, RULES, context)).toBeUndefined();
    const evidence = evidenceOf({ scans: WEIGHTS, source: { mode: 'review' } });
    expect(brief(evaluate(evidence, RULES, context))).toBe('approved; hold source-review (accepted)');
  });
});

test('messages are one line, bounded, and quote foreign paths', () => {
  const findings: Finding[] = Array.from({ length: 5000 }, (_, i) => ({
    rule: `r${i}`,
    level: 'block',
    message: `\u001b[31m\r\n\u202e${'x'.repeat(9999)}`,
  }));
  const { reasons } = decide({ scans: { 'ü.bin': { format: 'pickle', verdict: 'block', findings } } });
  const message = reasons[0]?.message ?? '';
  expect(message).toMatch(/^"\\u00fc\.bin" is dangerous: r0 \(/);
  expect(message).toMatch(/ and 4997 more$/);
  expect(message.length).toBeLessThan(1000);
  expect(message).not.toMatch(/[\p{Cc}\p{Cf}]/u);
});

describe('properties', () => {
  const verdicts: readonly Verdict[] = ['pass', 'review', 'unscannable', 'block'];
  const formats = ['safetensors', 'json', 'text', 'unknown', 'pickle'] as const;
  const names = [
    'model.safetensors',
    'b.safetensors',
    'a.bin',
    'm.py',
    'config.json',
    'tokenizer.model',
    'x.conf',
  ] as const;
  const finding = fc.record({
    rule: fc.constantFrom('unrecognised-content', 'no-extractor', 'custom-code'),
    level: fc.constantFrom('info', 'review', 'block'),
    message: fc.constant('m'),
  });
  // Each verdict has a finding behind it; what was not read to its end says so, whatever else there is.
  const behind: Readonly<Record<Verdict, readonly Finding[]>> = {
    pass: [],
    review: [{ rule: 'custom-code', level: 'review', message: 'm' }],
    block: [{ rule: 'custom-code', level: 'block', message: 'm' }],
    unscannable: [{ rule: 'budget', level: 'review', message: 'm' }],
  };
  const blobScan: fc.Arbitrary<BlobScan> = fc
    .record({
      format: fc.constantFrom(...formats),
      verdict: fc.constantFrom(...verdicts),
      findings: fc.array(finding, { maxLength: 3 }),
    })
    .map((one) =>
      one.verdict !== 'unscannable' && one.findings.some(({ level }) => level === one.verdict)
        ? one
        : { ...one, findings: [...behind[one.verdict], ...one.findings] },
    );
  const scans = fc.dictionary(fc.constantFrom(...names), blobScan, { minKeys: 1, noNullPrototype: true });
  const policies = fc
    .record({
      pass: fc.constantFrom('approve', 'hold'),
      review: fc.constantFrom('hold', 'deny'),
      block: fc.constantFrom('hold', 'deny'),
      unscannable: fc.constantFrom('hold', 'deny'),
    })
    .chain((rules) => fc.boolean().map((withhold) => rulesWith(rules, withhold)));

  test('a worse finding never turns a refusal into an approval', () => {
    const refused = { count: 0 };
    fc.assert(
      fc.property(scans, policies, finding, fc.nat(), fc.func(fc.boolean()), (before, rules, worse, pick, accepted) => {
        const keys = decide({ scans: before }, undefined, rules).reasons.map(reasonKey).filter(accepted);
        if (decide({ scans: before }, keys, rules).outcome === 'approved') return;
        refused.count++;
        const path = Object.keys(before)[pick % Object.keys(before).length] ?? '';
        const was = before[path] ?? scan('unknown', 'unscannable');
        for (const verdict of worseThan(was.verdict, worse.level)) {
          const after = { ...before, [path]: { ...was, verdict, findings: [...was.findings, worse] } };
          expect(decide({ scans: after }, keys, rules).outcome).not.toBe('approved');
        }
      }),
      { numRuns: 500 },
    );
    expect(refused.count).toBeGreaterThan(50);
  });

  /** The verdict as it was, and every worse one that the new finding allows. */
  function worseThan(verdict: Verdict, level: Finding['level']): readonly Verdict[] {
    const rank = Math.max(verdicts.indexOf(verdict), verdicts.indexOf(level === 'info' ? 'pass' : level));
    return [verdict, ...verdicts.slice(rank)];
  }

  test('whatever is approved by itself, each served file passed and none of the scans blocks', () => {
    fc.assert(
      fc.property(scans, (all) => {
        const decision = decide({ scans: all });
        if (decision.outcome !== 'approved') return;
        const withheld = new Set<string>(decision.withheld.map((file) => file.path));
        for (const [path, { verdict, findings }] of Object.entries(all)) {
          expect(verdict).not.toBe('block');
          expect(verdict).not.toBe('unscannable');
          if (path !== 'tokenizer.model' && path !== 'config.json' && !withheld.has(path)) expect(verdict).toBe('pass');
          expect(findings.some(({ level }) => level === 'block')).toBe(false);
        }
      }),
      { numRuns: 500 },
    );
  });
});
