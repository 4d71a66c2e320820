// SPDX-License-Identifier: Apache-2.0
import { type Kysely, sql } from 'kysely';
import type { Sha256 } from '#src/domain/digest.ts';
import type { Tables, TokenRow } from './schema.ts';
import type { Guard } from './sqlite.ts';

/** Rows in one statement: three parameters each. */
const BATCH = 500;

/** The tokens that this mirror gave out. What opens is never here: only the digest of each. */
export interface Tokens {
  /** Add a token; false, and nothing added, when its id or its digest is taken. */
  add(row: TokenRow): Promise<boolean>;
  /** In whatever state it is: expired and revoked ones too. */
  byDigest(digest: Sha256): Promise<TokenRow | undefined>;
  /** In whatever state it is. */
  byId(id: string): Promise<TokenRow | undefined>;
  /** Newest first, whatever their state. */
  list(limit: number): Promise<TokenRow[]>;
  /** The row as it is then; the first revocation of a token stays. Undefined when there is no such token. */
  revoke(id: string, at: string, by: string): Promise<TokenRow | undefined>;
  /** Remember when tokens were last used, by id. A time before the one that is known is ignored, and so is an unknown id. */
  used(uses: ReadonlyMap<string, string>): Promise<void>;
}

export function tokenQueries(db: Kysely<Tables>, guard: Guard): Tokens {
  return {
    add: (row) =>
      guard(async () => {
        const insert = db.insertInto('tokens').values(row);
        const result = await insert.onConflict((c) => c.doNothing()).executeTakeFirst();
        return result.numInsertedOrUpdatedRows === 1n;
      }),
    byDigest: (digest) =>
      guard(() => db.selectFrom('tokens').selectAll().where('digest', '=', digest).executeTakeFirst()),
    byId: (id) => guard(() => db.selectFrom('tokens').selectAll().where('id', '=', id).executeTakeFirst()),
    list: (limit) =>
      guard(() =>
        db.selectFrom('tokens').selectAll().orderBy('createdAt', 'desc').orderBy('id', 'desc').limit(limit).execute(),
      ),
    revoke: (id, at, by) =>
      guard(() =>
        db
          .updateTable('tokens')
          .set({
            // Both look at the row as it was before the statement.
            revokedAt: sql`coalesce("revokedAt", ${at})`,
            revokedBy: sql`case when "revokedAt" is null then ${by} else "revokedBy" end`,
          })
          .where('id', '=', id)
          .returningAll()
          .executeTakeFirst(),
      ),
    used: (uses) =>
      guard(async () => {
        const all = [...uses];
        for (let at = 0; at < all.length; at += BATCH) await markUsed(db, all.slice(at, at + BATCH));
      }),
  };
}

/** One statement for many tokens: each write of its own would cost a flush to the disk. */
async function markUsed(db: Kysely<Tables>, uses: readonly (readonly [id: string, at: string])[]): Promise<void> {
  const times = sql.join(
    uses.map(([id, at]) => sql`when ${id} then ${at}`),
    sql` `,
  );
  const used = sql<string>`case "id" ${times} end`;
  await db
    .updateTable('tokens')
    .set({ lastUsedAt: used })
    .where(
      'id',
      'in',
      uses.map(([id]) => id),
    )
    .where(({ or, eb }) => or([eb('lastUsedAt', 'is', null), eb('lastUsedAt', '<', used)]))
    .execute();
}
