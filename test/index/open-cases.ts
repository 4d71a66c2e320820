// SPDX-License-Identifier: Apache-2.0
import { openIndex } from '#src/index/index.ts';
import type { CaseRow } from '#src/index/schema.ts';

/** Opens a case for each of so many subjects; other processes do the same on the same file. */
const [file = '', count = '0'] = process.argv.slice(2);
const index = await openIndex(file);
const at = new Date().toISOString();
for (let i = 0; i < Number(count); i++) {
  const row: Omit<CaseRow, 'id'> = {
    ...{ subject: `source models/a/${i}`, kind: 'models', repo: `a/${i}`, commit: null, state: 'open', reasons: '[]' },
    ...{ openedAt: at, openedBy: 'address:1', asked: 0, askedAt: at, updatedAt: at },
    ...{ assignee: null, twoPeople: 0, endedBy: null, endedReason: null },
  };
  await index.cases.open(row, { maxOpen: 1000, maxOpenOfOne: 1000 });
  if (!(await index.cases.openOf(row.subject))) process.exitCode = 1;
}
await index.close();
