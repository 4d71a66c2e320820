// SPDX-License-Identifier: Apache-2.0
import type { RuleMeaning } from '#src/domain/evidence.ts';
import type { StoredDecision } from '#src/intake/stored-decision.ts';

/** What the scanner rules of these findings mean: said once for each, however many findings it has. */
export function ruleMeanings(
  files: StoredDecision['files'],
  explain: (rule: string) => RuleMeaning | undefined,
): Record<string, RuleMeaning> {
  const ids = new Set(files.flatMap(({ findings }) => findings.map(({ rule }) => rule)));
  return Object.fromEntries([...ids].sort().flatMap((id) => [[id, explain(id)] as const].filter(isExplained)));
}

function isExplained(entry: readonly [string, RuleMeaning | undefined]): entry is readonly [string, RuleMeaning] {
  return entry[1] !== undefined;
}
