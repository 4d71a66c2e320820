// SPDX-License-Identifier: Apache-2.0
import { Command, InvalidArgumentError } from 'commander';
import * as z from 'zod';
import { clientOptions, createApiClient } from './api-client.ts';
import { parsePerson, parseReason, whoami } from './person.ts';
import { printCase, printCases } from './print-case.ts';
import { type ActOptions, report, settled } from './review.ts';

const openedShape = z.object({ kind: z.string(), repo: z.string(), commit: z.string().nullable(), state: z.string() });

interface ApproveOptions extends ActOptions {
  readonly evenDenied?: boolean;
  readonly match?: string;
  readonly mode?: string;
  readonly include?: string[];
  readonly exclude?: string[];
  readonly gated?: string;
  readonly expires?: string;
}

/** `airlock case ...`: the questions that wait for a person. */
export function caseCommand(env: NodeJS.ProcessEnv): Command {
  const api = async () => createApiClient(await clientOptions(env));
  const one = new Command('case').description('questions that wait for a person, and what is answered');

  one
    .command('list')
    .description('the newest cases first')
    .option('--state <state>', 'open, approved, rejected, closed, or all', 'open')
    .option('--assignee <name>', 'those that somebody looks into')
    .option('--before <number>', 'those with a smaller number: the next page', parseNumber)
    .option('--limit <number>', 'at most so many', parseNumber, 100)
    .option('--json', 'print JSON')
    .action(async ({ state, json, ...rest }: Record<string, string | number | boolean>) => {
      const query = Object.entries({ ...rest, ...(state === 'all' ? {} : { state }) }).map(([k, v]) => [k, String(v)]);
      const rows = await (await api()).get(`cases?${new URLSearchParams(query)}`);
      process.stdout.write(json ? `${JSON.stringify(rows, null, 2)}\n` : printCases(rows));
    });
  one
    .command('show')
    .description('a case with who asked and what was said')
    .argument('<number>', 'of the case, as the refusal names it', parseNumber)
    .option('--json', 'print JSON')
    .action(async (id: number, { json }: { json?: boolean }) => {
      const row = await (await api()).get(`cases/${id}`);
      process.stdout.write(json ? `${JSON.stringify(row, null, 2)}\n` : printCase(row));
    });
  actCommand(one, 'approve', 'say yes: accept what stands against the commit, or let the source in')
    .option('--even-denied', 'of a commit: accept denials too; what a scanner blocks stays')
    .option('--match <pattern>', 'of a source: org/* instead of the one repo')
    .option('--mode <mode>', 'of a source: auto (policy decides alone), or review (a person sees every commit)')
    .option('--include <pattern...>', 'of a source: files to serve; default: as configured')
    .option('--exclude <pattern...>', 'of a source: files to leave out; default: as configured')
    .option('--gated <mode>', 'of a source: hold, granted, or allow repos that are gated or private upstream')
    .option('--expires <time>', 'of a source: until when, such as 2027-01-31T00:00:00Z')
    .action(async (id: number, { expires, ...options }: ApproveOptions) => {
      const client = await api();
      const { kind, repo, commit } = openedShape.parse(await client.get(`cases/${id}`));
      const answer = await client.post(`cases/${id}/approve`, { ...options, ...(expires && { expiresAt: expires }) });
      await report(await settled(client, () => `${kind}/${repo}/revision/${commit ?? 'main'}`, answer), 'approved');
    });
  actCommand(one, 'reject', 'say no: to the commit, or to the repo as a source').action(
    async (id: number, options: ActOptions) => {
      await (await api()).post(`cases/${id}/reject`, options);
      process.stdout.write(`case ${id}: rejected\n`);
    },
  );
  one
    .command('comment')
    .description('say something about a case')
    .argument('<number>', 'of the case', parseNumber)
    .argument('<text>', 'what you say')
    .option('--by <name>', 'who says it, with the shared administrative token', parsePerson, whoami())
    .action(async (id: number, text: string, options: { by?: string }) => {
      await (await api()).post(`cases/${id}/comment`, { text, ...options });
      process.stdout.write(`case ${id}: noted\n`);
    });
  one
    .command('assign')
    .description('say who looks into a case')
    .argument('<number>', 'of the case', parseNumber)
    .argument('[name]', 'left out: nobody', parsePerson)
    .option('--by <name>', 'who says it, with the shared administrative token', parsePerson, whoami())
    .action(async (id: number, assignee: string | undefined, options: { by?: string }) => {
      await (await api()).post(`cases/${id}/assign`, { assignee: assignee ?? null, ...options });
      process.stdout.write(`case ${id}: ${assignee ?? 'nobody'} looks into it\n`);
    });
  return one;
}

function actCommand(parent: Command, name: string, description: string): Command {
  return parent
    .command(name)
    .description(description)
    .argument('<number>', 'of the case, as the refusal names it', parseNumber)
    .requiredOption('--reason <text>', 'why: it goes into the signed record', parseReason)
    .option('--by <name>', 'who decides, with the shared administrative token', parsePerson, whoami());
}

function parseNumber(text: string): number {
  if (!/^[1-9]\d{0,14}$/.test(text)) throw new InvalidArgumentError('Give a number, such as 17.');
  return Number(text);
}
