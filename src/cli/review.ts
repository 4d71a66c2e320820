// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from 'commander';
import * as z from 'zod';
import { isAirlockError } from '#src/domain/errors.ts';
import { parseCommitSha } from '#src/domain/revision.ts';
import { type ApiClient, clientOptions, createApiClient } from './api-client.ts';
import { EXIT } from './exit.ts';
import { parsePerson, parseReason, whoami } from './person.ts';
import { pinHistoryCommand } from './pin-history.ts';
import { printed } from './printed.ts';
import { parseSubject, type SubjectArgument, subjectBody, subjectPath } from './subject.ts';

export interface ActOptions {
  readonly reason: string;
  readonly by: string | undefined;
}

const answerShape = z.object({
  repo: z.string(),
  commit: z.string().optional(),
  state: z.string(),
  reasons: z.array(z.object({ message: z.string(), effect: z.string(), accepted: z.string().optional() })).optional(),
  error: z.string().optional(),
  approval: z.string().optional(),
});
type Answer = z.infer<typeof answerShape>;

/** How often a running intake is asked about. */
const POLL_MILLISECONDS = 1000;

/** `airlock approve`, `reject`, `pin`: what people decide. */
export function reviewCommands(env: NodeJS.ProcessEnv): Command[] {
  const approve = actCommand(
    'approve',
    'accept the reasons that stand against a commit now, and serve it; waits for its intake',
  )
    .option(
      '--even-denied',
      'accept denials too, and open what a person rejected or revoked; what a scanner blocks stays',
    )
    .action(async (subject: SubjectArgument, options: ActOptions & { evenDenied?: boolean }) => {
      const api = await client(env);
      const body = {
        ...subjectBody(subject),
        by: options.by,
        reason: options.reason,
        evenDenied: options.evenDenied ?? false,
      };
      const path = (commit?: string) => subjectPath(subject, commit);
      await report(await settled(api, path, await api.post('approve', body)), 'approved');
    });
  const reject = actCommand('reject', 'refuse a commit, whatever policy says, until somebody opens it again').action(
    async (subject: SubjectArgument, options: ActOptions) => {
      const api = await client(env);
      await report(await api.post('reject', { ...subjectBody(subject), ...pick(options) }), 'rejected');
    },
  );
  const set = actCommand('set', 'point a branch or tag (REPO@REF) at an approved commit')
    .requiredOption('--commit <sha>', 'the commit, 40 hex digits', parseCommitSha)
    .action(async (subject: SubjectArgument, options: ActOptions & { commit: string }) => {
      const { kind, repo, revision: ref } = subjectBody(subject);
      const api = await client(env);
      await report(await api.post('pin', { kind, repo, ref, commit: options.commit, ...pick(options) }), 'pinned');
    });
  // Its own options are needed for a move alone, so that the move is a command of its own, which needs no name.
  const pin = new Command('pin')
    .description('point a branch or tag (REPO@REF) at an approved commit; `history`: see where they have pointed to')
    .addCommand(set, { isDefault: true, hidden: true })
    .addCommand(pinHistoryCommand(env));
  return [approve, reject, pin];
}

function actCommand(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .argument(
      '<repo@rev>',
      'org/name, org/name@branch or org/name@commit; datasets/org/name for datasets',
      parseSubject,
    )
    .requiredOption('--reason <text>', 'why: it goes into the signed record', parseReason)
    .option('--by <name>', 'who decides: it goes into the signed record', parsePerson, whoami());
}

function pick({ by, reason }: ActOptions): ActOptions {
  return { by, reason };
}

async function client(env: NodeJS.ProcessEnv): Promise<ApiClient> {
  return createApiClient(await clientOptions(env));
}

/**
 * An approval starts work: wait for it here, because the person wants to know how it ended. The mirror names the
 * approval while that runs. One that was restarted knows the commit alone: a ref may be pinned to another.
 */
export async function settled(api: ApiClient, path: (commit?: string) => string, first: unknown): Promise<Answer> {
  let answer = answerShape.parse(first);
  let { approval, commit } = answer;
  while (answer.state === 'running') {
    await sleep(POLL_MILLISECONDS);
    const named = approval === undefined ? undefined : await unlessForgotten(api.get(`approvals/${approval}`));
    if (named === undefined) approval = undefined;
    answer = answerShape.parse(named ?? (await api.get(`${path(commit)}/decision`)));
    commit = answer.commit ?? commit;
  }
  return answer;
}

async function unlessForgotten(answer: Promise<unknown>): Promise<unknown> {
  return answer.catch((error: unknown) => {
    if (isAirlockError(error) && error.subject.code === 'EntryNotFound') return undefined;
    throw error;
  });
}

export async function report(value: unknown, wanted: string): Promise<void> {
  const answer: Answer = answerShape.parse(value);
  process.stdout.write(`${answer.repo}${answer.commit ? `@${answer.commit}` : ''}: ${answer.state}\n`);
  for (const reason of answer.reasons ?? [])
    if (reason.accepted === undefined) process.stdout.write(`  ${reason.effect}: ${printed(reason.message)}\n`);
  if (answer.error) process.stdout.write(`  ${printed(answer.error)}\n`);
  if (answer.state !== wanted) process.exitCode = EXIT.refused;
}
