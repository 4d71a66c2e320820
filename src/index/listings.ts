// SPDX-License-Identifier: Apache-2.0
import { type Kysely, sql } from 'kysely';
import type { RepoKind } from '#src/domain/repo.ts';
import type { ListingRow, Tables } from './schema.ts';
import type { Guard } from './sqlite.ts';

/** What repos are found by, so that a start need not read the card of each. `catalog` decides what is shown. */
export interface Listings {
  /** At most `limit` rows of a kind by name, from the first behind `after` on. */
  page(kind: RepoKind, after: string, limit: number): Promise<readonly ListingRow[]>;
  /** Keep these rows in place of earlier ones of the same repos: a few hundred at a time. */
  put(rows: readonly ListingRow[]): Promise<void>;
}

export function listingQueries(db: Kysely<Tables>, guard: Guard): Listings {
  return {
    page: (kind, after, limit) =>
      guard(() =>
        db
          .selectFrom('listings')
          .selectAll()
          .where('kind', '=', kind)
          .where('repo', '>', after)
          .orderBy('repo')
          .limit(limit)
          .execute(),
      ),
    put: (rows) =>
      guard(async () => {
        if (rows.length === 0) return;
        await db
          .insertInto('listings')
          .values(rows)
          .onConflict((c) =>
            c.columns(['kind', 'repo']).doUpdateSet({ seq: sql`excluded."seq"`, body: sql`excluded."body"` }),
          )
          .execute();
      }),
  };
}
