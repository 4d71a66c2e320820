// SPDX-License-Identifier: Apache-2.0
import type { Kysely } from 'kysely';
import type { Outcome } from '#src/domain/decision.ts';
import type { Repo } from '#src/domain/repo.ts';
import type { CommitSha } from '#src/domain/revision.ts';
import type { DecisionRow, Tables } from './schema.ts';
import type { Guard } from './sqlite.ts';

export interface Decisions {
  /** Keep the decision for a commit in place of an earlier one. */
  put(row: DecisionRow): Promise<void>;
  get(repo: Repo, commit: CommitSha): Promise<DecisionRow | undefined>;
  /** Newest first. */
  list(query: { readonly outcome?: Outcome; readonly limit: number }): Promise<DecisionRow[]>;
  /** With its evidence. Removing what is not there is no error. */
  remove(repo: Repo, commit: CommitSha): Promise<void>;
}

export function decisionQueries(db: Kysely<Tables>, guard: Guard): Decisions {
  return {
    put: (decision) =>
      guard(async () => {
        const row = { ...decision, complete: decision.complete ? (1 as const) : (0 as const) };
        const insert = db.insertInto('decisions').values(row);
        await insert.onConflict((c) => c.columns(['kind', 'repo', 'commit']).doUpdateSet(row)).execute();
      }),
    get: (repo, commit) =>
      guard(async () => {
        const row = await db
          .selectFrom('decisions')
          .selectAll()
          .where('kind', '=', repo.kind)
          .where('repo', '=', repo.id)
          .where('commit', '=', commit)
          .executeTakeFirst();
        return row && fromTable(row);
      }),
    list: ({ outcome, limit }) =>
      guard(async () => {
        const all = db.selectFrom('decisions').selectAll();
        const some = outcome === undefined ? all : all.where('outcome', '=', outcome);
        const rows = await some.orderBy('decidedAt', 'desc').orderBy('repo').orderBy('commit').limit(limit).execute();
        return rows.map(fromTable);
      }),
    remove: (repo, commit) =>
      guard(async () => {
        // Evidence without a decision is looked at by nobody; a decision without it has no answer for a dry run.
        for (const table of ['decisions', 'evidence'] as const)
          await db
            .deleteFrom(table)
            .where('kind', '=', repo.kind)
            .where('repo', '=', repo.id)
            .where('commit', '=', commit)
            .execute();
      }),
  };
}

function fromTable(row: Tables['decisions']): DecisionRow {
  return { ...row, complete: row.complete === 1 };
}
