// SPDX-License-Identifier: Apache-2.0
import type { Source } from '#src/domain/manifest.ts';
import type { PolicyRules } from './rules.ts';

/**
 * The rules as they hold for a repo of this upstream. What the house made itself need not declare under which license
 * it may be used in the house, and need not wait until others had time to look at it. Nothing else is let off: above all no scan, because a build can be poisoned as well.
 */
export function rulesFor(rules: PolicyRules, { upstream }: Pick<Source, 'upstream'>): PolicyRules {
  if (upstream?.trust !== 'own') return rules;
  return {
    ...rules,
    licenses: { ...rules.licenses, missing: 'allow' },
    publisher: { ...rules.publisher, minCommitAgeHours: 0, minRepoAgeHours: 0 },
  };
}
