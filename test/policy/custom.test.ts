// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { configSchema } from '#src/config/schema.ts';
import { sha256Of } from '#src/domain/digest.ts';
import type { Evidence } from '#src/domain/evidence.ts';
import { celInput, compileCel } from '#src/policy/cel.ts';
import { evaluate } from '#src/policy/evaluate.ts';
import type { CustomRule } from '#src/policy/rules.ts';
import { contextOf, evidenceOf, RULES, scan, sourceFile, WEIGHTS } from './samples.ts';

const EVIDENCE: Evidence = {
  ...evidenceOf({ scans: { ...WEIGHTS, 'a.bin': scan('pickle', 'pass', 'odd', 'odder') } }),
  publisher: { namespace: 'org', newest: '2026-01-02T00:00:00Z' },
};

const ask = (when: string, evidence: Evidence = EVIDENCE) => compileCel(when)(celInput(evidence));

describe('an expression', () => {
  test.each<[string, boolean]>([
    ['evidence.files.exists(f, f.scan.format == "pickle")', true],
    ['evidence.files.all(f, f.size == 10)', true],
    ['evidence.files.exists(f, f.size > 10)', false],
    ['evidence.files.exists_one(f, f.path.endsWith(".bin") && has(f.lfs))', false],
    ['evidence.files.filter(f, f.size > 5).map(f, f.path).exists(p, p == "a.bin")', true],
    ['evidence.files.exists(f, f.scan.findings.exists(x, x.rule == "odd" && x.level == "info"))', true],
    ['"mit" in evidence.license.declared', true],
    ['evidence.license.declared == ["mit"]', true],
    ['has(evidence.code) && evidence.code.files.size() > 0', false],
    ['timestamp(evidence.now) - timestamp(evidence.publisher.newest) < duration("4h")', true],
    ['timestamp(evidence.now).getDayOfWeek() == 5', true],
    ['evidence.publisher.namespace.matches("^o.g$")', true],
    ['evidence.manifest.source.repo.kind == "models" ? size(evidence.files) % 2 == 1 : false', true],
    ['!(evidence.publisher.namespace in ["a", "b"])', true],
  ])('%s is %s', (when, value) => {
    expect(ask(when)).toEqual({ value });
  });

  test.each<[string, string]>([
    ['evidence.file.exists(f, true)', 'line 1:9: unknown field "file"; known are now, '],
    ['evidence.files.exists(f, f.siz > 1)', 'line 1:27: unknown field "siz"; known are path, size, '],
    [
      'evidence.files.exists(f,\n  f.scan.verdict == "blok")',
      'line 2:18: "blok" is none of pass, review, block, unscannable',
    ],
    ['files.size() > 1', 'line 1:1: unknown name "files"; the document is "evidence"'],
    ['evidence.files', 'line 1:9: it is a list and no yes or no'],
    ['size(evidence.files)', 'it is a int and no yes or no'],
    ['evidence.now > 5', '"_>_" does not take (string, int)'],
    ['evidence.now.size > 5', 'a string has no field "size"'],
    ['evidence.now.exists(x, x == "a")', 'a string has no elements to go through'],
    ['"a" + 1 == "b"', '"_+_" does not take (string, int)'],
    ['evidence.now.foo()', 'unknown function "foo"'],
    ['airlock_charge(true, -9)', 'unknown function "airlock_charge"'],
    ['contains(evidence.now, "x")', '"contains" is a method of a value: x.contains(...)'],
    ['evidence.now.matches("(")', 'missing closing )'],
    ['evidence.files.exists(f, evidence.now.matches(f.path))', 'the pattern of "matches" must be written down here'],
    ['timestamp("tomorrow") > timestamp(evidence.now)', 'Failed to parse timestamp'],
    ['Evidence{}', 'unknown type "Evidence"'],
    ['true &&', 'expecting end of input'],
    ['', 'found end of input'],
    [`true${' || true'.repeat(1000)}`, 'at most 4000 are read'],
    ['('.repeat(3000), ''],
  ])('%j does not compile, and the error says where', (when, problem) => {
    expect(() => compileCel(when)).toThrow(problem);
  });

  test.each<[string, string]>([
    ['evidence.code.files.size() > 0', 'field not found: code'],
    ['evidence.files[7].size > 0', 'out of bounds'],
    ['1 / (size(evidence.files) - 3) == 1', 'divide by zero'],
    ['evidence.license[evidence.now]', ''],
  ])('%s gives no answer', (when, problem) => {
    expect(ask(when).problem).toContain(problem);
  });
});

