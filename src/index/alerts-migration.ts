// SPDX-License-Identifier: Apache-2.0
import type { Kysely } from 'kysely';

export async function alerts(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('alerts')
    .addColumn('id', 'integer', (c) => c.primaryKey())
    .addColumn('fact', 'text', (c) => c.notNull().unique())
    .addColumn('type', 'text', (c) => c.notNull())
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('repo', 'text', (c) => c.notNull())
    .addColumn('ref', 'text')
    .addColumn('commit', 'text')
    .addColumn('message', 'text', (c) => c.notNull())
    .addColumn('raisedAt', 'text', (c) => c.notNull())
    .addColumn('acknowledgedAt', 'text')
    .addColumn('acknowledgedBy', 'text')
    .addColumn('words', 'text')
    .execute();
  await db.schema.createIndex('alertsOpen').on('alerts').columns(['acknowledgedAt', 'id']).execute();
  await db.schema
    .createTable('watches')
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('repo', 'text', (c) => c.notNull())
    .addColumn('ref', 'text', (c) => c.notNull())
    .addColumn('dueAt', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('watchesKey', ['kind', 'repo', 'ref'])
    .execute();
  await db.schema.createIndex('watchesDue').on('watches').columns(['dueAt']).execute();
}
