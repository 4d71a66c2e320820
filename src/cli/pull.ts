// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';
import { Command, InvalidArgumentError } from 'commander';
import * as z from 'zod';
import { AirlockError, type ErrorCode, isAirlockError, messageOf } from '#src/domain/errors.ts';
import { repoName } from '#src/domain/repo.ts';
import { revisionText } from '#src/domain/revision.ts';
import { type ApiClient, createApiClient, readerOptions } from './api-client.ts';
import { bytesText } from './bytes-text.ts';
import { EXIT } from './exit.ts';
import { intakeShape } from './intake-shape.ts';
import { printed } from './printed.ts';
import { progressView, type ViewedProgress } from './progress-view.ts';
import { parseSubject, type SubjectArgument, subjectBody } from './subject.ts';

const answerShape = z.object({
  repo: z.string(),
  commit: z.string().optional(),
  state: z.string(),
  pull: z.string().optional(),
  files: z.number().optional(),
  bytes: z.number().optional(),
  case: z.number().optional(),
  intake: intakeShape.optional(),
  reasons: z.array(z.object({ message: z.string(), effect: z.string(), accepted: z.string().optional() })).optional(),
  by: z.string().optional(),
  reason: z.string().optional(),
  error: z.string().optional(),
});
type PullAnswer = z.infer<typeof answerShape>;

interface Options {
  readonly json?: boolean;
  readonly wait: boolean;
  readonly timeout?: number;
}

/** Seconds that one question may wait for the end. */
const ASK_SECONDS = 1;
/** What says that nobody answers, for now; and how long that is borne. */
const SILENCES: readonly ErrorCode[] = ['upstream-unavailable', 'upstream-timeout'];
const SILENCE_MILLISECONDS = 60_000;

/**
 * `airlock pull REPO[@REV]...`: bring in ahead what a download would, and wait for the decision. Exit status: 0 all are
 * approved, 2 one is not, 70 something broke, or time was up.
 */
export function pullCommand(env: NodeJS.ProcessEnv): Command {
  return new Command('pull')
    .description(
      'bring models in ahead of a download, and wait until they are approved: for CI and large models; exit status 0 all are approved, 2 one is refused, 70 one failed or time was up',
    )
    .argument(
      '<repo@rev...>',
      'org/name, org/name@branch or org/name@commit; datasets/org/name for datasets',
      (text: string, before: SubjectArgument[] = []) => [...before, parseSubject(text)],
    )
    .option('--timeout <seconds>', 'stop waiting after so long; the intake goes on', parseSeconds)
    .option('--no-wait', 'begin, and do not wait for the end')
    .option('--json', 'print one JSON array')
    .action(async (subjects: SubjectArgument[], options: Options) => {
      const api = createApiClient(await readerOptions(env));
      const view = progressView(process.stderr, subjects.map(nameOf));
      const until = options.timeout === undefined ? Number.POSITIVE_INFINITY : Date.now() + options.timeout * 1000;
      const answers = await Promise.all(
        subjects.map((subject, i) => pull(api, subject, options.wait ? until : 0, (answer) => view.show(i, answer))),
      );
      view.end();
      process.stdout.write(options.json ? `${JSON.stringify(answers, null, 2)}\n` : answers.map(asText).join(''));
      process.exitCode = exitStatus(answers, options.wait);
    });
}

type Outcome = PullAnswer & { readonly asked: string };

/** One that fails does not keep the others from ending. */
async function pull(
  api: ApiClient,
  subject: SubjectArgument,
  until: number,
  show: (progress: ViewedProgress) => void,
): Promise<Outcome> {
  const asked = nameOf(subject);
  const start = async () => answerShape.parse(await api.post(`pull?wait=${ASK_SECONDS}`, subjectBody(subject)));
  try {
    // A mirror that is not there is said at once; one that broke off was there.
    let answer = await patiently(start, ['upstream-timeout']);
    while (answer.state === 'running' && Date.now() < until) {
      show(answer);
      // A mirror that was restarted has forgotten the pull, and takes the intake up: asking again joins it.
      answer = await patiently(async () => (await follow(api, answer.pull)) ?? (await start()));
    }
    show(answer);
    return { asked, ...answer };
  } catch (error) {
    if (!(error instanceof AirlockError)) throw error;
    const answer = { repo: repoName(subject.repo), state: 'failed', error: messageOf(error) };
    show(answer);
    return { asked, ...answer };
  }
}

/**
 * What has begun goes on in the mirror, also while that is started anew: whoever broke off or was busy was there, and
 * may be away for a moment next.
 */
async function patiently<T>(ask: () => Promise<T>, silences: readonly ErrorCode[] = SILENCES): Promise<T> {
  const until = Date.now() + SILENCE_MILLISECONDS;
  let borne = silences;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!(isAirlockError(error, ...borne) || isBusy(error)) || Date.now() > until) throw error;
      borne = SILENCES;
      await sleep(ASK_SECONDS * 1000);
    }
  }
}

/** Starting, stopping, asked for too much, or behind a proxy that does not reach it. */
function isBusy(error: unknown): boolean {
  return isAirlockError(error) && [429, 502, 503, 504].includes(Number(error.subject.status));
}

async function follow(api: ApiClient, id: string | undefined): Promise<PullAnswer | undefined> {
  if (id === undefined) return undefined;
  try {
    return answerShape.parse(await api.get(`pulls/${id}?wait=${ASK_SECONDS}`));
  } catch (error) {
    if (isAirlockError(error) && error.subject.code === 'EntryNotFound') return undefined;
    throw error;
  }
}

function exitStatus(answers: readonly Outcome[], wait: boolean): number {
  const states = new Set(answers.map(({ state }) => state));
  if (states.has('failed') || (wait && states.has('running'))) return EXIT.failure;
  states.delete('approved');
  states.delete('running');
  return states.size === 0 ? 0 : EXIT.refused;
}

function asText({
  asked,
  repo,
  commit,
  state,
  files,
  bytes,
  reasons = [],
  by,
  reason,
  error,
  intake,
  case: caseId,
}: Outcome): string {
  const at = commit === undefined ? '' : `  ${commit}`;
  const size = files === undefined || bytes === undefined ? '' : `  ${files} files, ${bytesText(bytes)}`;
  const going = state === 'running' ? `  ${intake?.stage ?? 'queued'}; the intake goes on` : '';
  const question = caseId === undefined ? '' : ` (case ${caseId})`;
  const lines = [
    `${printed(asked)}: ${state}${question}${at}${size}${going}`,
    ...reasons
      .filter(({ accepted, effect }) => accepted === undefined && effect !== 'note')
      .map(({ effect, message }) => `  ${effect}: ${printed(message)}`),
    ...(state === 'held' && caseId !== undefined
      ? [`  a reviewer can answer: airlock case approve ${caseId} --reason "..."`]
      : []),
    ...(state === 'held' && caseId === undefined && commit !== undefined
      ? [`  a reviewer can release it: airlock approve ${printed(repo)}@${commit} --reason "..."`]
      : []),
    ...(by === undefined ? [] : [`  by ${printed(by)}: ${printed(reason ?? '')}`]),
    ...(error === undefined ? [] : [`  ${printed(error)}`]),
  ];
  return `${lines.join('\n')}\n`;
}

function nameOf({ repo, revision }: SubjectArgument): string {
  return `${repoName(repo)}@${revisionText(revision)}`;
}

function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (!/^\d{1,7}$/.test(text) || seconds < 1) throw new InvalidArgumentError('Give a whole number of seconds.');
  return seconds;
}
