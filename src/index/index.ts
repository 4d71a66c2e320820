// SPDX-License-Identifier: Apache-2.0
import { closeSync, openSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { type Alerts, alertQueries } from './alerts.ts';
import { type AuditEvents, auditEventQueries } from './audit-events.ts';
import { type CaseNotes, caseNoteQueries } from './case-notes.ts';
import { type CaseRequesters, caseRequesterQueries } from './case-requesters.ts';
import { type Cases, caseQueries } from './cases.ts';
import { type Decisions, decisionQueries } from './decisions.ts';
import { type EvidenceRows, evidenceQueries } from './evidence.ts';
import { type Facts, factQueries } from './facts.ts';
import { type Heads, headQueries } from './heads.ts';
import { type Intakes, intakeQueries } from './intakes.ts';
import { type Listings, listingQueries } from './listings.ts';
import { migrate } from './migrations.ts';
import { type Notifications, notificationQueries } from './notifications.ts';
import { type Refs, refQueries } from './refs.ts';
import { type ReleaseParts, releasePartQueries } from './release-parts.ts';
import { type Rescans, rescanQueries } from './rescans.ts';
import type { Tables } from './schema.ts';
import { guardOf, kyselyOver, openSqlite } from './sqlite.ts';
import { type Tokens, tokenQueries } from './tokens.ts';
import { type Watches, watchQueries } from './watches.ts';

/**
 * The SQL index: queue, decisions, refs, and what makes lists fast. The signed records in the store are the truth;
 * everything here but the tokens can be lost and rebuilt, and no row makes anything servable.
 */
export interface Index {
  readonly intakes: Intakes;
  readonly decisions: Decisions;
  readonly evidence: EvidenceRows;
  readonly refs: Refs;
  readonly heads: Heads;
  readonly facts: Facts;
  readonly rescans: Rescans;
  readonly listings: Listings;
  readonly tokens: Tokens;
  readonly alerts: Alerts;
  readonly watches: Watches;
  readonly cases: Cases;
  readonly caseRequesters: CaseRequesters;
  readonly caseNotes: CaseNotes;
  readonly notifications: Notifications;
  readonly releaseParts: ReleaseParts;
  readonly auditEvents: AuditEvents;
  close(): Promise<void>;
}

/**
 * Open the index, and bring its tables to this version. The file is created where it is missing; its folder must exist.
 * Several processes may have it open.
 * @throws AirlockError store-unavailable, store-full
 */
export async function openIndex(file: string): Promise<Index> {
  const guard = guardOf(file);
  return guard(async () => {
    // SQLite would create it readable for everybody, and gives its -wal and -shm files the same mode.
    closeSync(openSync(file, 'a', 0o600));
    const database = openSqlite(file);
    const db = kyselyOver<Tables>(database);
    try {
      await migrateAlone(database, () => migrate(kyselyOver<unknown>(database)));
    } catch (error) {
      database.close();
      throw error;
    }
    return {
      intakes: intakeQueries(db, guard),
      decisions: decisionQueries(db, guard),
      evidence: evidenceQueries(db, guard),
      refs: refQueries(db, guard),
      heads: headQueries(db, guard),
      facts: factQueries(db, guard),
      rescans: rescanQueries(db, guard),
      listings: listingQueries(db, guard),
      tokens: tokenQueries(db, guard),
      alerts: alertQueries(db, guard),
      watches: watchQueries(db, guard),
      cases: caseQueries(db, guard),
      caseRequesters: caseRequesterQueries(db, guard),
      caseNotes: caseNoteQueries(db, guard),
      notifications: notificationQueries(db, guard),
      releaseParts: releasePartQueries(db, guard),
      auditEvents: auditEventQueries(db, guard),
      close: async () => {
        // Not Kysely's destroy: it closes only what has answered a query before.
        if (database.isOpen) database.close();
      },
    };
  });
}

/**
 * Kysely neither locks SQLite for migrations nor runs them in a transaction. One transaction around them all does both:
 * a second process waits and then finds nothing to do, and a crash half-way leaves the tables as they were.
 */
async function migrateAlone(database: DatabaseSync, work: () => Promise<void>): Promise<void> {
  database.exec('BEGIN IMMEDIATE');
  try {
    await work();
    database.exec('COMMIT');
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}
