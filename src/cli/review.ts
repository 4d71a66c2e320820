// SPDX-License-Identifier: Apache-2.0
import { hostname, userInfo } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from 'commander';
import * as z from 'zod';
import { parseCommitSha } from '#src/domain/revision.ts';
import { type ApiClient, clientOptions, createApiClient } from './api-client.ts';
import { EXIT } from './exit.ts';
import { parseSubject, type SubjectArgument, subjectBody, subjectPath } from './subject.ts';

interface ActOptions {
  readonly reason: string;
  readonly by: string;
}

const answerShape = z.object({
  repo: z.string(),
  commit: z.string().optional(),
  state: z.string(),
  reasons: z.array(z.object({ message: z.string(), effect: z.string(), accepted: z.string().optional() })).optional(),
  error: z.string().optional(),
});
type Answer = z.infer<typeof answerShape>;

/** How often a running intake is asked about. */
const POLL_MILLISECONDS = 2000;

/** `airlock approve`, `reject`, `revoke`, `pin`: what people decide. */
export function reviewCommands(env: NodeJS.ProcessEnv): Command[] {
  const approve = actCommand('approve', 'accept what stands against a commit and serve it')
    .option('--even-denied', 'accept reasons that deny, too')
    .action(async (subject: SubjectArgument, options: ActOptions & { evenDenied?: boolean }) => {
      const api = await client(env);
      const body = {
        ...subjectBody(subject),
        by: options.by,
        reason: options.reason,
        evenDenied: options.evenDenied ?? false,
      };
      await report(await settled(api, subject, await api.post('approve', body)), 'approved');
    });
  const reject = actCommand('reject', 'refuse a commit, whatever policy says').action(
    async (subject: SubjectArgument, options: ActOptions) => {
      const api = await client(env);
      await report(await api.post('reject', { ...subjectBody(subject), ...pick(options) }), 'rejected');
    },
  );
  const revoke = actCommand('revoke', 'withdraw a commit that was approved').action(
    async (subject: SubjectArgument, options: ActOptions) => {
      const api = await client(env);
      await report(await api.post('revoke', { ...subjectBody(subject), ...pick(options) }), 'revoked');
    },
  );
  const pin = actCommand('pin', 'point a branch or tag (REPO@REF) at an approved commit')
    .requiredOption('--commit <sha>', 'the commit, 40 hex digits', parseCommitSha)
    .action(async (subject: SubjectArgument, options: ActOptions & { commit: string }) => {
      const { kind, repo, revision: ref } = subjectBody(subject);
      const api = await client(env);
      await report(await api.post('pin', { kind, repo, ref, commit: options.commit, ...pick(options) }), 'pinned');
    });
  return [approve, reject, revoke, pin];
}

function actCommand(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .argument(
      '<repo@rev>',
      'org/name, org/name@branch or org/name@commit; datasets/org/name for datasets',
      parseSubject,
    )
    .requiredOption('--reason <text>', 'why: it goes into the signed record')
    .option('--by <name>', 'who decides', `${userInfo().username}@${hostname()}`);
}

function pick({ by, reason }: ActOptions): ActOptions {
  return { by, reason };
}

async function client(env: NodeJS.ProcessEnv): Promise<ApiClient> {
  return createApiClient(await clientOptions(env));
}

/** An approval starts work: wait for it here, because the person wants to know how it ended. */
async function settled(api: ApiClient, subject: SubjectArgument, first: unknown): Promise<unknown> {
  let answer = answerShape.parse(first);
  while (answer.state === 'running') {
    await sleep(POLL_MILLISECONDS);
    answer = answerShape.parse(await api.get(`${subjectPath(subject)}/decision`));
  }
  return answer;
}

async function report(value: unknown, wanted: string): Promise<void> {
  const answer: Answer = answerShape.parse(value);
  process.stdout.write(`${answer.repo}${answer.commit ? `@${answer.commit}` : ''}: ${answer.state}\n`);
  for (const reason of answer.reasons ?? [])
    if (reason.accepted === undefined) process.stdout.write(`  ${reason.effect}: ${reason.message}\n`);
  if (answer.error) process.stdout.write(`  ${answer.error}\n`);
  if (answer.state !== wanted) process.exitCode = EXIT.refused;
}
