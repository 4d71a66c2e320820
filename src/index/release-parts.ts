// SPDX-License-Identifier: Apache-2.0
import { type Kysely, sql } from 'kysely';
import type { Sha256 } from '#src/domain/digest.ts';
import type { Base } from '#src/domain/lineage.ts';
import { type Repo, type RepoKind, repoKey } from '#src/domain/repo.ts';
import type { CommitSha } from '#src/domain/revision.ts';
import type { LineageRow, ReleaseBlobRow, Tables } from './schema.ts';
import type { Guard } from './sqlite.ts';

/** A release as far as others may be related to it: its blobs, and the models that it was made from. */
export interface ReleaseOfParts {
  readonly repo: Repo;
  readonly commit: CommitSha;
  readonly statement: Sha256;
  readonly blobs: readonly Sha256[];
  readonly bases: readonly Base[];
}

/**
 * Which releases hold a blob, and which derive from a repo: every release there ever was, whatever became of it. It comes
 * from signed statements and can be made again from them; what it says is where to look.
 */
export interface ReleaseParts {
  /** May be called again. A crash half-way leaves the release not noted: it is put once more. */
  put(release: ReleaseOfParts): Promise<void>;
  /** The statements that are noted, by commit. */
  noted(repo: Repo): Promise<ReadonlyMap<CommitSha, Sha256>>;
  /** How far the journals of a kind were read, by repo id. */
  seqs(kind: RepoKind): Promise<ReadonlyMap<string, number>>;
  setSeq(repo: Repo, seq: number): Promise<void>;
  /** Releases that hold one of these blobs: a few hundred at a time. */
  holding(blobs: readonly Sha256[]): Promise<readonly ReleaseBlobRow[]>;
  /** Releases whose card or adapter names this repo as its base, in any spelling. */
  derivedFrom(base: Repo): Promise<readonly LineageRow[]>;
  /** Before all of it is made again. */
  clear(): Promise<void>;
}

const BATCH = 500;

export function releasePartQueries(db: Kysely<Tables>, guard: Guard): ReleaseParts {
  async function putAll({ repo, commit, statement, blobs, bases }: ReleaseOfParts): Promise<void> {
    const release = { kind: repo.kind, repo: repo.id, commit };
    const unique = [...new Set(blobs)];
    for (let i = 0; i < unique.length; i += BATCH) {
      const rows = unique.slice(i, i + BATCH).map((sha256) => ({ sha256, ...release }));
      await db
        .insertInto('releaseBlobs')
        .values(rows)
        .onConflict((c) => c.doNothing())
        .execute();
    }
    for (const { repo: base, relation, revision = null } of bases) {
      const row = { base: keyOf(base), ...release, relation, revision };
      await db
        .insertInto('lineage')
        .values(row)
        .onConflict((c) => c.doNothing())
        .execute();
    }
    // Last: a release that is noted is there as a whole.
    await db
      .insertInto('notedReleases')
      .values({ ...release, statement })
      .onConflict((c) => c.columns(['kind', 'repo', 'commit']).doUpdateSet({ statement }))
      .execute();
  }

  return {
    put: (release) => guard(() => putAll(release)),
    noted: ({ kind, id }) =>
      guard(async () => {
        const ofRepo = db.selectFrom('notedReleases').selectAll().where('kind', '=', kind).where('repo', '=', id);
        return new Map((await ofRepo.execute()).map(({ commit, statement }) => [commit, statement]));
      }),
    seqs: (kind) =>
      guard(async () => {
        const rows = await db.selectFrom('notedRepos').selectAll().where('kind', '=', kind).execute();
        return new Map(rows.map(({ repo, seq }) => [repo, seq]));
      }),
    setSeq: ({ kind, id }, seq) =>
      guard(async () => {
        await db
          .insertInto('notedRepos')
          .values({ kind, repo: id, seq })
          .onConflict((c) => c.columns(['kind', 'repo']).doUpdateSet({ seq: sql`excluded."seq"` }))
          .execute();
      }),
    holding: (blobs) =>
      guard(async () =>
        blobs.length === 0 ? [] : db.selectFrom('releaseBlobs').selectAll().where('sha256', 'in', blobs).execute(),
      ),
    derivedFrom: (base) => guard(() => db.selectFrom('lineage').selectAll().where('base', '=', keyOf(base)).execute()),
    clear: () =>
      guard(async () => {
        // The notes first: what is lost half-way is then made again.
        for (const table of ['notedRepos', 'notedReleases', 'lineage', 'releaseBlobs'] as const)
          await db.deleteFrom(table).execute();
      }),
  };
}

/** Upstream takes every spelling of a name for the same repo. */
function keyOf(base: Repo): string {
  return repoKey(base).toLowerCase();
}
