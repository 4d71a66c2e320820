// SPDX-License-Identifier: Apache-2.0
import type { Catalog } from '#src/catalog/catalog.ts';
import type { Clock } from '#src/domain/clock.ts';
import { messageOf } from '#src/domain/errors.ts';
import { parseRepo } from '#src/domain/repo.ts';
import type { Index } from '#src/index/index.ts';
import type { Watch } from '#src/watch/watch.ts';
import { ended } from './ended.ts';
import type { Intakes } from './intakes.ts';
import { recheckWaiting } from './recheck-waiting.ts';
import type { FollowOf } from './ref-pins.ts';

export interface RecheckDeps {
  readonly index: Pick<Index, 'refs' | 'evidence'>;
  readonly catalog: Pick<Catalog, 'served'>;
  readonly intakes: Intakes;
  readonly clock: Clock;
  readonly follow: FollowOf;
  readonly recheckMinutes: number;
  readonly watch: Pick<Watch, 'ref' | 'round'>;
  /** How long one ref may keep the others from their turn; its intake goes on by itself. Default: a minute. */
  readonly waitSeconds?: number;
  readonly log: { warn(details: object, text: string): void };
}

/** Refs that one round looks at. */
const PER_ROUND = 50;
const ROUND_MILLISECONDS = 30_000;

/**
 * Look again at refs, each at most once in `recheckMinutes`: at those that point to nothing approved (their head may
 * have moved past what was denied, or policy may have changed), and at every branch when pins follow upstream. Beside
 * that, see what became upstream of what is approved.
 * Returns how to stop.
 */
export function startRechecks(deps: RecheckDeps): () => Promise<void> {
  let round: Promise<unknown> = Promise.resolve();
  let stopped = false;
  const timer = setInterval(() => {
    round = round
      .then(() => recheckWaiting(deps, () => stopped))
      .then(() => recheckDue(deps, () => stopped))
      .then(() => (stopped ? 0 : deps.watch.round()))
      .catch((error: unknown) => deps.log.warn({ err: error }, `recheck failed: ${messageOf(error)}`));
  }, ROUND_MILLISECONDS);
  timer.unref();
  return async () => {
    stopped = true;
    clearInterval(timer);
    await round;
  };
}

export async function recheckDue(deps: RecheckDeps, stopped: () => boolean = () => false): Promise<number> {
  const before = new Date(deps.clock.now().getTime() - deps.recheckMinutes * 60_000).toISOString();
  let looked = 0;
  for (const row of await deps.index.refs.due(before, PER_ROUND)) {
    if (stopped()) break;
    // Marked first: a ref whose check fails waits its turn again, instead of being asked for in every round.
    await deps.index.refs.put({ ...row, checkedAt: deps.clock.now().toISOString() });
    const repo = parseRepo(row.kind, row.repo);
    const state = await deps.catalog.served(repo);
    const pin = state.pins.get(row.ref);
    const settled = pin !== undefined && state.commits.get(pin.commit)?.status === 'approved';
    if (settled && (deps.follow(repo) === 'manual' || row.refKind === 'tag')) continue;
    // Before the pin moves: afterwards nobody can tell that the branch was rewritten.
    if (settled) await deps.watch.ref(repo, row.ref);
    await ended(deps.intakes.request(repo, { type: 'ref', ref: row.ref }), deps.waitSeconds ?? 60);
    looked++;
  }
  return looked;
}
