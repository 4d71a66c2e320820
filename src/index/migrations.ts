// SPDX-License-Identifier: Apache-2.0
import { type Kysely, sql } from 'kysely';
import { type Migration, Migrator } from 'kysely/migration';
import { alerts } from './alerts-migration.ts';
import { cases } from './cases-migration.ts';
import { releaseParts } from './release-parts-migration.ts';

/**
 * In order of their names. A migration that has been released is never edited: add the next one. Each is written
 * against the tables of its own day, hence `Kysely<unknown>`.
 */
const MIGRATIONS: Readonly<Record<string, Migration>> = {
  '0001-first-tables': { up: firstTables },
  '0002-rescans': { up: rescans },
  '0003-tokens': { up: tokens },
  '0004-listings': { up: listings },
  '0005-no-releases': { up: noReleases },
  '0006-evidence': { up: evidence },
  '0007-cases': { up: cases },
  '0008-notifications': { up: notifications },
  '0009-release-parts': { up: releaseParts },
  '0010-sealed-tokens': { up: sealedTokens },
  '0011-audit': { up: audit },
  '0012-alerts': { up: alerts },
};

export async function migrate(db: Kysely<unknown>): Promise<void> {
  const provider = { getMigrations: async () => ({ ...MIGRATIONS }) };
  const { error } = await new Migrator({ db, provider }).migrateToLatest();
  if (error) throw error;
}

