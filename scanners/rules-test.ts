// SPDX-License-Identifier: Apache-2.0
import { newFacts } from './facts.ts';
import { createJudge } from './judge/findings.ts';
import { importJudge } from './judge/imports.ts';
import { findingIds, type Rules } from './rules.ts';
import { UseList } from './uses.ts';

/** What `airlock rules test` finds: how many examples were run, and what is wrong, a line each. */
export interface RulesReport {
  readonly examples: number;
  readonly problems: readonly string[];
}

/**
 * Run the examples of a rule set (its `examples` section), and look for rules that can do nothing. The form of the rules
 * has been checked when they were loaded.
 */
export function testRules(rules: Rules): RulesReport {
  const outcomes = exampleOutcomes(rules);
  const wrong = outcomes.filter(({ actual, expected }) => actual !== expected);
  return {
    examples: outcomes.length,
    problems: [
      ...wrong.map(({ what, expected, actual }) => `${what} is ${actual}, and ${expected} is expected`),
      ...shadowedNames(rules),
      ...unusedIds(rules),
    ],
  };
}

interface Outcome {
  readonly what: string;
  readonly expected: string;
  readonly actual: string;
}

function exampleOutcomes(rules: Rules): Outcome[] {
  const imports = importJudge(rules);
  const judge = createJudge(rules);
  return rules.examples.map((example) => {
    const { expect: expected } = example;
    if ('import' in example) {
      const [module = '', name = ''] = example.import.split(':');
      const { level } = imports(module, name);
      return { what: `import ${example.import}`, expected, actual: level === 'rebuild' ? 'allowed' : level };
    }
    const facts = newFacts('text', 0);
    new UseList(facts).add(example.use, example.name, 'the example');
    const scheme = rules.uses[example.use];
    const extension = scheme?.extensions?.[0];
    const path = extension === undefined ? (scheme?.names?.[0] ?? 'example') : `example.${extension}`;
    const found = judge(facts, path).findings.filter(({ message }) => message.includes('at the example'));
    return { what: `${example.use} ${example.name}`, expected, actual: found[0]?.level ?? 'allowed' };
  });
}

/** A name that a scheme allows and then lists among its rows is never judged by the row. */
function shadowedNames({ uses }: Rules): string[] {
  return Object.entries(uses).flatMap(([scheme, { allow, rows }]) => {
    const allowed = new Set(allow.names);
    const listed = rows.flatMap(({ names }) => names ?? []);
    return listed.filter((name) => allowed.has(name)).map((name) => `${scheme} ${name} is allowed and listed in a row`);
  });
}

/** An id that no row and no judge gives explains nothing that anybody is shown. */
function unusedIds(rules: Rules): string[] {
  const given = findingIds(rules);
  const unused = Object.keys(rules.rules).filter((id) => !given.has(id));
  return unused.map((id) => `${id} is explained, and no rule gives it`);
}
