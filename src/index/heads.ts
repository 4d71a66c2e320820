// SPDX-License-Identifier: Apache-2.0
import { type Kysely, sql } from 'kysely';
import type { Sha256 } from '#src/domain/digest.ts';
import { AirlockError } from '#src/domain/errors.ts';
import type { HeadRow, Tables } from './schema.ts';
import type { Guard } from './sqlite.ts';

/**
 * How far each repo's journal was ever seen. The journal in the store is signed, but an old copy of it is signed as
 * well: only somebody who remembers can tell that it went backwards.
 */
export interface Heads {
  get(repoKey: string): Promise<HeadRow | undefined>;
  /** Everything that was ever seen, for who compares it with what is there. */
  all(): Promise<HeadRow[]>;
  /**
   * Remember a newer head; a lower `seq` is ignored.
   * @throws AirlockError journal-rolled-back when another entry was seen at the same `seq`
   */
  advance(repoKey: string, seq: number, digest: Sha256): Promise<void>;
}

export function headQueries(db: Kysely<Tables>, guard: Guard): Heads {
  return {
    get: (repoKey) => guard(() => db.selectFrom('heads').selectAll().where('repoKey', '=', repoKey).executeTakeFirst()),
    all: () => guard(() => db.selectFrom('heads').selectAll().orderBy('repoKey').execute()),
    advance: (repoKey, seq, digest) =>
      guard(async () => {
        // One statement, which moves the head and says where it is then: nobody can come in between.
        const head = await db
          .insertInto('heads')
          .values({ repoKey, seq, digest })
          .onConflict((c) =>
            c.column('repoKey').doUpdateSet({
              seq: sql`case when excluded."seq" > heads."seq" then excluded."seq" else heads."seq" end`,
              digest: sql`case when excluded."seq" > heads."seq" then excluded."digest" else heads."digest" end`,
            }),
          )
          .returningAll()
          .executeTakeFirstOrThrow();
        if (head.seq === seq && head.digest !== digest) throw rolledBack(repoKey, seq, head.digest, digest);
      }),
  };
}

function rolledBack(repoKey: string, seq: number, expected: Sha256, actual: Sha256): AirlockError {
  const message =
    `The journal of ${repoKey} has another entry ${seq} than the one seen before: it was rewritten, or rolled back ` +
    'to an old copy and continued. Nothing of this repo is trusted until somebody has looked.';
  return new AirlockError('journal-rolled-back', message, { repo: repoKey, seq, expected, actual });
}
