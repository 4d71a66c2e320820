// SPDX-License-Identifier: Apache-2.0
import { type Kysely, sql } from 'kysely';

export async function cases(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('cases')
    .addColumn('id', 'integer', (c) => c.primaryKey())
    .addColumn('subject', 'text', (c) => c.notNull())
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('repo', 'text', (c) => c.notNull())
    .addColumn('commit', 'text')
    .addColumn('state', 'text', (c) => c.notNull().check(sql`"state" in ('open', 'approved', 'rejected', 'closed')`))
    .addColumn('reasons', 'text', (c) => c.notNull())
    .addColumn('openedAt', 'text', (c) => c.notNull())
    .addColumn('openedBy', 'text', (c) => c.notNull())
    .addColumn('asked', 'integer', (c) => c.notNull())
    .addColumn('askedAt', 'text', (c) => c.notNull())
    .addColumn('assignee', 'text')
    .addColumn('twoPeople', 'integer', (c) => c.notNull().check(sql`"twoPeople" in (0, 1)`))
    .addColumn('updatedAt', 'text', (c) => c.notNull())
    .addColumn('endedBy', 'text')
    .addColumn('endedReason', 'text')
    .execute();
  // One open case of a subject: the database refuses a second, whichever process asks.
  await sql`create unique index "casesOpen" on "cases" ("subject") where "state" = 'open'`.execute(db);
  await sql`create index "casesOpenedBy" on "cases" ("openedBy") where "state" = 'open'`.execute(db);
  await sql`create index "casesOpenRepo" on "cases" ("kind", "repo") where "state" = 'open'`.execute(db);
  await db.schema.createIndex('casesState').on('cases').columns(['state', 'id']).execute();
  await caseRequesters(db);
  await db.schema
    .createTable('caseNotes')
    .addColumn('caseId', 'integer', (c) => c.notNull())
    .addColumn('seq', 'integer', (c) => c.notNull())
    .addColumn('at', 'text', (c) => c.notNull())
    .addColumn('by', 'text', (c) => c.notNull())
    .addColumn('act', 'text', (c) => c.notNull())
    .addColumn('text', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('caseNotesKey', ['caseId', 'seq'])
    .execute();
}

async function caseRequesters(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('caseRequesters')
    .addColumn('caseId', 'integer', (c) => c.notNull())
    .addColumn('who', 'text', (c) => c.notNull())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('why', 'text')
    .addColumn('times', 'integer', (c) => c.notNull())
    .addColumn('firstAt', 'text', (c) => c.notNull())
    .addColumn('lastAt', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('caseRequestersKey', ['caseId', 'who'])
    .execute();
}
