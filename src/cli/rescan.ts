// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';
import { Command, Option } from 'commander';
import * as z from 'zod';
import { type ApiClient, clientOptions, createApiClient } from './api-client.ts';
import { EXIT } from './exit.ts';
import { printed } from './printed.ts';

const reportShape = z.object({
  id: z.string(),
  state: z.enum(['waiting', 'running', 'finished', 'broken']),
  rulesVersion: z.string(),
  startedAt: z.string(),
  finishedAt: z.string().optional(),
  releases: z.number(),
  files: z.number(),
  bytesRead: z.number(),
  quarantined: z.array(z.string()),
  released: z.array(z.string()),
  failed: z.array(z.object({ release: z.string(), error: z.string() })),
  counts: z.object({ quarantined: z.number(), released: z.number(), failed: z.number() }),
  error: z.string().optional(),
});
type Report = z.infer<typeof reportShape>;

const POLL_MILLISECONDS = 500;
const TELL_MILLISECONDS = 60_000;

interface Options {
  readonly json?: boolean;
  readonly wait: boolean;
  readonly last?: boolean;
  /** `true`: without a value. */
  readonly malware?: 'changed' | 'all' | true;
}

/**
 * `airlock rescan`: have the mirror read its scanner rules again and judge every release by them. Exit status: 0 all
 * pass, 2 something was quarantined or could not be judged, 70 the pass broke off.
 */
export function rescanCommand(env: NodeJS.ProcessEnv): Command {
  return new Command('rescan')
    .description('have the mirror read its scanner rules again, and judge every release by them; waits for the end')
    .addOption(
      new Option(
        '--malware [which]',
        'ask the antivirus scanner again: about what it saw under other signatures, or about all; reads the files anew',
      ).choices(['changed', 'all']),
    )
    .option('--json', 'print the report as one JSON object')
    .option('--last', 'begin nothing: print the pass that runs, or the last one')
    .option('--no-wait', 'begin, and do not wait for the end')
    .action(async (options: Options) => {
      const api = createApiClient(await clientOptions(env));
      const report = options.last ? await lastOf(api) : await rescan(api, options);
      if (report === undefined) return void process.stdout.write('no rescan since the mirror was started\n');
      process.stdout.write(options.json ? `${JSON.stringify(report)}\n` : asText(report));
      if (report.state === 'broken') process.exitCode = EXIT.failure;
      else if (report.counts.quarantined + report.counts.failed > 0) process.exitCode = EXIT.refused;
    });
}

async function lastOf(api: ApiClient): Promise<Report | undefined> {
  return reportShape.nullable().parse(await api.get('rescan')) ?? undefined;
}

async function rescan(api: ApiClient, { wait, malware }: Options): Promise<Report> {
  const asked = malware === undefined ? {} : { malware: malware === true ? 'changed' : malware };
  let report = reportShape.parse(await api.post('rescan', asked));
  const { id } = report;
  const tell = progressTo(process.stderr);
  while (wait && report.state !== 'finished' && report.state !== 'broken') {
    await sleep(POLL_MILLISECONDS);
    report = reportShape.parse(await api.get(`rescan?id=${id}`));
    tell(report);
  }
  return report;
}

/** One line that is written over, where a person looks on; a line a minute in a log. */
function progressTo(stream: NodeJS.WriteStream): (report: Report) => void {
  let told = Date.now();
  return ({ state, releases, files, bytesRead }) => {
    const text = `${state}: ${releases} releases, ${files} files judged, ${bytesRead} bytes read again`;
    if (stream.isTTY) stream.write(`\r${text}`);
    else if (Date.now() - told >= TELL_MILLISECONDS) {
      told = Date.now();
      stream.write(`${text}\n`);
    }
  };
}

const STATES = { waiting: 'waits for the one that runs', running: 'runs', finished: 'finished', broken: 'broke off' };

function asText(report: Report): string {
  const { id, state, rulesVersion, releases, files, bytesRead, counts, error } = report;
  const lines = [
    `rescan ${id} ${STATES[state]} under scanner rules ${rulesVersion.slice(0, 12)}: ${releases} releases, ${files} files, ${bytesRead} bytes read again`,
    ...(error === undefined ? [] : [`  ${printed(error)} The mirror begins another by itself.`]),
    ...report.quarantined.map((name) => `  quarantined: ${printed(name)}`),
    ...more(counts.quarantined - report.quarantined.length, 'quarantined'),
    ...report.released.map((name) => `  released again: ${printed(name)}`),
    ...more(counts.released - report.released.length, 'released again'),
    ...report.failed.map(
      ({ release, error: why }) => `  not judged, stays as it was: ${printed(release)}: ${printed(why)}`,
    ),
    ...more(counts.failed - report.failed.length, 'not judged'),
  ];
  if (state === 'waiting' || state === 'running') lines.push('How it went: airlock rescan --last');
  if (counts.quarantined > 0) lines.push('Why: airlock status REPO@COMMIT. A reviewer can accept it: airlock approve.');
  return `${lines.join('\n')}\n`;
}

function more(count: number, what: string): string[] {
  return count > 0 ? [`  ${what}: ${count} more`] : [];
}
