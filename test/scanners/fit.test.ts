// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { BUDGETS } from '#scanners/budgets.ts';
import { type Facts, newFacts } from '#scanners/facts.ts';
import { fitted } from '#scanners/fit.ts';
import { judged } from './judged.ts';
import { callPickle } from './pickle-bytes.ts';
import { zipOf } from './zip-bytes.ts';

const many = <T>(count: number, item: (i: number) => T) => Array.from({ length: count }, (_, i) => item(i));
const bytesOf = (facts: Facts) => Buffer.byteLength(JSON.stringify(facts));

test('facts that fit stay as they are', () => {
  const facts: Facts = { ...newFacts('zip', 10), problems: [{ code: 'zip-overlap', detail: 'x' }] };
  expect(fitted(facts)).toBe(facts);
});

test('of more facts than fit, some of every kind are kept, and the file counts as not read to its end', () => {
  const detail = 'd'.repeat(300);
  const flood = many(20_000, (offset) => ({ code: 'zip-overlap', offset, detail }));
  const member = (name: string): Facts & { name: string; offset: number } => ({
    ...newFacts('text', 1),
    name,
    offset: 0,
    uses: many(10, (i) => ({ scheme: `s${i}`, name: `${name} ${i}`, at: 'line 1' })),
  });
  const facts: Facts = {
    ...newFacts('zip', 10),
    problems: [...flood, { code: 'rare', detail: 'r' }],
    members: many(5000, (i) => member(`m${i}.txt`)),
  };
  const fit = fitted(facts);
  expect(bytesOf(fit)).toBeLessThanOrEqual(BUDGETS.factsBytes);
  expect(bytesOf(fit)).toBeGreaterThan(BUDGETS.factsBytes / 2);
  expect(fit.limit).toEqual({ budget: 'factsBytes', limit: BUDGETS.factsBytes, actual: bytesOf(facts) });
  expect(new Set(fit.problems.map(({ code }) => code))).toEqual(new Set(['zip-overlap', 'rare']));
  expect(new Set(fit.members?.flatMap(({ uses }) => uses?.map(({ scheme }) => scheme) ?? []))).toHaveLength(10);
});

test('a limit that was hit before is the one that is told', () => {
  const limit = { budget: 'depth', limit: 1, actual: 2 };
  const problems = many(20_000, () => ({ code: 'x', detail: 'd'.repeat(400) }));
  expect(fitted({ ...newFacts('zip', 10), problems, limit }).limit).toEqual(limit);
});

test('a pickle that runs something is block among more harmless members than facts can name', async () => {
  const harmless = many(30_000, (i) => ({ name: `m${i}/${'x'.repeat(200)}.txt`, data: Buffer.from('a') }));
  const bytes = zipOf([...harmless, { name: 'e.pkl', data: callPickle('os', 'system') }]);
  const { verdict, findings } = await judged(bytes, 'data.zip');
  expect(verdict).toBe('block');
  expect(findings.map(({ rule }) => rule)).toEqual(expect.arrayContaining(['budget', 'pickle-stdlib-import']));
});
