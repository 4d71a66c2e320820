// SPDX-License-Identifier: Apache-2.0
import { Command } from 'commander';
import * as z from 'zod';
import { clientOptions, createApiClient } from './api-client.ts';
import { parseSubject, type SubjectArgument, subjectPath } from './subject.ts';

const runningShape = z.object({
  kind: z.string(),
  repo: z.string(),
  commit: z.string().optional(),
  ref: z.string().optional(),
  stage: z.string(),
  bytesDone: z.number(),
  bytesTotal: z.number(),
  filesDone: z.number(),
  filesTotal: z.number(),
  fetchSeconds: z.number(),
});
const recentShape = z.object({
  kind: z.string(),
  repo: z.string(),
  commit: z.string(),
  state: z.string(),
  errorMessage: z.string().nullish(),
  updatedAt: z.string(),
});
const intakesShape = z.object({ running: z.array(runningShape), recent: z.array(recentShape) });
const decisionsShape = z.array(
  z.object({
    kind: z.string(),
    repo: z.string(),
    commit: z.string(),
    outcome: z.string(),
    reasons: z.array(z.object({ effect: z.string(), message: z.string() })),
  }),
);

/** `airlock status [REPO[@REV]]`: what is running, what waits for a person; or all that is known of one revision. */
export function statusCommand(env: NodeJS.ProcessEnv): Command {
  return new Command('status')
    .description('show running intakes, held commits, or one revision')
    .argument('[repo@rev]', 'org/name, org/name@branch or org/name@commit', parseSubject)
    .option('--json', 'print JSON')
    .action(async (subject: SubjectArgument | undefined, options: { json?: boolean }) => {
      const api = createApiClient(await clientOptions(env));
      const value = subject
        ? await api.get(`${subjectPath(subject)}/decision`)
        : { ...(await intakes(api)), held: await api.get('decisions?outcome=held') };
      if (options.json || subject) process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
      else printOverview(intakesShape.parse(value), decisionsShape.parse((value as { held: unknown }).held));
    });
}

async function intakes(api: { get(path: string): Promise<unknown> }): Promise<z.infer<typeof intakesShape>> {
  return intakesShape.parse(await api.get('intakes'));
}

function printOverview({ running, recent }: z.infer<typeof intakesShape>, held: z.infer<typeof decisionsShape>): void {
  const lines = [`Running: ${running.length}`];
  for (const row of running)
    lines.push(
      `  ${name(row)}  ${row.stage}  ${row.filesDone}/${row.filesTotal} files  ${bytes(row.bytesDone)}/${bytes(row.bytesTotal)}`,
    );
  lines.push(`Held for review: ${held.length}`);
  for (const row of held)
    lines.push(
      `  ${name(row)}`,
      ...row.reasons
        .filter(({ effect }) => effect !== 'note')
        .map(({ effect, message }) => `    ${effect}: ${message}`),
    );
  lines.push('Recent:');
  for (const row of recent.slice(0, 10))
    lines.push(`  ${row.updatedAt}  ${name(row)}  ${row.state}${row.errorMessage ? `: ${row.errorMessage}` : ''}`);
  process.stdout.write(`${lines.join('\n')}\n`);
}

function name({ kind, repo, commit }: { kind: string; repo: string; commit?: string | undefined }): string {
  return `${kind === 'models' ? '' : `${kind}/`}${repo}${commit ? `@${commit}` : ''}`;
}

/** Binary units, one decimal. */
function bytes(count: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = count < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(count) / 10));
  return `${(count / 1024 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`;
}
