// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import type { Clock } from '#src/domain/clock.ts';
import { AirlockError, messageOf } from '#src/domain/errors.ts';
import { repoKey } from '#src/domain/repo.ts';
import type { Index } from '#src/index/index.ts';
import type { Job } from './job.ts';
import type { IntakeOutcome, Progress } from './progress.ts';
import type { Tracker } from './tracker.ts';

export interface RecordDeps {
  readonly index: Pick<Index, 'intakes'>;
  readonly clock: Clock;
  readonly log: { info(details: object, text: string): void };
}

/**
 * Run an intake with a row in the index that outlives a crash: the next process takes it up. A run that `stopping`
 * ended has not failed: its row stays "running" on purpose.
 */
export async function recordedRun(
  { index, clock, log }: RecordDeps,
  { repo, ref, source }: Job,
  tracker: Tracker,
  stopping: AbortSignal,
  run: () => Promise<IntakeOutcome>,
): Promise<IntakeOutcome> {
  const id = randomUUID();
  const about = { intake: id, repo: repoKey(repo), commit: source.commit };
  const now = () => ({ updatedAt: clock.now().toISOString(), ...counters(tracker.snapshot()) });
  const name = { id, kind: repo.kind, repo: repo.id, commit: source.commit, ref: ref ?? null };
  const startedAt = clock.now().toISOString();
  await index.intakes.begin({ ...name, state: 'running', errorCode: null, errorMessage: null, startedAt, ...now() });
  log.info(about, 'intake started');
  try {
    const outcome = await run();
    await index.intakes.update(id, { state: 'done', ...now() });
    const ended = outcome.type === 'refused' ? outcome.decision.outcome : outcome.type;
    log.info({ ...about, outcome: ended }, 'intake ended');
    return outcome;
  } catch (error) {
    if (stopping.aborted) throw error;
    const errorCode = error instanceof AirlockError ? error.code : 'internal';
    await index.intakes.update(id, { state: 'failed', errorCode, errorMessage: messageOf(error), ...now() });
    throw error;
  }
}

function counters({ stage, bytesDone, bytesTotal, filesDone, filesTotal }: Progress) {
  return { stage, bytesDone, bytesTotal, filesDone, filesTotal };
}
