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

const findingsShape = z.array(
  z.object({
    path: z.string(),
    verdict: z.string(),
    findings: z.array(z.object({ level: z.string(), rule: z.string(), message: z.string() })),
  }),
);
const listedShape = z.object({ count: z.number(), first: z.array(z.object({ path: z.string() })) });
const foundShape = z.object({
  count: z.number(),
  first: z.array(z.object({ path: z.string(), rule: z.string(), level: z.string() })),
});
const differenceShape = z.object({
  since: z.string(),
  files: z.object({ added: listedShape, removed: listedShape, changed: listedShape, unchanged: z.number() }),
  weights: z.object({ changed: z.boolean() }),
  code: z.string(),
  license: z.object({ changed: z.boolean(), now: z.array(z.string()), before: z.array(z.string()) }),
  findings: z.union([z.literal('unknown'), z.object({ new: foundShape, gone: foundShape })]),
});

const shownShape = rowShape.extend({
  requesters: z.array(
    z.object({ name: z.string(), why: z.string().nullable(), times: z.number(), lastAt: z.string() }),
  ),
  notes: z.array(z.object({ at: z.string(), by: z.string(), act: z.string(), text: z.string() })),
  evidence: z.object({
    findings: findingsShape.optional(),
    difference: differenceShape.optional(),
    problem: z.string().optional(),
  }),
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
    ...evidenceLines(row.evidence),
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

const SHOWN = 20;

/** The whole is in the JSON. */
function evidenceLines({ findings = [], difference, problem }: z.infer<typeof shownShape>['evidence']): string[] {
  const found = findings.flatMap(({ path, findings: all }) =>
    all.map(({ level, rule, message }) => `  ${level}: ${printed(path)}: ${printed(rule)}: ${printed(message)}`),
  );
  return [
    ...(problem === undefined ? [] : [`  upstream: ${printed(problem)}`]),
    ...found.slice(0, SHOWN),
    ...(found.length > SHOWN ? [`  and ${found.length - SHOWN} more findings`] : []),
    ...(difference === undefined ? [] : differenceLines(difference)),
  ];
}

function differenceLines({
  since,
  files,
  weights,
  code,
  license,
  findings,
}: z.infer<typeof differenceShape>): string[] {
  const paths = (sign: string, { first }: z.infer<typeof listedShape>) =>
    first.slice(0, SHOWN).map(({ path }) => `  ${sign} ${printed(path)}`);
  const { added, removed, changed, unchanged } = files;
  return [
    `since ${since.slice(0, 7)}, which is approved:`,
    `  ${added.count} files added, ${removed.count} removed, ${changed.count} changed, ${unchanged} the same`,
    ...paths('+', added),
    ...paths('-', removed),
    ...paths('~', changed),
    `  weights ${weights.changed ? 'changed' : 'the same'}; code: ${code}`,
    ...(license.changed
      ? [`  license ${printed(license.before.join(', '))} -> ${printed(license.now.join(', '))}`]
      : []),
    ...(findings === 'unknown' ? [] : [`  ${findings.new.count} findings new, ${findings.gone.count} gone`]),
  ];
}
