// SPDX-License-Identifier: Apache-2.0
import { Command } from 'commander';
import * as z from 'zod';
import { type ApiClient, clientOptions, createApiClient } from './api-client.ts';
import { bytesText } from './bytes-text.ts';
import { intakeShape } from './intake-shape.ts';
import { revisionText } from './print-revision.ts';
import { printed } from './printed.ts';
import { parseSubject, type SubjectArgument, subjectPath } from './subject.ts';

const runningShape = intakeShape.extend({
  kind: z.string(),
  repo: z.string(),
  commit: z.string().optional(),
  ref: z.string().optional(),
});
const recentShape = z.object({
  kind: z.string(),
  repo: z.string(),
  commit: z.string(),
  state: z.string(),
  outcome: z.string().optional(),
  errorCode: z.string().nullish(),
  errorMessage: z.string().nullish(),
  updatedAt: z.string(),
});
const intakesShape = z.object({ running: z.array(runningShape), recent: z.array(recentShape) });
const decisionShape = z.object({
  kind: z.string(),
  repo: z.string(),
  commit: z.string(),
  outcome: z.string(),
  reasons: z.array(z.object({ effect: z.string(), message: z.string() })),
  reasonsCount: z.number().optional(),
});
const overviewShape = intakesShape.extend({
  held: z.array(decisionShape),
  denied: z.array(decisionShape).optional(),
});

/** Of held and of denied commits, the newest. */
const LISTED = 100;

/** `airlock status [REPO[@REV]]`: what is running, what waits for a person; or all that is known of one revision. */
export function statusCommand(env: NodeJS.ProcessEnv): Command {
  return new Command('status')
    .description('show running intakes, held commits and recent outcomes; or all that is known of one revision')
    .argument(
      '[repo@rev]',
      'org/name, org/name@branch or org/name@commit; datasets/org/name for datasets',
      parseSubject,
    )
    .option('--denied', 'list what was denied, too')
    .option('--json', 'print JSON')
    .action(async (subject: SubjectArgument | undefined, options: { denied?: boolean; json?: boolean }) => {
      const api = createApiClient(await clientOptions(env));
      const value = subject ? await api.get(`${subjectPath(subject)}/decision`) : await overview(api, options.denied);
      const text = options.json
        ? `${JSON.stringify(value, null, 2)}\n`
        : subject
          ? revisionText(value)
          : overviewText(overviewShape.parse(value));
      process.stdout.write(text);
    });
}

async function overview(api: ApiClient, denied = false): Promise<object> {
  return {
    ...intakesShape.parse(await api.get('intakes')),
    held: await api.get(`decisions?outcome=held&limit=${LISTED}`),
    ...(denied ? { denied: await api.get(`decisions?outcome=denied&limit=${LISTED}`) } : {}),
  };
}

function overviewText({ running, recent, held, denied }: z.infer<typeof overviewShape>): string {
  const lines = [`Running: ${running.length}`];
  for (const row of running)
    lines.push(
      `  ${name(row)}  ${row.stage}  ${row.filesDone}/${row.filesTotal} files  ${bytesText(row.bytesDone)}/${bytesText(row.bytesTotal)}`,
    );
  lines.push(`Held for review: ${count(held)}`, ...held.flatMap(decisionLines));
  if (denied) lines.push(`Denied: ${count(denied)}`, ...denied.flatMap(decisionLines));
  lines.push('Recent:');
  for (const row of recent.slice(0, 10)) {
    const problem = row.errorMessage ?? row.errorCode;
    lines.push(
      `  ${row.updatedAt}  ${name(row)}  ${row.outcome ?? row.state}${problem ? `: ${printed(problem)}` : ''}`,
    );
  }
  return `${lines.join('\n')}\n`;
}

function count(rows: readonly unknown[]): string {
  return rows.length < LISTED ? String(rows.length) : `the newest ${LISTED}`;
}

function decisionLines(row: z.infer<typeof decisionShape>): string[] {
  const more = (row.reasonsCount ?? 0) - row.reasons.length;
  return [
    `  ${name(row)}`,
    ...row.reasons
      .filter(({ effect }) => effect !== 'note')
      .map(({ effect, message }) => `    ${effect}: ${printed(message)}`),
    ...(more > 0 ? [`    and ${more} more`] : []),
  ];
}

function name({ kind, repo, commit }: { kind: string; repo: string; commit?: string | undefined }): string {
  return `${kind === 'models' ? '' : `${kind}/`}${repo}${commit ? `@${commit}` : ''}`;
}
