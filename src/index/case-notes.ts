// SPDX-License-Identifier: Apache-2.0
import { type Kysely, sql } from 'kysely';
import type { CaseNoteRow, Tables } from './schema.ts';
import type { Guard } from './sqlite.ts';

/** What was said and done about a case, in order. */
export interface CaseNotes {
  /** False: there is no such case, or it has as many notes as one may have. */
  add(note: Omit<CaseNoteRow, 'seq'>): Promise<boolean>;
  /** The oldest first. */
  list(caseId: number): Promise<CaseNoteRow[]>;
}

/** A case is no chat: who has more to say says it elsewhere. */
const MAX_NOTES = 500;
const TRIES = 20;

export function caseNoteQueries(db: Kysely<Tables>, guard: Guard): CaseNotes {
  async function insert({ caseId, at, by, act, text }: Omit<CaseNoteRow, 'seq'>): Promise<boolean> {
    const result = await sql`
      insert into "caseNotes" ("caseId", "seq", "at", "by", "act", "text")
      select ${caseId}, coalesce((select max("seq") from "caseNotes" where "caseId" = ${caseId}), 0) + 1,
        ${at}, ${by}, ${act}, ${text}
      where exists (select 1 from "cases" where "id" = ${caseId})
        and (select count(*) from "caseNotes" where "caseId" = ${caseId}) < ${MAX_NOTES}
      on conflict do nothing
      returning "seq"`.execute(db);
    return result.rows.length === 1;
  }
  async function hasRoom(caseId: number): Promise<boolean> {
    const result = await sql<{ room: number | boolean }>`
      select exists (select 1 from "cases" where "id" = ${caseId})
        and (select count(*) from "caseNotes" where "caseId" = ${caseId}) < ${MAX_NOTES} as "room"`.execute(db);
    return Boolean(result.rows[0]?.room);
  }
  return {
    add: (note) =>
      guard(async () => {
        for (let tries = 0; tries < TRIES; tries++) {
          if (await insert(note)) return true;
          // Else another process took the number.
          if (!(await hasRoom(note.caseId))) return false;
        }
        return false;
      }),
    list: (caseId) =>
      guard(() => db.selectFrom('caseNotes').selectAll().where('caseId', '=', caseId).orderBy('seq').execute()),
  };
}
