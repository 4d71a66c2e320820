// SPDX-License-Identifier: Apache-2.0
import type { Rules } from '../rules.ts';
import { shown } from './finding.ts';
import type { LocalFinding } from './pickle.ts';

/** What a name makes people believe. Judged as it is written, capitals and all. */
export function pathJudge(rules: Rules): (path: string) => LocalFinding[] {
  const rows = rules.paths.map((row) => ({ row, pattern: new RegExp(row.pattern, 'u') }));
  return (path) => {
    const row = rows.find(({ pattern }) => pattern.test(path))?.row;
    if (row === undefined) return [];
    return [{ rule: row.rule, level: row.level, message: `${row.reason}: ${shown(path)}` }];
  };
}
