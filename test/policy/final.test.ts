// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { acceptanceOf, type Reason } from '#src/domain/decision.ts';
import { applyApproval, outcomeOf } from '#src/policy/reason.ts';
import { POLICY_RULES } from '#src/policy/rules.ts';

/** The rules of the README's table, each with whether its effect is said to be final. */
async function documented(): Promise<Map<string, boolean>> {
  const text = await readFile(new URL('../../src/policy/README.md', import.meta.url), 'utf8');
  const rows = [...text.matchAll(/^\| `([a-z-]+)` +\| ([^|]+)\|/gm)];
  return new Map(rows.map(([, rule = '', effect = '']) => [rule, /\bfinal\b/.test(effect)]));
}

test('no approval lifts a denial that the README calls final, and one lifts every other', async () => {
  const rules = await documented();
  expect([...rules.keys()].sort()).toEqual([...POLICY_RULES].sort());
  const lifted = [...rules].map(([rule]) => {
    const reason: Reason = { rule, effect: 'deny', message: 'because' };
    const approval = { by: 'ann', at: '', reason: 'it is fine', accepts: [acceptanceOf(reason)] };
    return [rule, outcomeOf(applyApproval([reason], approval)) === 'denied'] as const;
  });
  // Of a source, that is: a yes to one commit does not answer it, and it denies nothing by itself.
  const expected = [...rules].map(([rule, final]) => [rule, final || rule === 'source-request'] as const);
  expect(lifted).toEqual(expected);
});
