// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { BUDGETS } from '#scanners/budgets.ts';
import { cutTo } from '#scanners/cut.ts';
import { type Facts, newFacts } from '#scanners/facts.ts';
import { fitted } from '#scanners/fit.ts';
import { createJudge } from '#scanners/judge/findings.ts';
import { UseList } from '#scanners/uses.ts';
import { DEFAULT_LIMITS } from '#src/scan/limits.ts';
import { judged, rules } from './judged.ts';
import { callPickle, raw } from './pickle-bytes.ts';
import { tarEntry, tarOf } from './tar-bytes.ts';
import { zipOf } from './zip-bytes.ts';

const many = <T>(count: number, item: (i: number) => T) => Array.from({ length: count }, (_, i) => item(i));
const bytesOf = (facts: Facts) => Buffer.byteLength(JSON.stringify(facts));

const judge = createJudge(rules);

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
  const harmless = many(1000, (i) => ({ name: `m${i}/${'x'.repeat(5000)}.txt`, data: Buffer.from('a') }));
  const bytes = zipOf([...harmless, { name: 'e.pkl', data: callPickle('os', 'system') }]);
  const { verdict, findings } = await judged(bytes, 'data.zip');
  expect(verdict).toBe('block');
  expect(findings.map(({ rule }) => rule)).toEqual(expect.arrayContaining(['budget', 'pickle-stdlib-import']));
});

test('a server takes all that a worker writes', () => {
  const frame = JSON.stringify({ index: 99_999, facts: {} }).length;
  expect(BUDGETS.factsBytes + frame).toBeLessThan(DEFAULT_LIMITS.factsBytes);
});

describe('a word that is too long', () => {
  const long = 'x/'.repeat(200);

  test('keeps its beginning and its end', () => {
    const cut = cutTo(200, `keras.layers.${long}.Lambda`);
    expect(cut).toHaveLength(200);
    expect(cut).toMatch(/^keras\.layers\.x.*\u2026.*x\/\.Lambda$/);
    expect(cutTo(200, 'keras.layers.Dense')).toBe('keras.layers.Dense');
  });

  test.each(many(260, (i) => i))('still climbs when it did so behind %d characters', (before) => {
    const path = `${'x'.repeat(before)}/../${'y'.repeat(260 - before)}`;
    expect(cutTo(200, path)).toContain('/../');
    expect(cutTo(200, path.replace('/../', '/.../'))).not.toContain('/../');
  });

  test('equals no name that a rule lists', () => {
    const name = `A${'a'.repeat(300)}`;
    const facts = newFacts('json', 10);
    new UseList(facts).add('keras-class', `keras.layers.${name}`, '$');
    expect(judge(facts, 'config.json').verdict).not.toBe('pass');
  });
});

describe('names of members', () => {
  const name = `${'a/'.repeat(5000)}evil.pkl`;

  test('of any length leave what is dangerous dangerous', async () => {
    const archive = zipOf([{ name: `../${name}`, data: callPickle('os', 'system') }]);
    const { verdict, findings } = await judged(archive, 'model.zip');
    expect(verdict).toBe('block');
    expect(findings.map(({ rule }) => rule)).toContain('archive-traversal');
  });

  test('that no file system takes do not pass, and hide nothing', async () => {
    const member = (data: Buffer) => {
      const longName = `${'a/'.repeat(40_000)}x.txt`;
      return tarOf(tarEntry('././@LongLink', `${longName}\0`, { type: 'L' }), tarEntry(longName.slice(0, 100), data));
    };
    expect((await judged(member(raw('hello\n')), 'model.tar')).verdict).toBe('review');
    expect((await judged(member(callPickle('os', 'system')), 'model.tar')).verdict).toBe('block');
  });
});
