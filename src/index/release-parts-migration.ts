// SPDX-License-Identifier: Apache-2.0
import type { Kysely } from 'kysely';

export async function releaseParts(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('releaseBlobs')
    .addColumn('sha256', 'text', (c) => c.notNull())
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('repo', 'text', (c) => c.notNull())
    .addColumn('commit', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('releaseBlobsKey', ['sha256', 'kind', 'repo', 'commit'])
    .execute();
  await db.schema
    .createTable('lineage')
    .addColumn('base', 'text', (c) => c.notNull())
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('repo', 'text', (c) => c.notNull())
    .addColumn('commit', 'text', (c) => c.notNull())
    .addColumn('relation', 'text', (c) => c.notNull())
    .addColumn('revision', 'text')
    .addPrimaryKeyConstraint('lineageKey', ['base', 'kind', 'repo', 'commit'])
    .execute();
  await db.schema
    .createTable('notedReleases')
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('repo', 'text', (c) => c.notNull())
    .addColumn('commit', 'text', (c) => c.notNull())
    .addColumn('statement', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('notedReleasesKey', ['kind', 'repo', 'commit'])
    .execute();
  await db.schema
    .createTable('notedRepos')
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('repo', 'text', (c) => c.notNull())
    .addColumn('seq', 'integer', (c) => c.notNull())
    .addPrimaryKeyConstraint('notedReposKey', ['kind', 'repo'])
    .execute();
}
