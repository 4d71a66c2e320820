// SPDX-License-Identifier: Apache-2.0
import type { Kysely } from 'kysely';
import type { RefRow, Tables, WatchRow } from './schema.ts';
import type { Guard } from './sqlite.ts';

/** When upstream is asked next what became of a ref. */
export interface Watches {
  put(row: WatchRow): Promise<void>;
  /** Refs whose time has come: those that were never looked at first, then the longest overdue. */
  due(now: string, limit: number): Promise<RefRow[]>;
}

export function watchQueries(db: Kysely<Tables>, guard: Guard): Watches {
  return {
    put: (row) =>
      guard(async () => {
        const insert = db.insertInto('watches').values(row);
        await insert.onConflict((c) => c.columns(['kind', 'repo', 'ref']).doUpdateSet(row)).execute();
      }),
    due: (now, limit) =>
      guard(() =>
        db
          .selectFrom('refs')
          .leftJoin('watches', (join) =>
            join
              .onRef('watches.kind', '=', 'refs.kind')
              .onRef('watches.repo', '=', 'refs.repo')
              .onRef('watches.ref', '=', 'refs.ref'),
          )
          .selectAll('refs')
          .where((is) => is.or([is('watches.dueAt', 'is', null), is('watches.dueAt', '<=', now)]))
          .orderBy(({ fn, val }) => fn.coalesce('watches.dueAt', val('')))
          .limit(limit)
          .execute(),
      ),
  };
}
