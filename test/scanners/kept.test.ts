// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { type Facts, newFacts } from '#scanners/facts.ts';
import { createJudge } from '#scanners/judge/findings.ts';
import { rules } from './judged.ts';

const judge = createJudge(rules);
const pickled = (parts: object): Facts => ({
  ...newFacts('pickle', 10),
  pickle: { count: 1, protocol: 2, globals: [], calls: [], opcodes: [], persistentIds: 0, extensions: [], ...parts },
});

test('of more findings than anyone reads, the worst are kept, and the verdict counts all', () => {
  const globals = [
    ...Array.from({ length: 5000 }, (_, i) => ({ module: 'mine', name: `C${i}`, op: 'GLOBAL', offset: i, count: 1 })),
    { module: 'os', name: 'system', op: 'GLOBAL', offset: 9, count: 1 },
  ];
  const { verdict, findings } = judge(pickled({ globals }), 'a.pkl');
  expect(verdict).toBe('block');
  expect(findings).toHaveLength(201);
  expect(findings[0]).toMatchObject({ rule: 'pickle-stdlib-import', level: 'block' });
  expect(findings[200]?.message).toBe('4801 more findings are not shown');
});

test('why a file was not read to its end is shown, whatever else was found', () => {
  const problems = Array.from({ length: 1000 }, () => ({ code: 'zip-overlap', detail: 'x' }));
  const limit = { budget: 'facts', limit: 1, actual: 2 };
  const { verdict, findings } = judge({ ...newFacts('zip', 10), problems, limit }, 'a.zip');
  expect(verdict).toBe('block');
  expect(findings).toHaveLength(202);
  expect(findings[0]).toMatchObject({ rule: 'budget', level: 'review' });
});

test('the words of a finding are bounded', () => {
  const member = { ...newFacts('unknown', 1), name: 'n'.repeat(70_000), offset: 0 };
  const problems = [{ code: 'something', detail: 'd'.repeat(4000) }];
  const facts: Facts = {
    ...newFacts('zip', 10),
    members: Array.from({ length: 300 }, () => ({ ...member, problems })),
  };
  expect(JSON.stringify(judge(facts, 'a.zip')).length).toBeLessThan(500_000);
});
