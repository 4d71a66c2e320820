// SPDX-License-Identifier: Apache-2.0
import { type Kysely, sql } from 'kysely';
import type { Repo } from '#src/domain/repo.ts';
import type { CaseRow, Tables } from './schema.ts';
import type { Guard } from './sqlite.ts';

export interface CaseLimits {
  readonly maxOpen: number;
  /** Open ones that one requester began; undefined: no limit of its own. */
  readonly maxOpenOfOne: number | undefined;
}

/** How a case ended. `by` is a person, or `policy`. */
export interface CaseEnd {
  readonly state: 'approved' | 'rejected' | 'closed';
  readonly by: string;
  readonly reason: string;
  readonly at: string;
}

export interface CaseFilter {
  readonly state?: CaseRow['state'] | undefined;
  readonly assignee?: string | undefined;
  /** Those with a smaller number: the last one of the page before. */
  readonly before?: number | undefined;
  readonly limit: number;
}

/** Questions for a person, by number. A row decides nothing: the signed records say what a person answered. */
export interface Cases {
  /**
   * Open a case, unless its subject has an open one. Undefined: it has, or the limits are reached. Of two processes
   * that ask at the same time one opens it.
   */
  open(row: Omit<CaseRow, 'id'>, limits: CaseLimits): Promise<CaseRow | undefined>;
  openOf(subject: string): Promise<CaseRow | undefined>;
  /** Open ones about the repo and its commits. */
  openOfRepo(repo: Repo): Promise<CaseRow[]>;
  /** Open ones about sources. */
  openSources(): Promise<CaseRow[]>;
  get(id: number): Promise<CaseRow | undefined>;
  countOpen(): Promise<number>;
  /** Newest first. */
  list(filter: CaseFilter): Promise<CaseRow[]>;
  /** The row as it is then. Undefined: there is no such case, or it had ended before. */
  end(id: number, end: CaseEnd): Promise<CaseRow | undefined>;
  /** Change an open one. Undefined as in {@link end}. */
  change(
    id: number,
    to: { assignee?: string | null; twoPeople?: 0 | 1; updatedAt: string },
  ): Promise<CaseRow | undefined>;
  /** Open ones that nobody asked about since, which no person has taken up: the longest forgotten first. */
  forgotten(before: string, limit: number): Promise<CaseRow[]>;
  /** Remove those that ended before; their requesters and notes go with them. The highest number always stays. */
  prune(before: string, limit: number): Promise<number>;
}

/** Tries to get a number of its own, where several processes open cases at the same time. */
const TRIES = 20;

export function caseQueries(db: Kysely<Tables>, guard: Guard): Cases {
  const openOf = (subject: string) =>
    db.selectFrom('cases').selectAll().where('subject', '=', subject).where('state', '=', 'open').executeTakeFirst();
  return {
    open: (row, limits) =>
      guard(async () => {
        for (let tries = 0; tries < TRIES; tries++) {
          const opened = await insertCase(db, row, limits);
          if (opened) return opened;
          // Its subject has one, or there is no room; else another process took the number.
          if ((await openOf(row.subject)) || !(await hasRoom(db, row, limits))) return undefined;
        }
        return undefined;
      }),
    openOf: (subject) => guard(() => openOf(subject)),
    openOfRepo: ({ kind, id }) =>
      guard(() =>
        db
          .selectFrom('cases')
          .selectAll()
          .where('state', '=', 'open')
          .where('kind', '=', kind)
          .where('repo', '=', id)
          .execute(),
      ),
    openSources: () =>
      guard(() => db.selectFrom('cases').selectAll().where('state', '=', 'open').where('commit', 'is', null).execute()),
    get: (id) => guard(() => db.selectFrom('cases').selectAll().where('id', '=', id).executeTakeFirst()),
    countOpen: () =>
      guard(async () => {
        const open = db.selectFrom('cases').where('state', '=', 'open');
        const row = await open.select(({ fn }) => fn.countAll<number>().as('open')).executeTakeFirst();
        return Number(row?.open ?? 0);
      }),
    list: ({ state, assignee, before, limit }) =>
      guard(() => {
        let query = db.selectFrom('cases').selectAll();
        if (state !== undefined) query = query.where('state', '=', state);
        if (assignee !== undefined) query = query.where('assignee', '=', assignee);
        if (before !== undefined) query = query.where('id', '<', before);
        return query.orderBy('id', 'desc').limit(limit).execute();
      }),
    end: (id, { state, by, reason, at }) =>
      guard(() =>
        db
          .updateTable('cases')
          .set({ state, endedBy: by, endedReason: reason, updatedAt: at })
          .where('id', '=', id)
          .where('state', '=', 'open')
          .returningAll()
          .executeTakeFirst(),
      ),
    change: (id, to) =>
      guard(() =>
        db
          .updateTable('cases')
          .set(to)
          .where('id', '=', id)
          .where('state', '=', 'open')
          .returningAll()
          .executeTakeFirst(),
      ),
    forgotten: (before, limit) =>
      guard(() =>
        db
          .selectFrom('cases')
          .selectAll()
          .where('state', '=', 'open')
          .where('askedAt', '<', before)
          .where('updatedAt', '<', before)
          .where('assignee', 'is', null)
          .orderBy('askedAt')
          .limit(limit)
          .execute(),
      ),
    prune: (before, limit) =>
      guard(async () => {
        const ended = await db
          .selectFrom('cases')
          .select('id')
          .where('state', '!=', 'open')
          .where('updatedAt', '<', before)
          // A number is never given out twice.
          .where('id', '<', ({ selectFrom }) => selectFrom('cases').select(({ fn }) => fn.max('id').as('last')))
          .orderBy('id')
          .limit(limit)
          .execute();
        const ids = ended.map(({ id }) => id);
        if (ids.length === 0) return 0;
        // Those that hang on it first: a crash between the statements leaves a case without them, for the next time.
        await db.deleteFrom('caseRequesters').where('caseId', 'in', ids).execute();
        await db.deleteFrom('caseNotes').where('caseId', 'in', ids).execute();
        await db.deleteFrom('cases').where('id', 'in', ids).execute();
        return ids.length;
      }),
  };
}

/** Number, limits and row in one statement: what two processes read in between can not be out of date. */
async function insertCase(
  db: Kysely<Tables>,
  row: Omit<CaseRow, 'id'>,
  limits: CaseLimits,
): Promise<CaseRow | undefined> {
  const names = Object.keys(row) as (keyof typeof row)[];
  const columns = sql.join(names.map((name) => sql.ref(name)));
  const values = sql.join(names.map((name) => sql`${row[name]}`));
  const result = await sql<CaseRow>`
    insert into "cases" ("id", ${columns})
    select coalesce((select max("id") from "cases"), 0) + 1, ${values}
    where ${room(row.openedBy, limits)}
    on conflict do nothing
    returning *`.execute(db);
  return result.rows[0];
}

async function hasRoom(db: Kysely<Tables>, { openedBy }: Omit<CaseRow, 'id'>, limits: CaseLimits): Promise<boolean> {
  const result = await sql<{ room: number | boolean }>`select ${room(openedBy, limits)} as "room"`.execute(db);
  return Boolean(result.rows[0]?.room);
}

function room(openedBy: string, { maxOpen, maxOpenOfOne }: CaseLimits) {
  const all = sql`(select count(*) from "cases" where "state" = 'open') < ${maxOpen}`;
  if (maxOpenOfOne === undefined) return all;
  return sql`${all} and
    (select count(*) from "cases" where "state" = 'open' and "openedBy" = ${openedBy}) < ${maxOpenOfOne}`;
}
