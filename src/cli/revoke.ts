// SPDX-License-Identifier: Apache-2.0
import { Command, InvalidArgumentError } from 'commander';
import * as z from 'zod';
import { parseCommitSha } from '#src/domain/revision.ts';
import { type ApiClient, clientOptions, createApiClient } from './api-client.ts';
import { parsePerson, parseReason, whoami } from './person.ts';
import { printed } from './printed.ts';
import { type ScopeOptions, scopeOf, withScope } from './scope.ts';
import { parseRepoArgument, type SubjectArgument, subjectBody } from './subject.ts';

interface ActOptions {
  readonly reason: string;
  readonly by: string;
}

interface RevokeOptions extends ActOptions, ScopeOptions {
  readonly rollback?: boolean;
}

const movedShape = z.object({ repo: z.string(), ref: z.string(), from: z.string(), to: z.string().optional() });
const revokedShape = z.object({
  ruling: z.number().optional(),
  subject: z.string(),
  moved: z.array(movedShape),
  movedCount: z.number(),
});
const revocationShape = z.object({
  ruling: z.number(),
  subject: z.string(),
  at: z.string(),
  by: z.string(),
  reason: z.string(),
});

/** `airlock revoke`, `reinstate`, `rollback`, `revocations`: what is stopped, and how that ends. */
export function revokeCommands(env: NodeJS.ProcessEnv): Command[] {
  const client = async (): Promise<ApiClient> => createApiClient(await clientOptions(env));
  return [revokeCommand(client), reinstateCommand(client), rollbackCommand(client), revocationsCommand(client)];
}

type Client = () => Promise<ApiClient>;

function revokeCommand(client: Client): Command {
  return withScope(act('revoke', 'withdraw what was approved, everywhere: one commit, or all that an option names'))
    .option('--rollback', 'point branches that pointed to it back to their last good commit')
    .action(async (subject: SubjectArgument | undefined, options: RevokeOptions, command: Command) => {
      const scope = scopeOf(subject, options, command);
      const { by, reason, rollback = false } = options;
      const api = await client();
      const done = scope
        ? await api.post('revocations', { scope, by, reason, rollback })
        : await api.post('revoke', { ...(subject && subjectBody(subject)), by, reason, rollback });
      report(revokedShape.parse(done));
    });
}

function report({ ruling, subject, moved, movedCount }: z.infer<typeof revokedShape>): void {
  process.stdout.write(`${printed(subject)}: revoked${ruling === undefined ? '' : ` (ruling ${ruling})`}\n`);
  for (const one of moved) process.stdout.write(`  ${movedText(one)}\n`);
  if (movedCount > moved.length) process.stdout.write(`  and ${movedCount - moved.length} more\n`);
}

function movedText({ repo, ref, from, to }: z.infer<typeof movedShape>): string {
  const name = `${printed(repo)}@${printed(ref)}`;
  return to === undefined ? `${name}: no good commit before ${from}; it is refused` : `${name}: ${from} -> ${to}`;
}

function reinstateCommand(client: Client): Command {
  return act('reinstate', 'end a revocation: what it stopped is served again')
    .argument('<ruling>', 'its number, as "airlock revocations" shows it', parseNumber)
    .action(async (ruling: number, { by, reason }: ActOptions) => {
      const done = await (await client()).post(`revocations/${ruling}/reinstate`, { by, reason });
      process.stdout.write(
        `${printed(revocationShape.parse(done).subject)}: reinstated (ruling ${ruling} has ended)\n`,
      );
    });
}

function rollbackCommand(client: Client): Command {
  return act('rollback', 'point a branch back to the last good commit that it pointed to before')
    .argument('<repo>', 'org/name; datasets/org/name for datasets', parseRepoArgument)
    .option('--ref <name>', 'the branch or tag', 'main')
    .option('--to <sha>', 'to this commit instead, 40 hex digits', parseCommitSha)
    .action(async ({ repo }: SubjectArgument, options: ActOptions & { ref: string; to?: string }) => {
      const { by, reason, ref, to } = options;
      const body = { kind: repo.kind, repo: repo.id, ref, ...(to && { to }), by, reason };
      process.stdout.write(`${movedText(movedShape.parse(await (await client()).post('rollback', body)))}\n`);
    });
}

function revocationsCommand(client: Client): Command {
  return new Command('revocations')
    .description('the revocations of repos, contents, publishers and rules that stand')
    .option('--json', 'print them as one JSON array')
    .action(async (options: { json?: boolean }) => {
      const all = z.array(revocationShape).parse(await (await client()).get('revocations'));
      process.stdout.write(options.json ? `${JSON.stringify(all)}\n` : all.map(line).join(''));
    });
}

function line({ ruling, subject, at, by, reason }: z.infer<typeof revocationShape>): string {
  return `${ruling}  ${printed(subject)}: ${printed(reason)} (${printed(by)}, ${printed(at.slice(0, 10))})\n`;
}

function act(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .requiredOption('--reason <text>', 'why: it goes into the signed record', parseReason)
    .option('--by <name>', 'who decides: it goes into the signed record', parsePerson, whoami());
}

function parseNumber(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('Give the number of a ruling.');
  return Number(text);
}
