// SPDX-License-Identifier: Apache-2.0
import type { Kysely } from 'kysely';
import type { RescanRow, Tables } from './schema.ts';
import type { Guard } from './sqlite.ts';

/** Of passes before the last one nothing is asked; some are kept for whoever looks into the database. */
const KEPT = 20;

/** Passes over all releases, so that a start knows whether the rules in force have seen them. */
export interface Rescans {
  /** Keep a pass in place of what was known of it. */
  put(row: RescanRow): Promise<void>;
  /** The last one that began. */
  last(): Promise<RescanRow | undefined>;
}

export function rescanQueries(db: Kysely<Tables>, guard: Guard): Rescans {
  return {
    put: (row) =>
      guard(async () => {
        const insert = db.insertInto('rescans').values(row);
        await insert.onConflict((c) => c.column('startedAt').doUpdateSet(row)).execute();
        const newest = db.selectFrom('rescans').select('startedAt').orderBy('startedAt', 'desc').limit(KEPT);
        await db.deleteFrom('rescans').where('startedAt', 'not in', newest).execute();
      }),
    last: () =>
      guard(async () => db.selectFrom('rescans').selectAll().orderBy('startedAt', 'desc').limit(1).executeTakeFirst()),
  };
}
