// SPDX-License-Identifier: Apache-2.0
import { type Kysely, sql } from 'kysely';
import type { AlertRow, Tables } from './schema.ts';
import type { Guard } from './sqlite.ts';

export interface AlertQuery {
  readonly open: boolean;
  /** Only alerts with a lower number. */
  readonly before?: number | undefined;
  readonly limit: number;
}

/** What upstream did that people should know of. An edited row can hide that, and changes nothing that is served. */
export interface Alerts {
  /** Number and keep it; undefined where the same fact is known already. */
  raise(alert: Omit<AlertRow, 'id' | 'acknowledgedAt' | 'acknowledgedBy' | 'words'>): Promise<AlertRow | undefined>;
  /** The newest first. */
  list(query: AlertQuery): Promise<AlertRow[]>;
  get(id: number): Promise<AlertRow | undefined>;
  /** Undefined where there is none of that number that is open. */
  acknowledge(id: number, act: { by: string; words: string; at: string }): Promise<AlertRow | undefined>;
}

export function alertQueries(db: Kysely<Tables>, guard: Guard): Alerts {
  return {
    raise: ({ fact, type, kind, repo, ref, commit, message, raisedAt }) =>
      guard(async () => {
        const columns = ['fact', 'type', 'kind', 'repo', 'ref', 'commit', 'message', 'raisedAt'];
        const result = await sql<AlertRow>`
          insert into "alerts" ("id", ${sql.join(columns.map((name) => sql.ref(name)))})
          select coalesce((select max("id") from "alerts"), 0) + 1,
            ${sql.join([fact, type, kind, repo, ref, commit, message, raisedAt])}
          where true
          on conflict do nothing
          returning *`.execute(db);
        return result.rows[0];
      }),
    list: ({ open, before, limit }) =>
      guard(() => {
        let query = db.selectFrom('alerts').selectAll();
        if (open) query = query.where('acknowledgedAt', 'is', null);
        if (before !== undefined) query = query.where('id', '<', before);
        return query.orderBy('id', 'desc').limit(limit).execute();
      }),
    get: (id) => guard(() => db.selectFrom('alerts').selectAll().where('id', '=', id).executeTakeFirst()),
    acknowledge: (id, { by, words, at }) =>
      guard(() =>
        db
          .updateTable('alerts')
          .set({ acknowledgedAt: at, acknowledgedBy: by, words })
          .where('id', '=', id)
          .where('acknowledgedAt', 'is', null)
          .returningAll()
          .executeTakeFirst(),
      ),
  };
}
