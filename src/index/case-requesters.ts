// SPDX-License-Identifier: Apache-2.0
import { type Kysely, sql } from 'kysely';
import type { CaseRequesterRow, Tables } from './schema.ts';
import type { Guard } from './sqlite.ts';

/** Who asked for what a case is about. The first fifty are kept by name, the others as one. */
export interface CaseRequesters {
  /** Add these to what is known. Those of a case that is gone are ignored. At most {@link MAX_BATCH} rows. */
  count(rows: readonly AskedRow[]): Promise<void>;
  /** Keep why somebody needs it; the last word counts. Counts as asking once. */
  say(row: AskedRow & { readonly why: string }): Promise<void>;
  /** Those who said why first, then who asked most. */
  list(caseId: number): Promise<CaseRequesterRow[]>;
}

export type AskedRow = Omit<CaseRequesterRow, 'why'>;

/** Rows in one statement. */
export const MAX_BATCH = 500;
const MAX_NAMED = 50;
/** Stands for those that are not kept by name. No requester's key is without a colon. */
export const OTHERS = 'others';

export function caseRequesterQueries(db: Kysely<Tables>, guard: Guard): CaseRequesters {
  async function count(rows: readonly AskedRow[]): Promise<void> {
    const values = sql.join(
      rows.map(
        ({ caseId, who, name, times, firstAt, lastAt }) =>
          sql`(${caseId}, ${who}, ${name}, ${times}, ${firstAt}, ${lastAt})`,
      ),
    );
    // One statement for many: each write of its own would cost a flush to the disk.
    await sql`
      insert into "caseRequesters" ("caseId", "who", "name", "times", "firstAt", "lastAt")
      select "caseId", "target", max("said"), sum("times"), min("firstAt"), max("lastAt") from (
        select cast(v.column1 as integer) as "caseId", cast(v.column4 as integer) as "times",
          v.column5 as "firstAt", v.column6 as "lastAt",
          case when ${isKept()} then v.column2 else ${OTHERS} end as "target",
          case when ${isKept()} then v.column3 else ${OTHERS} end as "said"
        from (values ${values}) as v
        where exists (select 1 from "cases" c where c."id" = cast(v.column1 as integer))
      ) as asked
      group by "caseId", "target"
      on conflict ("caseId", "who") do update set
        "times" = "caseRequesters"."times" + excluded."times",
        "lastAt" = case when excluded."lastAt" > "caseRequesters"."lastAt"
          then excluded."lastAt" else "caseRequesters"."lastAt" end`.execute(db);
    await sumUp(db, rows);
  }

  return {
    count: (rows) => guard(async () => (rows.length === 0 ? undefined : count(rows))),
    say: ({ why, ...row }) =>
      guard(async () => {
        await count([row]);
        const { caseId, who } = row;
        await db
          .updateTable('caseRequesters')
          .set({ why })
          .where('caseId', '=', caseId)
          .where('who', '=', who)
          .execute();
      }),
    list: (caseId) =>
      guard(() =>
        db
          .selectFrom('caseRequesters')
          .selectAll()
          .where('caseId', '=', caseId)
          .orderBy(({ eb }) => eb.case().when('why', 'is', null).then(1).else(0).end())
          .orderBy('times', 'desc')
          .orderBy('who')
          .execute(),
      ),
  };
}

/** Known by name already, or there is room for one more. */
function isKept() {
  const ofCase = sql`from "caseRequesters" r where r."caseId" = cast(v.column1 as integer)`;
  return sql`(exists (select 1 ${ofCase} and r."who" = v.column2) or (select count(*) ${ofCase}) < ${MAX_NAMED})`;
}

/** The sums that stand in the case itself, so that a list of cases reads one table. */
async function sumUp(db: Kysely<Tables>, rows: readonly AskedRow[]): Promise<void> {
  const sums = new Map<number, { times: number; lastAt: string }>();
  for (const { caseId, times, lastAt } of rows) {
    const known = sums.get(caseId);
    sums.set(caseId, {
      times: times + (known?.times ?? 0),
      lastAt: known && known.lastAt > lastAt ? known.lastAt : lastAt,
    });
  }
  const all = [...sums];
  const pick = (value: (sum: { times: number; lastAt: string }) => number | string) =>
    sql`case "id" ${sql.join(
      all.map(([id, sum]) => sql`when ${id} then ${value(sum)}`),
      sql` `,
    )} end`;
  const last = sql<string>`${pick(({ lastAt }) => lastAt)}`;
  await db
    .updateTable('cases')
    .set({
      asked: sql`"asked" + cast(${pick(({ times }) => times)} as integer)`,
      askedAt: sql`case when "askedAt" < ${last} then ${last} else "askedAt" end`,
    })
    .where(
      'id',
      'in',
      all.map(([id]) => id),
    )
    .execute();
}
