// SPDX-License-Identifier: Apache-2.0
import type { Clock } from '#src/domain/clock.ts';
import { parseRepo } from '#src/domain/repo.ts';
import type { Index } from '#src/index/index.ts';
import { ended } from './ended.ts';
import type { Intakes } from './intakes.ts';

export interface RecheckWaitingDeps {
  readonly index: Pick<Index, 'evidence'>;
  readonly intakes: Pick<Intakes, 'request'>;
  readonly clock: Clock;
  /** How long after one that failed the next try is. */
  readonly recheckMinutes: number;
  readonly waitSeconds?: number;
}

/** Commits that one round asks for. */
const PER_ROUND = 20;

/**
 * Ask again for commits that waited for nothing but time, such as a cooling-off, once that is over. The whole intake
 * runs, over upstream and the bytes as they are now: an edited row can have something asked for, and no more.
 */
export async function recheckWaiting(deps: RecheckWaitingDeps, stopped: () => boolean): Promise<number> {
  const { index, intakes, clock, recheckMinutes, waitSeconds = 60 } = deps;
  let asked = 0;
  for (const { kind, repo: id, commit } of await index.evidence.due(clock.now().toISOString(), PER_ROUND)) {
    if (stopped()) break;
    const repo = parseRepo(kind, id);
    // Marked first: a crash, or an upstream that is away, has it wait its turn again. A decision writes the row anew.
    const next = new Date(clock.now().getTime() + recheckMinutes * 60_000).toISOString();
    await index.evidence.askAgain(repo, commit, next);
    await ended(intakes.request(repo, { type: 'commit', commit }, { afresh: true }), waitSeconds);
    asked++;
  }
  return asked;
}
