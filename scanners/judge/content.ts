// SPDX-License-Identifier: Apache-2.0
import type { Facts } from '../facts.ts';
import type { Rules } from '../rules.ts';
import type { LocalFinding } from './pickle.ts';

/** Structure problems, each with the level that the rules give it. A code that they do not know is `review`. */
export function judgeProblems(facts: Facts, rules: Rules): LocalFinding[] {
  return facts.problems.map(({ code, offset, detail }) => {
    const rule = Object.hasOwn(rules.problems, code) ? rules.problems[code] : undefined;
    return {
      rule: code,
      level: rule?.level ?? 'review',
      ...(offset === undefined ? {} : { offset }),
      message: rule ? `${rule.reason}: ${detail}` : detail,
      ...(rule?.references === undefined ? {} : { references: rule.references }),
    };
  });
}
