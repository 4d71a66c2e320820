// SPDX-License-Identifier: Apache-2.0
import * as z from 'zod';
import { printed } from './printed.ts';

const rowShape = z.object({
  case: z.number(),
  kind: z.string(),
  repo: z.string(),
  commit: z.string().nullable(),
  state: z.string(),
  reasons: z.array(z.string()),
  openedAt: z.string(),
  asked: z.number(),
  assignee: z.string().nullable(),
  endedBy: z.string().nullable(),
  endedReason: z.string().nullable(),
});

const shownShape = rowShape.extend({
  requesters: z.array(
    z.object({ name: z.string(), why: z.string().nullable(), times: z.number(), lastAt: z.string() }),
  ),
  notes: z.array(z.object({ at: z.string(), by: z.string(), act: z.string(), text: z.string() })),
});

/** One line each: number, state, what it is about, how often it was asked for, the first reason. */
export function printCases(rows: unknown): string {
  const cases = z.array(rowShape).parse(rows);
  if (cases.length === 0) return 'no cases\n';
  return cases
    .map((row) => {
      const who = row.assignee === null ? '' : `  (${printed(row.assignee)})`;
      return `${row.case}  ${row.state}  ${subject(row)}  asked ${row.asked}x${who}  ${printed(row.reasons[0] ?? '')}\n`;
    })
    .join('');
}

export function printCase(value: unknown): string {
  const row = shownShape.parse(value);
  const lines = [
    `case ${row.case}: ${row.state}  ${subject(row)}  opened ${row.openedAt}`,
    ...(row.endedBy === null ? [] : [`  by ${printed(row.endedBy)}: ${printed(row.endedReason ?? '')}`]),
    ...(row.assignee === null ? [] : [`  looked into by ${printed(row.assignee)}`]),
    ...row.reasons.map((reason) => `  ${printed(reason)}`),
    `asked ${row.asked} times`,
    ...row.requesters.map(
      ({ name, times, why, lastAt }) =>
        `  ${printed(name)}  ${times}x, last ${lastAt}${why === null ? '' : `: ${printed(why)}`}`,
    ),
    ...row.notes.map(({ at, by, act, text }) => `${at}  ${printed(by)}  ${printed(act)}: ${printed(text)}`),
  ];
  return `${lines.join('\n')}\n`;
}

function subject({ kind, repo, commit }: z.infer<typeof rowShape>): string {
  const name = kind === 'models' ? repo : `${kind}/${repo}`;
  return commit === null ? `source ${name}` : `${name}@${commit.slice(0, 7)}`;
}