async function firstTables(db: Kysely<unknown>): Promise<void> {
  await intakes(db);
  await decisions(db);
  await refs(db);
  await releases(db);
  await db.schema
    .createTable('heads')
    .addColumn('repoKey', 'text', (c) => c.primaryKey())
    .addColumn('seq', 'integer', (c) => c.notNull())
    .addColumn('digest', 'text', (c) => c.notNull())
    .execute();
  await db.schema
    .createTable('facts')
    .addColumn('sha256', 'text', (c) => c.notNull())
    .addColumn('extractor', 'text', (c) => c.notNull())
    .addColumn('body', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('factsKey', ['sha256', 'extractor'])
    .execute();
}

async function intakes(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('intakes')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('repo', 'text', (c) => c.notNull())
    .addColumn('commit', 'text', (c) => c.notNull())
    .addColumn('ref', 'text')
    .addColumn('stage', 'text', (c) => c.notNull())
    .addColumn('state', 'text', (c) => c.notNull().check(sql`"state" in ('running', 'done', 'failed')`))
    .addColumn('bytesDone', 'integer', (c) => c.notNull())
    .addColumn('bytesTotal', 'integer', (c) => c.notNull())
    .addColumn('filesDone', 'integer', (c) => c.notNull())
    .addColumn('filesTotal', 'integer', (c) => c.notNull())
    .addColumn('errorCode', 'text')
    .addColumn('errorMessage', 'text')
    .addColumn('startedAt', 'text', (c) => c.notNull())
    .addColumn('updatedAt', 'text', (c) => c.notNull())
    .execute();
  // One intake per commit at a time: the database refuses a second, whichever process asks.
  await sql`create unique index "intakesRunning" on "intakes" ("kind", "repo", "commit") where "state" = 'running'`.execute(
    db,
  );
  await db.schema.createIndex('intakesStarted').on('intakes').columns(['startedAt', 'id']).execute();
}

async function decisions(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('decisions')
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('repo', 'text', (c) => c.notNull())
    .addColumn('commit', 'text', (c) => c.notNull())
    .addColumn('outcome', 'text', (c) => c.notNull().check(sql`"outcome" in ('approved', 'held', 'denied')`))
    .addColumn('policyDigest', 'text', (c) => c.notNull())
    .addColumn('rulesVersion', 'text', (c) => c.notNull())
    .addColumn('body', 'text', (c) => c.notNull())
    .addColumn('complete', 'integer', (c) => c.notNull().check(sql`"complete" in (0, 1)`))
    .addColumn('decidedAt', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('decisionsKey', ['kind', 'repo', 'commit'])
    .execute();
  await db.schema.createIndex('decisionsOutcome').on('decisions').columns(['outcome', 'decidedAt']).execute();
  await db.schema.createIndex('decisionsDecided').on('decisions').columns(['decidedAt']).execute();
}

async function refs(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('refs')
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('repo', 'text', (c) => c.notNull())
    .addColumn('ref', 'text', (c) => c.notNull())
    .addColumn('refKind', 'text', (c) => c.notNull().check(sql`"refKind" in ('branch', 'tag', 'convert', 'pull')`))
    .addColumn('commit', 'text', (c) => c.notNull())
    .addColumn('checkedAt', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('refsKey', ['kind', 'repo', 'ref'])
    .execute();
  await db.schema.createIndex('refsChecked').on('refs').columns(['checkedAt']).execute();
}

async function releases(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('releases')
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('repo', 'text', (c) => c.notNull())
    .addColumn('commit', 'text', (c) => c.notNull())
    .addColumn('state', 'text', (c) => c.notNull().check(sql`"state" in ('approved', 'revoked')`))
    .addColumn('approvedAt', 'text', (c) => c.notNull())
    .addColumn('digest', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('releasesKey', ['kind', 'repo', 'commit'])
    .execute();
  const pages = db.schema.createIndex('releasesApproved').on('releases');
  await pages.columns(['approvedAt', 'kind', 'repo', 'commit']).execute();
}

/** SQLite can not change a check: the table is made anew, with what it held. */
async function rescans(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('releases').renameTo('releasesBefore').execute();
  await db.schema.dropIndex('releasesApproved').execute();
  await db.schema
    .createTable('releases')
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('repo', 'text', (c) => c.notNull())
    .addColumn('commit', 'text', (c) => c.notNull())
    .addColumn('state', 'text', (c) => c.notNull().check(sql`"state" in ('approved', 'revoked', 'quarantined')`))
    .addColumn('approvedAt', 'text', (c) => c.notNull())
    .addColumn('digest', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('releasesKey', ['kind', 'repo', 'commit'])
    .execute();
  await sql`insert into "releases" select "kind", "repo", "commit", "state", "approvedAt", "digest" from "releasesBefore"`.execute(
    db,
  );
  await db.schema.dropTable('releasesBefore').execute();
  const pages = db.schema.createIndex('releasesApproved').on('releases');
  await pages.columns(['approvedAt', 'kind', 'repo', 'commit']).execute();
  await db.schema
    .createTable('rescans')
    .addColumn('startedAt', 'text', (c) => c.primaryKey())
    .addColumn('rulesVersion', 'text', (c) => c.notNull())
    .addColumn('finishedAt', 'text')
    .addColumn('report', 'text', (c) => c.notNull())
    .execute();
}

/** Without a check on the role: SQLite can not change one, and there will be more roles. */
async function tokens(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('tokens')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('digest', 'text', (c) => c.notNull().unique())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('owner', 'text', (c) => c.notNull())
    .addColumn('role', 'text', (c) => c.notNull())
    .addColumn('createdAt', 'text', (c) => c.notNull())
    .addColumn('createdBy', 'text', (c) => c.notNull())
    .addColumn('expiresAt', 'text')
    .addColumn('lastUsedAt', 'text')
    .addColumn('revokedAt', 'text')
    .addColumn('revokedBy', 'text')
    .execute();
  await db.schema.createIndex('tokensCreated').on('tokens').columns(['createdAt', 'id']).execute();
}

/**
 * Rows of before have no seal, and so open nothing: whoever could write to the file could have made them, and nobody can
 * tell. Their tokens are given out anew.
 */
async function sealedTokens(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('tokens').renameColumn('role', 'roles').execute();
  for (const name of ['grants', 'seal'])
    await db.schema
      .alterTable('tokens')
      .addColumn(name, 'text', (c) => c.notNull().defaultTo(''))
      .execute();
}

async function listings(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('listings')
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('repo', 'text', (c) => c.notNull())
    .addColumn('seq', 'integer', (c) => c.notNull())
    .addColumn('body', 'text')
    .addPrimaryKeyConstraint('listingsKey', ['kind', 'repo'])
    .execute();
}

/** The journals tell what is released, and `listings` what it is found by. */
async function noReleases(db: Kysely<unknown>): Promise<void> {
  await db.schema.dropTable('releases').ifExists().execute();
}

async function evidence(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('evidence')
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('repo', 'text', (c) => c.notNull())
    .addColumn('commit', 'text', (c) => c.notNull())
    .addColumn('body', 'text', (c) => c.notNull())
    .addColumn('askAgainAt', 'text')
    .addPrimaryKeyConstraint('evidenceKey', ['kind', 'repo', 'commit'])
    .execute();
  await db.schema.createIndex('evidenceAskAgain').on('evidence').columns(['askAgainAt']).execute();
}

async function notifications(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('notifications')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('endpoint', 'text', (c) => c.notNull())
    .addColumn('event', 'text', (c) => c.notNull())
    .addColumn('body', 'text', (c) => c.notNull())
    .addColumn('state', 'text', (c) => c.notNull().check(sql`"state" in ('pending', 'sent', 'dead')`))
    .addColumn('attempts', 'integer', (c) => c.notNull())
    .addColumn('nextAt', 'text', (c) => c.notNull())
    .addColumn('createdAt', 'text', (c) => c.notNull())
    .addColumn('lastError', 'text')
    .execute();
  await db.schema.createIndex('notificationsDue').on('notifications').columns(['state', 'endpoint', 'id']).execute();
}

async function audit(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('auditEvents')
    .addColumn('chain', 'text', (c) => c.notNull())
    .addColumn('seq', 'integer', (c) => c.notNull())
    .addColumn('n', 'integer', (c) => c.notNull())
    .addColumn('at', 'text', (c) => c.notNull())
    .addColumn('last', 'text', (c) => c.notNull())
    .addColumn('type', 'text', (c) => c.notNull())
    .addColumn('actor', 'text')
    .addColumn('owner', 'text')
    .addColumn('address', 'text')
    .addColumn('kind', 'text')
    .addColumn('repo', 'text')
    .addColumn('commit', 'text')
    .addColumn('path', 'text')
    .addColumn('sha256', 'text')
    .addColumn('body', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('auditEventsKey', ['chain', 'seq', 'n'])
    .execute();
  await db.schema.createIndex('auditEventsAt').on('auditEvents').columns(['at', 'chain', 'seq', 'n']).execute();
  await db.schema.createIndex('auditEventsRepo').on('auditEvents').columns(['repo', 'at']).execute();
  await db.schema.createIndex('auditEventsSha256').on('auditEvents').columns(['sha256']).execute();
  await db.schema
    .createTable('auditChains')
    .addColumn('chain', 'text', (c) => c.primaryKey())
    .addColumn('seq', 'integer', (c) => c.notNull())
    .addColumn('digest', 'text', (c) => c.notNull())
    .execute();
}
