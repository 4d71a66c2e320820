// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { Facts } from '#scanners/facts.ts';
import { FORMATS } from '#scanners/formats/index.ts';
import { rules } from './judged.ts';

const root = fileURLToPath(new URL('../../scanners/', import.meta.url));
const source = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => readFileSync(`${root}${file}`, 'utf8'))
  .join('\n');

const words = new Set([...source.matchAll(/'([\w-]+)'/g)].map(([, word]) => word));
/** Names that are put together: `torchscript-${kind}`. */
const patterns = [...source.matchAll(/`([\w-]*)\$\{[^}`]*\}([\w-]*)`/g)]
  .filter(([, before = '', after = '']) => before.endsWith('-') || after.startsWith('-'))
  .map(([, before, after]) => new RegExp(`^${before}[\\w-]+${after}$`));

/** The first text with a hyphen that these calls or fields are given, in any file. */
function given(how: RegExp): string[] {
  return [...new Set([...source.matchAll(how)].map(([, word]) => word ?? ''))].sort();
}

describe('what the code says and what the rules know are the same', () => {
  test('each problem that an extractor reports has a row', () => {
    const codes = given(/(?:\bcode: |\b(?:problem|note|complain)\(\s*(?:[\w.]+, )?)'([a-z\d]+(?:-[a-z\d]+)+)'/g);
    expect(codes.length).toBeGreaterThan(70);
    expect(codes.filter((code) => !Object.hasOwn(rules.problems, code))).toEqual([]);
  });

  test('each row about a problem is for a code that stands in the code', () => {
    const codes = Object.keys(rules.problems);
    expect(codes.length).toBeGreaterThan(70);
    expect(codes.filter((code) => !words.has(code))).toEqual([]);
  });

  test('each scheme that an extractor names has its rules', () => {
    const schemes = given(/\b(?:uses|this)\.(?:add|use)\(\s*'([a-z\d]+(?:-[a-z\d]+)+)'/g);
    expect(schemes.length).toBeGreaterThan(40);
    expect(schemes.filter((scheme) => !Object.hasOwn(rules.uses, scheme))).toEqual([]);
  });

  test('each scheme of the rules is one that some extractor can name', () => {
    const schemes = Object.keys(rules.uses);
    expect(schemes.length).toBeGreaterThan(100);
    const isNamed = (scheme: string) => words.has(scheme) || patterns.some((pattern) => pattern.test(scheme));
    expect(schemes.filter((scheme) => !isNamed(scheme))).toEqual([]);
  });

  test('each format that has an extractor is data in the rules, and each format of the rules stands in the code', () => {
    expect(Object.keys(FORMATS).filter((format) => rules.formats[format]?.as !== 'data')).toEqual([]);
    expect(Object.keys(rules.formats).filter((format) => !words.has(format))).toEqual([]);
  });
});

describe('the golden facts hold nothing that the rules do not know', () => {
  const folder = fileURLToPath(new URL('./golden/', import.meta.url));
  const nodes = readdirSync(folder).flatMap((file) =>
    nodesOf((JSON.parse(readFileSync(`${folder}${file}`, 'utf8')) as { facts: Facts }).facts),
  );

  test.each([
    ['format', rules.formats, ({ format }: Facts) => [format]],
    ['problem', rules.problems, ({ problems }: Facts) => problems.map(({ code }) => code)],
    ['use', rules.uses, ({ uses }: Facts) => (uses ?? []).map(({ scheme }) => scheme)],
  ])('of any %s', (_what, known, namesOf) => {
    const names = new Set(nodes.flatMap(namesOf));
    expect(names.size).toBeGreaterThan(5);
    expect([...names].filter((name) => !Object.hasOwn(known, name))).toEqual([]);
  });
});

function nodesOf(facts: Facts): Facts[] {
  return [facts, ...(facts.members ?? []).flatMap(nodesOf)];
}
