// SPDX-License-Identifier: Apache-2.0
import { type LicenseTerms, type LicenseTree, parseExpression, sameTerms } from './license-expression.ts';

/** What the Hub offers to those who found no licence in its list. They name none. */
const UNNAMED: ReadonlySet<string> = new Set(['other', 'unknown']);

export function isUnnamed(text: string, allow: readonly string[]): boolean {
  return UNNAMED.has(text.toLowerCase()) && !isNamed(text, allow);
}

/** An entry of the allowlist allows what it names, whole and in any case: `gemma`, `bsd`, `MIT OR GPL-3.0-only`. */
function isNamed(text: string, allow: readonly string[]): boolean {
  return allow.some((entry) => entry.toLowerCase() === text.toLowerCase());
}

export function isAllowed(text: string, allow: readonly string[]): boolean {
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
