// SPDX-License-Identifier: Apache-2.0
import type { Kysely } from 'kysely';
import type { Repo } from '#src/domain/repo.ts';
import type { Ref } from '#src/domain/revision.ts';
import type { RefRow, Tables } from './schema.ts';
import type { Guard } from './sqlite.ts';

export interface Refs {
  /** Keep what upstream says now in place of what it said before. */
  put(row: RefRow): Promise<void>;
  get(repo: Repo, ref: Ref): Promise<RefRow | undefined>;
  /** All refs known of a repo, by name. */
  all(repo: Repo): Promise<RefRow[]>;
  /** Those last checked before a time, the longest unchecked first. */
  due(before: string, limit: number): Promise<RefRow[]>;
}

export function refQueries(db: Kysely<Tables>, guard: Guard): Refs {
  const of = (repo: Repo) =>
    db.selectFrom('refs').selectAll().where('kind', '=', repo.kind).where('repo', '=', repo.id);
  return {
    put: (row) =>
      guard(async () => {
        const insert = db.insertInto('refs').values(row);
        await insert.onConflict((c) => c.columns(['kind', 'repo', 'ref']).doUpdateSet(row)).execute();
      }),
    get: (repo, ref) => guard(() => of(repo).where('ref', '=', ref).executeTakeFirst()),
    all: (repo) => guard(() => of(repo).orderBy('ref').execute()),
    due: (before, limit) =>
      guard(() =>
        db.selectFrom('refs').selectAll().where('checkedAt', '<', before).orderBy('checkedAt').limit(limit).execute(),
      ),
  };
}
