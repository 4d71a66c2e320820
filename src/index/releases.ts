// SPDX-License-Identifier: Apache-2.0
import { type Kysely, sql } from 'kysely';
import { z } from 'zod';
import { AirlockError } from '#src/domain/errors.ts';
import type { RepoKind } from '#src/domain/repo.ts';
import type { ReleaseRow, Tables } from './schema.ts';
import type { Guard } from './sqlite.ts';

interface ReleaseQuery {
  readonly kind?: RepoKind;
  readonly limit: number;
  /** From the page before. */
  readonly cursor?: string;
}

/** `cursor` is there when there is more. */
interface ReleasePage {
  readonly rows: readonly ReleaseRow[];
  readonly cursor?: string;
}

/** For listing pages alone: `catalog` decides what is served, from signed records. */
export interface Releases {
  /** Keep a release's state in place of an earlier one. */
  put(row: ReleaseRow): Promise<void>;
  /** Newest first. @throws AirlockError bad-request for a cursor that no page gave */
  list(query: ReleaseQuery): Promise<ReleasePage>;
}

export function releaseQueries(db: Kysely<Tables>, guard: Guard): Releases {
  return {
    put: (row) =>
      guard(async () => {
        const insert = db.insertInto('releases').values(row);
        await insert.onConflict((c) => c.columns(['kind', 'repo', 'commit']).doUpdateSet(row)).execute();
      }),
    list: (query) =>
      guard(async () => {
        // One more than asked for tells whether there is a next page.
        const rows = await select(db, query)
          .limit(query.limit + 1)
          .execute();
        const page = rows.slice(0, query.limit);
        const last = page.at(-1);
        return rows.length > page.length && last ? { rows: page, cursor: cursorOf(last) } : { rows: page };
      }),
  };
}

function select(db: Kysely<Tables>, { kind, cursor }: ReleaseQuery) {
  let rows = db.selectFrom('releases').selectAll();
  if (kind !== undefined) rows = rows.where('kind', '=', kind);
  if (cursor !== undefined) {
    // After a row and not at an offset: a release that is added meanwhile shifts nothing.
    const [at, after, repo, commit] = parseCursor(cursor);
    rows = rows.where(sql<boolean>`("approvedAt", "kind", "repo", "commit") < (${at}, ${after}, ${repo}, ${commit})`);
  }
  return rows.orderBy('approvedAt', 'desc').orderBy('kind', 'desc').orderBy('repo', 'desc').orderBy('commit', 'desc');
}

const Cursor = z.tuple([z.string(), z.string(), z.string(), z.string()]);

function cursorOf(row: ReleaseRow): string {
  return Buffer.from(JSON.stringify([row.approvedAt, row.kind, row.repo, row.commit])).toString('base64url');
}

function parseCursor(cursor: string): z.infer<typeof Cursor> {
  try {
    return Cursor.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()));
  } catch (error) {
    throw new AirlockError('bad-request', 'The cursor is not one that this list gave out.', {}, error);
  }
}
