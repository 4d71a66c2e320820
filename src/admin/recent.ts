// SPDX-License-Identifier: Apache-2.0
import type { Catalog } from '#src/catalog/catalog.ts';
import type { Repo } from '#src/domain/repo.ts';
import type { Index } from '#src/index/index.ts';
import type { IntakeRow } from '#src/index/schema.ts';

export interface RecentDeps {
  readonly catalog: Pick<Catalog, 'state'>;
  readonly index: Pick<Index, 'decisions'>;
}

type RecentRow = Pick<IntakeRow, keyof IntakeRow> & { outcome?: string };

/** Intakes with how each ended: `done` says only that nothing broke. */
export function recentJson(deps: RecentDeps, rows: readonly IntakeRow[]): Promise<RecentRow[]> {
  return Promise.all(
    rows.map(async (row) => (row.state === 'done' ? { ...row, outcome: await outcomeOf(deps, row) } : row)),
  );
}

/**
 * The run itself keeps no outcome. One that came to publishing was approved, unless the journal says that a person was
 * faster, or withdrew it since; any other was refused, and its decision stands as long as no later run replaced it.
 */
async function outcomeOf({ catalog, index }: RecentDeps, row: IntakeRow): Promise<string> {
  const repo: Repo = { kind: row.kind, id: row.repo };
  if (row.stage === 'publishing') {
    // A journal that can not be read is no reason to show nothing of all the others.
    const state = await catalog.state(repo).catch(() => undefined);
    const status = state?.commits.get(row.commit)?.status;
    return status === undefined || status === 'open' ? 'unknown' : status;
  }
  const decision = await index.decisions.get(repo, row.commit);
  const its = decision && decision.decidedAt >= row.startedAt && decision.decidedAt <= row.updatedAt;
  return its ? decision.outcome : 'refused';
}
