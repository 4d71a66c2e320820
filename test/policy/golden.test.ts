// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { explanationText } from '#src/cli/print-explanation.ts';
import { JSON_SCHEMAS, jsonSchemaText } from '#src/config/json-schemas.ts';
import { loadPolicyParts, parsePolicyParts } from '#src/config/policy-files.ts';
import { evidenceFileSchema } from '#src/policy/evidence-file.ts';
import { type Explanation, explain } from '#src/policy/explain.ts';
import { viewOf } from '#src/policy/explain-views.ts';
import { judgeDocument } from '#src/policy/judge-document.ts';
import { POLICY_RULES } from '#src/policy/rules.ts';
import { matchSource } from '#src/policy/sources.ts';
import { contextOf, evidenceOf, RULES, WEIGHTS } from './samples.ts';

/** Explanations and schemas as they were. `UPDATE_GOLDEN=1` writes them again: look at the change. */
const update = process.env.UPDATE_GOLDEN === '1';
const FOLDER = join(import.meta.dirname, 'golden');
const CONFIG = join(import.meta.dirname, '../../config');

function sameAs(file: string, text: string): void {
  if (update) writeFileSync(file, text);
  expect(text, `${file}: UPDATE_GOLDEN=1`).toBe(readFileSync(file, 'utf8'));
}

/** The silent rules say the same of every case. */
function speaking({ rules }: Explanation): Explanation['rules'] {
  return rules.filter(({ said, reasonsCount }) => said !== 'silent' || reasonsCount > 0);
}

describe('explanations', () => {
  const cases = readdirSync(FOLDER).filter((name) => name.endsWith('.json'));

  test('there are some', () => {
    expect(cases.length).toBeGreaterThan(3);
  });

  test.each(cases)('%s, under the defaults and under the example of a strict policy', async (name) => {
    const {
      expect: wanted,
      accepts: _,
      $schema: __,
      ...evidence
    } = evidenceFileSchema.parse(JSON.parse(readFileSync(join(FOLDER, name), 'utf8')));
    const strict = await loadPolicyParts({ policy: join(CONFIG, 'policy.yaml') });
    const texts = [parsePolicyParts({}), strict].map(({ policy, sources, limits }) => {
      const rule = matchSource(sources, evidence.manifest.source.repo);
      const context = { rule, limits, rulesVersion: evidence.rulesVersion };
      const explanation = explain(evidence, judgeDocument(evidence, policy, context), policy, context);
      return {
        outcome: explanation.outcome,
        text: explanationText({ rules: speaking(explanation) }, 'all').join('\n'),
      };
    });
    expect(texts[0]?.outcome).toBe(wanted?.outcome);
    const [plain, other] = texts.map(({ outcome, text }) => `${outcome}\n${text}\n`);
    sameAs(join(FOLDER, name.replace('.json', '.txt')), `the defaults: ${plain}\nconfig/policy.yaml: ${other}`);
  });

  test('every rule has a view of its own', () => {
    for (const rule of POLICY_RULES)
      expect(viewOf(rule, evidenceOf({ scans: WEIGHTS }), RULES, contextOf()).saw, rule).not.toBe('the evidence');
  });
});

describe('files for editors', () => {
  test.each(JSON_SCHEMAS)('%s.schema.json is what the code checks', (name) => {
    const file = join(CONFIG, `${name}.schema.json`);
    const text = jsonSchemaText(name);
    if (update) writeFileSync(file, text);
    // As values: the formatter has its own idea of white space.
    expect(JSON.parse(readFileSync(file, 'utf8')), 'UPDATE_GOLDEN=1').toEqual(JSON.parse(text));
  });

  test('the examples are valid', async () => {
    const parts = await loadPolicyParts({ policy: join(CONFIG, 'policy.yaml'), sources: join(CONFIG, 'sources.yaml') });
    expect(parts.policy.custom).toHaveLength(1);
    expect(parts.sources.map(({ mode }) => mode)).toEqual(['auto', 'auto', 'deny', 'request']);
  });
});