describe('work is counted', () => {
  const many = (count: number): Evidence => ({
    ...EVIDENCE,
    files: Array.from({ length: count }, (_, i) => ({
      ...sourceFile(`d/f${i}.bin`),
      sha256: sha256Of('x'),
      scan: scan('pickle', 'pass', 'a', 'b', 'c', 'd', 'e'),
    })),
  });
  const large = many(10_000);

  test.each([
    'evidence.files.exists(f, f.size > 1000 && f.path.endsWith(".bin"))',
    'evidence.files.exists(f, f.scan.findings.exists(x, x.rule == "z"))',
    'evidence.files.filter(f, f.size > 5).size() > 20000',
    'evidence.files.exists(f, f.path.matches("^[a-z]+[.]exe$"))',
  ])('over 10,000 files with five findings each there is room for %s', (when) => {
    expect(ask(when, large)).toEqual({ value: false });
  });

  test.each([
    'evidence.files.all(f, evidence.files.all(g, f.path != "" && g.path != ""))',
    'evidence.files.exists(f, evidence.files.exists(g, f.path != f.path))',
    'evidence.files.map(f, f.path).exists(p, p == "x")',
    'evidence.files.all(f, f.path in evidence.files.map(g, g.path))',
    '[evidence.files.map(f, f.path)].exists(l, evidence.files.all(f, f.path in l))',
    'evidence.files.exists(f, evidence.files == [f])',
    'evidence.files.all(f, evidence.files.size() > 0 && evidence.files.exists(g, g == f))',
    '!evidence.files.all(f, true || evidence.files.all(g, evidence.files.all(h, true)))',
  ])('%s has an end', (when) => {
    const before = performance.now();
    const answer = ask(when, large);
    // Far above what it takes: without a limit they run for minutes.
    expect(performance.now() - before).toBeLessThan(20_000);
    if (answer.problem !== undefined)
      expect(answer.problem).toBe('it takes more work than the 2000000 steps that a rule may take');
  });

  test('a short one after a long one has the whole of it', () => {
    const program = compileCel(
      'evidence.files.all(f, evidence.files.all(g, g.path != "")) || size(evidence.files) == 3',
    );
    expect(program(celInput(large)).problem).toBeDefined();
    expect(program(celInput(EVIDENCE))).toEqual({ value: true });
  });
});

describe('a custom rule', () => {
  const rule = (when: string, effect: CustomRule['effect'] = 'hold'): CustomRule => ({
    id: 'mine',
    effect,
    when,
    message: 'because',
  });
  const decide = (custom: CustomRule[], accepts?: string[]) =>
    evaluate(EVIDENCE, { ...RULES, custom }, contextOf(undefined, accepts));

  test('that is true speaks with its own words, after the others', () => {
    expect(decide([rule('true')])).toMatchObject({
      outcome: 'held',
      reasons: [{ rule: 'custom.mine', effect: 'hold', message: 'because' }],
    });
    expect(decide([rule('true', 'deny')]).outcome).toBe('denied');
    expect(decide([rule('false')]).outcome).toBe('approved');
    expect(decide([rule('true')], ['custom.mine']).outcome).toBe('approved');
  });

  test('that gives no answer denies, and says so, whatever its effect', () => {
    for (const when of ['evidence.code.files.size() > 0', 'no such thing', '1']) {
      const { outcome, reasons } = decide([rule(when)]);
      expect(outcome).toBe('denied');
      expect(reasons[0]?.message).toMatch(/^custom rule mine gave no answer: /);
    }
  });

  test('is part of what the policy digest names', () => {
    expect(decide([rule('false')]).policyDigest).not.toBe(decide([]).policyDigest);
    expect(decide([rule('false')]).policyDigest).not.toBe(decide([rule('false || false')]).policyDigest);
  });
});

describe('the configuration', () => {
  const parse = (custom: object[]) => configSchema.safeParse({ policy: { custom } });
  const good = { id: 'a', effect: 'deny', when: 'size(evidence.files) > 9', message: 'too many' };

  test('takes a rule as it is, and refuses two of one id, an id of ours, and what does not compile', () => {
    expect(parse([good]).data?.policy.custom).toEqual([good]);
    const issues = (custom: object[]) =>
      parse(custom).error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
    expect(issues([good, good])).toEqual(['policy.custom.1.id: an id that no other custom rule has']);
    expect(issues([{ ...good, id: 'verdict-block' }])?.[0]).toMatch(/^policy.custom.0.id: an id of/);
    expect(issues([{ ...good, when: 'evidence.x' }])?.[0]).toMatch(
      /^policy.custom.0.when: a CEL expression over "evidence"; line 1:9: unknown field "x"/,
    );
    expect(issues([{ ...good, effect: 'allow' }])?.[0]).toMatch(/^policy.custom.0.effect/);
  });

  test('the examples of the document compile', () => {
    const text = readFileSync(new URL('../../src/policy/EVIDENCE.md', import.meta.url), 'utf8');
    const example = /```yaml\n(.*?)```/s.exec(text)?.[1] ?? '';
    expect(configSchema.parse(parseYaml(example)).policy.custom).toHaveLength(5);
  });
});
