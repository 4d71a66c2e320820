// SPDX-License-Identifier: Apache-2.0
import type { ExplainedRule, Explanation } from '#src/policy/explain.ts';
import { printed } from './printed.ts';

/** `all`: the silent rules too, each with what it saw and what would change it. */
export function explanationText({ rules }: Pick<Explanation, 'rules'>, which: 'all' | 'speaking'): string[] {
  return rules
    .filter(({ said, reasonsCount }) => which === 'all' || said !== 'silent' || reasonsCount > 0)
    .flatMap((rule) => (which === 'all' ? inFull(rule) : said(rule)));
}

function said({ rule, said, reasons, reasonsCount }: ExplainedRule): string[] {
  const word = said === 'silent' ? 'withheld' : said;
  return [
    ...reasons.map((reason) => `  ${word.padEnd(8)}  ${printed(reason)} [${rule}]`),
    ...(reasonsCount > reasons.length
      ? [`  ${word.padEnd(8)}  and ${reasonsCount - reasons.length} more [${rule}]`]
      : []),
  ];
}

function inFull(rule: ExplainedRule): string[] {
  return [
    `  ${rule.rule}: ${rule.said}`,
    `    saw     ${printed(rule.saw)}`,
    ...rule.reasons.map((reason) => `    said    ${printed(reason)}`),
    ...(rule.reasonsCount > rule.reasons.length
      ? [`    said    and ${rule.reasonsCount - rule.reasons.length} more`]
      : []),
    `    change  ${printed(rule.change)}`,
  ];
}
