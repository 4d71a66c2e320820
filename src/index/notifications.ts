// SPDX-License-Identifier: Apache-2.0
import { type Kysely, sql } from 'kysely';
import type { NotificationRow, Tables } from './schema.ts';
import type { Guard } from './sqlite.ts';

/** Rows in one statement: nine parameters each. */
const BATCH = 500;

/** Which rows a person means: all that have what it names. */
export interface NotificationFilter {
  readonly state?: NotificationRow['state'];
  readonly endpoint?: string;
  readonly id?: string;
}

/** How many rows stay. Of `pending` and `dead`: for each endpoint. */
export interface NotificationLimits {
  readonly pending: number;
  readonly sent: number;
  readonly dead: number;
}

export interface Notifications {
  /** Durable when it returns. An id that is there, waits, and was never tried gets the new body; any other stays. */
  put(rows: readonly NotificationRow[]): Promise<void>;
  /** What waits for an endpoint and is due, oldest first. */
  due(endpoint: string, now: string): Promise<NotificationRow | undefined>;
  /** When the next one is due; undefined when none waits. */
  nextAt(endpoint: string): Promise<string | undefined>;
  /**
   * Take a row for one try, which counts from now on: false when somebody else has it. Until `until` nobody gets it
   * again; whoever dies meanwhile leaves it to the next.
   */
  claim(row: NotificationRow, until: string): Promise<boolean>;
  /** Change what the patch names; nothing when there is no such row. */
  update(id: string, patch: Partial<Pick<NotificationRow, 'state' | 'nextAt' | 'lastError'>>): Promise<void>;
  /** Newest first. */
  list(filter: NotificationFilter, limit: number): Promise<NotificationRow[]>;
  /** Dead ones wait again, as if never tried. How many. */
  revive(filter: NotificationFilter, now: string): Promise<number>;
  /** Dead ones are forgotten. How many. */
  discard(filter: NotificationFilter): Promise<number>;
  /** Whatever waits for this endpoint is dead. How many. */
  bury(endpoint: string, lastError: string): Promise<number>;
  /** Endpoints that something waits for. */
  endpoints(): Promise<string[]>;
  /** Above the limits, the oldest go: what waits dies, the others are forgotten. How many died. */
  trim(endpoint: string, limits: NotificationLimits): Promise<number>;
}

export function notificationQueries(db: Kysely<Tables>, guard: Guard): Notifications {
  const dead = { state: 'dead' } as const;
  const changed = async (query: { executeTakeFirst(): Promise<{ numUpdatedRows: bigint }> }) =>
    Number((await query.executeTakeFirst()).numUpdatedRows);

  function beyond(state: NotificationRow['state'], keep: number, endpoint?: string) {
    let kept = db.selectFrom('notifications').select('id').where('state', '=', state);
    if (endpoint !== undefined) kept = kept.where('endpoint', '=', endpoint);
    // The id of the newest that is too old; without one, null, which nothing is below of.
    return kept.orderBy('id', 'desc').offset(keep).limit(1);
  }

  return {
    put: (rows) =>
      guard(async () => {
        for (let at = 0; at < rows.length; at += BATCH)
          await db
            .insertInto('notifications')
            .values(rows.slice(at, at + BATCH))
            .onConflict((c) =>
              c
                .column('id')
                .doUpdateSet({ body: sql`excluded."body"` })
                .where('notifications.state', '=', 'pending')
                .where('notifications.attempts', '=', 0),
            )
            .execute();
      }),
    due: (endpoint, now) =>
      guard(() =>
        waiting(db, endpoint).selectAll().where('nextAt', '<=', now).orderBy('id').limit(1).executeTakeFirst(),
      ),
    nextAt: (endpoint) =>
      guard(async () => {
        const row = await waiting(db, endpoint)
          .select(({ fn }) => fn.min('nextAt').as('at'))
          .executeTakeFirst();
        return row?.at ?? undefined;
      }),
    claim: (row, until) =>
      guard(async () => {
        const query = db
          .updateTable('notifications')
          .set({ attempts: row.attempts + 1, nextAt: until })
          .where('id', '=', row.id)
          .where('state', '=', 'pending')
          .where('attempts', '=', row.attempts)
          .where('nextAt', '=', row.nextAt);
        return (await changed(query)) === 1;
      }),
    update: (id, patch) =>
      guard(async () => {
        await db
          .updateTable('notifications')
          .set({ id, ...patch })
          .where('id', '=', id)
          .execute();
      }),
    list: (filter, limit) =>
      guard(() =>
        db
          .selectFrom('notifications')
          .selectAll()
          .where(({ and }) => and(filter))
          .orderBy('id', 'desc')
          .limit(limit)
          .execute(),
      ),
    revive: (filter, now) =>
      guard(() =>
        changed(
          db
            .updateTable('notifications')
            .set({ state: 'pending', attempts: 0, nextAt: now })
            .where(({ and }) => and({ ...filter, ...dead })),
        ),
      ),
    discard: (filter) =>
      guard(async () => {
        const query = db.deleteFrom('notifications').where(({ and }) => and({ ...filter, ...dead }));
        return Number((await query.executeTakeFirst()).numDeletedRows);
      }),
    bury: (endpoint, lastError) =>
      guard(() =>
        changed(
          db
            .updateTable('notifications')
            .set({ ...dead, lastError })
            .where('state', '=', 'pending')
            .where('endpoint', '=', endpoint),
        ),
      ),
    endpoints: () =>
      guard(async () => {
        const rows = await db
          .selectFrom('notifications')
          .select('endpoint')
          .where('state', '=', 'pending')
          .distinct()
          .execute();
        return rows.map(({ endpoint }) => endpoint);
      }),
    trim: (endpoint, limits) =>
      guard(async () => {
        const died = await changed(
          db
            .updateTable('notifications')
            .set({ ...dead, lastError: `more than ${limits.pending} wait for this endpoint` })
            .where('state', '=', 'pending')
            .where('endpoint', '=', endpoint)
            .where('id', '<=', beyond('pending', limits.pending, endpoint)),
        );
        const old = db.deleteFrom('notifications');
        await old
          .where('state', '=', 'dead')
          .where('endpoint', '=', endpoint)
          .where('id', '<=', beyond('dead', limits.dead, endpoint))
          .execute();
        await old.where('state', '=', 'sent').where('id', '<=', beyond('sent', limits.sent)).execute();
        return died;
      }),
  };
}

function waiting(db: Kysely<Tables>, endpoint: string) {
  return db.selectFrom('notifications').where('state', '=', 'pending').where('endpoint', '=', endpoint);
}
