// SPDX-License-Identifier: Apache-2.0
import { type Kysely, sql } from 'kysely';
import type { Sha256 } from '#src/domain/digest.ts';
import type { Repo } from '#src/domain/repo.ts';
import type { CommitSha } from '#src/domain/revision.ts';
import type { AuditChainRow, AuditEventRow, Tables } from './schema.ts';
import type { Guard } from './sqlite.ts';

/** Where a page of events ended: the next one begins behind it. */
export type AuditPlace = Pick<AuditEventRow, 'at' | 'chain' | 'seq' | 'n'>;

export interface AuditQuery {
  readonly repo?: Repo;
  readonly commit?: CommitSha;
  /** Id of a token, its owner, a person's name, or an address: as it stands in the record. */
  readonly who?: string;
  /** Events that reach into the time from `since` (included) to `until` (left out). */
  readonly since?: string;
  readonly until?: string;
  readonly types?: readonly string[];
  readonly order: 'oldest first' | 'newest first';
  readonly after?: AuditPlace;
  readonly limit: number;
}

/** Of which files the accesses are asked for: of a commit, of a repo, or of files with these digests anywhere. */
export interface AccessQuery {
  readonly repo?: Repo;
  readonly commit?: CommitSha;
  /** At most 500. */
  readonly sha256s?: readonly Sha256[];
  readonly after?: AuditPlace;
  readonly limit: number;
}

/** What the signed records of the audit and the journals are found by. Their bytes in the store are the truth. */
export interface AuditEvents {
  /** How far a chain was read; undefined: not at all. */
  chain(chain: string): Promise<AuditChainRow | undefined>;
  /**
   * Events of records, in place of what was there under their numbers, and how far their chains are read then. May be
   * called twice: a crash between its statements leaves chains that were not read so far.
   */
  put(chains: readonly AuditChainRow[], rows: readonly AuditEventRow[]): Promise<void>;
  search(query: AuditQuery): Promise<AuditEventRow[]>;
  accesses(query: AccessQuery): Promise<AuditEventRow[]>;
  /** Forget everything, to read it anew from the store. */
  clear(): Promise<void>;
  /** Records up to this number are no longer kept. */
  forget(chain: string, through: number): Promise<void>;
}

/** Rows in one statement: fifteen parameters each. */
const BATCH = 100;

export function auditEventQueries(db: Kysely<Tables>, guard: Guard): AuditEvents {
  return {
    chain: (chain) =>
      guard(() => db.selectFrom('auditChains').selectAll().where('chain', '=', chain).executeTakeFirst()),
    put: (chains, rows) =>
      guard(async () => {
        for (let at = 0; at < rows.length; at += BATCH) await upsertEvents(db, rows.slice(at, at + BATCH));
        if (chains.length > 0) await upsertChains(db, chains);
      }),
    search: (query) => guard(() => search(db, query)),
    accesses: (query) => guard(() => accesses(db, query)),
    clear: () =>
      guard(async () => {
        // The other way round, a crash between the two would leave chains that look as if they were read.
        await db.deleteFrom('auditChains').execute();
        await db.deleteFrom('auditEvents').execute();
      }),
    forget: (chain, through) =>
      guard(async () => {
        await db.deleteFrom('auditEvents').where('chain', '=', chain).where('seq', '<=', through).execute();
      }),
  };
}

async function upsertEvents(db: Kysely<Tables>, rows: readonly AuditEventRow[]): Promise<void> {
  await db
    .insertInto('auditEvents')
    .values(rows)
    .onConflict((c) =>
      c.columns(['chain', 'seq', 'n']).doUpdateSet((eb) => ({
        at: eb.ref('excluded.at'),
        last: eb.ref('excluded.last'),
        type: eb.ref('excluded.type'),
        actor: eb.ref('excluded.actor'),
        owner: eb.ref('excluded.owner'),
        address: eb.ref('excluded.address'),
        kind: eb.ref('excluded.kind'),
        repo: eb.ref('excluded.repo'),
        commit: eb.ref('excluded.commit'),
        path: eb.ref('excluded.path'),
        sha256: eb.ref('excluded.sha256'),
        body: eb.ref('excluded.body'),
      })),
    )
    .execute();
}

async function upsertChains(db: Kysely<Tables>, chains: readonly AuditChainRow[]): Promise<void> {
  await db
    .insertInto('auditChains')
    .values(chains)
    .onConflict((c) =>
      c
        .column('chain')
        .doUpdateSet((eb) => ({ seq: eb.ref('excluded.seq'), digest: eb.ref('excluded.digest') }))
        .whereRef('auditChains.seq', '<', 'excluded.seq'),
    )
    .execute();
}

async function search(db: Kysely<Tables>, query: AuditQuery): Promise<AuditEventRow[]> {
  const { repo, commit, who, since, until, types, order, after, limit } = query;
  const [direction, beyond] = order === 'oldest first' ? (['asc', '>'] as const) : (['desc', '<'] as const);
  let rows = db.selectFrom('auditEvents').selectAll();
  if (repo) rows = rows.where('kind', '=', repo.kind).where('repo', '=', repo.id);
  if (commit) rows = rows.where('commit', '=', commit);
  if (who)
    rows = rows.where(({ or, eb }) => or([eb('actor', '=', who), eb('owner', '=', who), eb('address', '=', who)]));
  if (since) rows = rows.where('last', '>=', since);
  if (until) rows = rows.where('at', '<', until);
  if (types) rows = rows.where('type', 'in', [...types]);
  if (after) rows = rows.where(behind(after, beyond));
  for (const column of PLACE) rows = rows.orderBy(column, direction);
  return rows.limit(limit).execute();
}

async function accesses(db: Kysely<Tables>, query: AccessQuery): Promise<AuditEventRow[]> {
  const { repo, commit, sha256s, after, limit } = query;
  let rows = db.selectFrom('auditEvents').selectAll().where('type', '=', 'access');
  if (repo) rows = rows.where('kind', '=', repo.kind).where('repo', '=', repo.id);
  if (commit) rows = rows.where('commit', '=', commit);
  if (sha256s) rows = rows.where('sha256', 'in', [...sha256s]);
  if (after) rows = rows.where(behind(after, '>'));
  for (const column of PLACE) rows = rows.orderBy(column, 'asc');
  return rows.limit(limit).execute();
}

const PLACE = ['at', 'chain', 'seq', 'n'] as const;

/** Row values, as SQLite and PostgreSQL compare them: column by column. */
function behind({ at, chain, seq, n }: AuditPlace, beyond: '<' | '>') {
  return sql<boolean>`("at", "chain", "seq", "n") ${sql.raw(beyond)} (${at}, ${chain}, ${seq}, ${n})`;
}
