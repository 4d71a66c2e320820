// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from 'commander';
import * as z from 'zod';
import { clientOptions, createApiClient } from './api-client.ts';
import { EXIT } from './exit.ts';
import { printed } from './printed.ts';

const reportShape = z.object({
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
});
type Report = z.infer<typeof reportShape>;

const POLL_MILLISECONDS = 500;

/**
 * `airlock rescan`: have the mirror read its scanner rules again and judge every release by them. Exit status: 0 all
 * pass, 2 something was quarantined or could not be judged.
 */
export function rescanCommand(env: NodeJS.ProcessEnv): Command {
  return new Command('rescan')
    .description('have the mirror read its scanner rules again, and judge every release by them; waits for the end')
    .option('--json', 'print the report as one JSON object')
    .option('--no-wait', 'begin, and do not wait for the end')
    .action(async ({ json, wait }: { json?: boolean; wait: boolean }) => {
      const api = createApiClient(await clientOptions(env));
      let report = reportShape.parse(await api.post('rescan', {}));
      const { rulesVersion } = report;
      const tell = progressTo(process.stderr);
      while (wait && !(report.finishedAt !== undefined && report.rulesVersion === rulesVersion)) {
        await sleep(POLL_MILLISECONDS);
        report = reportShape.parse(await api.get('rescan'));
        tell(report);
      }
      process.stdout.write(json ? `${JSON.stringify(report)}\n` : asText(report));
      if (report.counts.quarantined + report.counts.failed > 0) process.exitCode = EXIT.refused;
    });
}

/** One line that is written over, where a person looks on. */
function progressTo(stream: NodeJS.WriteStream): (report: Report) => void {
  if (!stream.isTTY) return () => {};
  return ({ releases, files }) => void stream.write(`\r${releases} releases, ${files} files judged`);
}

function asText(report: Report): string {
  const { rulesVersion, finishedAt, releases, files, bytesRead, counts } = report;
  const state = finishedAt === undefined ? 'running' : 'finished';
  const lines = [
    `rescan ${state} under scanner rules ${rulesVersion.slice(0, 12)}: ${releases} releases, ${files} files, ${bytesRead} bytes read again`,
    ...report.quarantined.map((name) => `  quarantined: ${printed(name)}`),
    ...more(counts.quarantined - report.quarantined.length, 'quarantined'),
    ...report.released.map((name) => `  released again: ${printed(name)}`),
    ...report.failed.map(
      ({ release, error }) => `  not judged, stays as it was: ${printed(release)}: ${printed(error)}`,
    ),
    ...more(counts.failed - report.failed.length, 'not judged'),
  ];
  if (counts.quarantined > 0) lines.push('Why: airlock status REPO@COMMIT. A reviewer can accept it: airlock approve.');
  return `${lines.join('\n')}\n`;
}

function more(count: number, what: string): string[] {
  return count > 0 ? [`  ${what}: ${count} more`] : [];
}
