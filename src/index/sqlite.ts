// SPDX-License-Identifier: Apache-2.0
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { Kysely, type SqliteDatabase, SqliteDialect } from 'kysely';
import { AirlockError, messageOf } from '#src/domain/errors.ts';

const BUSY_MS = 10_000;
const SQLITE_CORRUPT = 11;
const SQLITE_FULL = 13;
const SQLITE_NOTADB = 26;

/** Open the file, made private to us where it is new. Throws what SQLite throws. */
export function openSqlite(file: string): DatabaseSync {
  const database = new DatabaseSync(file, { timeout: BUSY_MS, enableForeignKeyConstraints: true });
  try {
    // WAL: readers go on while one writes. FULL: a commit survives a power cut, not only a crash of ours.
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/**
 * Kysely's SQLite dialect expects better-sqlite3, of which it uses four methods.
 *
 * Queries run to their end before anything else does in this process. So a query must be one statement, not a
 * transaction around an `await`: waiting for a lock that a paused transaction of the same process holds would stop the
 * very event loop that could go on and free it.
 */
export function kyselyOver<Tables>(database: DatabaseSync): Kysely<Tables> {
  const adapted: SqliteDatabase = {
    close: () => database.close(),
    prepare: (text) => {
      const statement = database.prepare(text);
      return {
        // better-sqlite3's `reader`: whether the statement returns rows.
        reader: statement.columns().length > 0,
        all: (parameters) => statement.all(...values(parameters)),
        run: (parameters) => statement.run(...values(parameters)),
        iterate: (parameters) => statement.iterate(...values(parameters)),
      };
    },
  };
  return new Kysely<Tables>({ dialect: new SqliteDialect({ database: adapted }) });
}

/** Kysely types parameters as unknown; SQLite itself refuses what it cannot bind. */
function values(parameters: readonly unknown[]): SQLInputValue[] {
  return parameters as SQLInputValue[];
}

/** Runs a query and turns SQLite's errors into ours. */
export type Guard = <T>(query: () => Promise<T>) => Promise<T>;

export function guardOf(file: string): Guard {
  return async (query) => {
    try {
      return await query();
    } catch (error) {
      throw sqliteError(error, file);
    }
  };
}

export function sqliteError(error: unknown, file: string): AirlockError {
  if (error instanceof AirlockError) return error;
  const subject = { path: file };
  // The low byte is the code; the rest only says more exactly where.
  const code = error instanceof Error && 'errcode' in error ? Number(error.errcode) & 0xff : undefined;
  if (code === SQLITE_CORRUPT || code === SQLITE_NOTADB)
    return new AirlockError(
      'store-unavailable',
      `The index ${file} is damaged (${messageOf(error)}). It can be rebuilt from the store: stop every process that ` +
        'uses it, move it away together with its -wal and -shm files, and start again.',
      subject,
      error,
    );
  if (code === SQLITE_FULL)
    return new AirlockError('store-full', `No space left for the index ${file}: free some.`, subject, error);
  return new AirlockError('store-unavailable', `The index ${file} does not work: ${messageOf(error)}.`, subject, error);
}
