// SPDX-License-Identifier: Apache-2.0
import type { Kysely } from 'kysely';
import type { Repo } from '#src/domain/repo.ts';
import type { CommitSha } from '#src/domain/revision.ts';
import type { EvidenceRow, Tables } from './schema.ts';
import type { Guard } from './sqlite.ts';

/**
 * What refusals were decided over, apart from the decisions, whose rows are read in lists. Nothing is approved by it: it
 * tells what a changed policy would say, and when to ask again.
 */
export interface EvidenceRows {
  /** In place of an earlier one of the commit. */
  put(row: EvidenceRow): Promise<void>;
  get(repo: Repo, commit: CommitSha): Promise<EvidenceRow | undefined>;
  /** Whose time has come, those that wait longest first; without the evidence itself. */
  due(now: string, limit: number): Promise<Omit<EvidenceRow, 'body'>[]>;
  /** When to ask again; nothing where the row is gone. */
  askAgain(repo: Repo, commit: CommitSha, at: string): Promise<void>;
}

export function evidenceQueries(db: Kysely<Tables>, guard: Guard): EvidenceRows {
  return {
    put: (row) =>
      guard(async () => {
        const insert = db.insertInto('evidence').values(row);
        await insert.onConflict((c) => c.columns(['kind', 'repo', 'commit']).doUpdateSet(row)).execute();
      }),
    get: (repo, commit) =>
      guard(async () => {
        const ofRepo = db.selectFrom('evidence').selectAll().where('kind', '=', repo.kind).where('repo', '=', repo.id);
        return ofRepo.where('commit', '=', commit).executeTakeFirst();
      }),
    due: (now, limit) =>
      guard(async () => {
        const rows = db.selectFrom('evidence').select(['kind', 'repo', 'commit', 'askAgainAt']);
        return rows.where('askAgainAt', '<=', now).orderBy('askAgainAt').limit(limit).execute();
      }),
    askAgain: (repo, commit, askAgainAt) =>
      guard(async () => {
        const row = db.updateTable('evidence').set({ askAgainAt }).where('kind', '=', repo.kind);
        await row.where('repo', '=', repo.id).where('commit', '=', commit).execute();
      }),
  };
}
