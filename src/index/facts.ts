// SPDX-License-Identifier: Apache-2.0
import type { Kysely } from 'kysely';
import type { Sha256 } from '#src/domain/digest.ts';
import type { Tables } from './schema.ts';
import type { Guard } from './sqlite.ts';

/**
 * What scanners read in a blob, kept so that new rules can be applied without reading the bytes again.
 * The body is opaque here and proves itself to its reader: `src/scan` seals it with a key that is not in the index.
 */
export interface Facts {
  get(sha256: Sha256, extractorVersion: string): Promise<string | undefined>;
  put(sha256: Sha256, extractorVersion: string, body: string): Promise<void>;
}

export function factQueries(db: Kysely<Tables>, guard: Guard): Facts {
  return {
    get: (sha256, extractor) =>
      guard(async () => {
        const facts = db.selectFrom('facts').select('body').where('sha256', '=', sha256);
        const row = await facts.where('extractor', '=', extractor).executeTakeFirst();
        return row?.body;
      }),
    put: (sha256, extractor, body) =>
      guard(async () => {
        const insert = db.insertInto('facts').values({ sha256, extractor, body });
        await insert.onConflict((c) => c.columns(['sha256', 'extractor']).doUpdateSet({ body })).execute();
      }),
  };
}
