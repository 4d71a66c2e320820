// SPDX-License-Identifier: Apache-2.0
import type { Reason } from '#src/domain/decision.ts';
import type { LicenseEvidence } from '#src/domain/evidence.ts';
import { printable } from '#src/domain/repo.ts';
import { type LicenseTerms, type LicenseTree, parseExpression, sameTerms } from './license-expression.ts';
import { reasonOf } from './reason.ts';
import type { LicenseRules } from './rules.ts';

export { readLicense } from './card.ts';

/** What the Hub offers to those who found no licence in its list. They name none. */
const UNNAMED: ReadonlySet<string> = new Set(['other', 'unknown']);

/**
 * The licence gate. Where the card has a list, each of its licences must be allowed: the Hub does not say whether a
 * list is a choice or a sum (code under one, weights under another), and only the sum is safe to assume. Who means a
 * choice writes `MIT OR GPL-3.0-only`.
 */
export function judgeLicense(evidence: LicenseEvidence, rules: LicenseRules): Reason[] {
  if (evidence.declared.length === 0) return missing(evidence, rules);
  const unique = [...new Set(evidence.declared)];
  const unnamed = unique.filter((text) => UNNAMED.has(text.toLowerCase()) && !isNamed(text, rules.allow));
  const refused = unique.filter((text) => !unnamed.includes(text) && !isAllowed(text, rules.allow));
  return [
    ...unnamed.map((text) => reasonOf('license-other', rules.other, unnamedText(text, evidence))),
    ...refused.map((text) =>
      reasonOf('license-not-allowed', rules.notAllowed, `license ${printable(text)} is not on the allowlist`),
    ),
  ];
}

function missing(evidence: LicenseEvidence, rules: LicenseRules): Reason[] {
  const effect = rules.missing === 'allow' ? 'note' : rules.missing;
  return [reasonOf('license-missing', effect, `no license is declared: ${evidence.from}`)];
}

function unnamedText(text: string, evidence: LicenseEvidence): string {
  const name = evidence.name === undefined ? '' : ` (the card calls it ${printable(evidence.name)})`;
  return `license ${printable(text)}${name} is none that the allowlist can name`;
}

/** An entry of the allowlist allows what it names, whole and in any case: `gemma`, `bsd`, `MIT OR GPL-3.0-only`. */
function isNamed(text: string, allow: readonly string[]): boolean {
  return allow.some((entry) => entry.toLowerCase() === text.toLowerCase());
}

function isAllowed(text: string, allow: readonly string[]): boolean {
  if (isNamed(text, allow)) return true;
  const tree = parseExpression(text);
  if (tree === undefined) return false;
  const entries = allow.map(parseExpression).filter((entry): entry is LicenseTerms => entry?.type === 'terms');
  return satisfies(tree, entries);
}

/**
 * AND needs both, OR one of its sides. Walking the tree is linear where expanding it to alternatives, as
 * spdx-satisfies does, is exponential, and the expression is a stranger's.
 */
function satisfies(tree: LicenseTree, allow: readonly LicenseTerms[]): boolean {
  if (tree.type === 'terms') return allow.some((entry) => sameTerms(tree, entry));
  const { left, right } = tree;
  if (tree.type === 'and') return satisfies(left, allow) && satisfies(right, allow);
  return satisfies(left, allow) || satisfies(right, allow);
}
