// SPDX-License-Identifier: Apache-2.0
import type { Kysely } from 'kysely';
import type { IntakeRow, Tables } from './schema.ts';
import type { Guard } from './sqlite.ts';

type Fixed = 'id' | 'kind' | 'repo' | 'commit' | 'startedAt';
type IntakePatch = Partial<Omit<IntakeRow, Fixed>>;

export interface Intakes {
  /** Add an intake; false, and nothing added, when one is running for that commit or the id is taken. */
  begin(row: IntakeRow): Promise<boolean>;
  /** Change what the patch names; false when there is no such intake. */
  update(id: string, patch: IntakePatch): Promise<boolean>;
  /** All that run, oldest first. After a crash this includes those whose process is gone. */
  running(): Promise<IntakeRow[]>;
  /** Newest first, whatever their state. */
  recent(limit: number): Promise<IntakeRow[]>;
}

export function intakeQueries(db: Kysely<Tables>, guard: Guard): Intakes {
  return {
    begin: (row) =>
      guard(async () => {
        const insert = db.insertInto('intakes').values(row);
        const result = await insert.onConflict((c) => c.doNothing()).executeTakeFirst();
        return result.numInsertedOrUpdatedRows === 1n;
      }),
    update: (id, patch) =>
      guard(async () => {
        // The id set to itself keeps an empty patch valid SQL.
        const result = await db
          .updateTable('intakes')
          .set({ id, ...patch })
          .where('id', '=', id)
          .executeTakeFirst();
        return result.numUpdatedRows === 1n;
      }),
    running: () =>
      guard(() =>
        db
          .selectFrom('intakes')
          .selectAll()
          .where('state', '=', 'running')
          .orderBy('startedAt')
          .orderBy('id')
          .execute(),
      ),
    recent: (limit) =>
      guard(() =>
        db.selectFrom('intakes').selectAll().orderBy('startedAt', 'desc').orderBy('id', 'desc').limit(limit).execute(),
      ),
  };
}
