// SPDX-License-Identifier: Apache-2.0
import type { Sha256 } from '#src/domain/digest.ts';
import { parseRepo, type Repo } from '#src/domain/repo.ts';
import type { CommitSha } from '#src/domain/revision.ts';
import type { AuditEventRow } from '#src/index/schema.ts';

/** What one client was served of one commit. `actor` is the id of its token; null for a stranger. */
export interface Pull {
  readonly actor: string | null;
  readonly owner: string | null;
  readonly address: string | null;
  readonly repo: Repo;
  readonly commit: string;
  readonly first: string;
  readonly last: string;
  /** Paths, as many as are listed, and how many there are. */
  readonly paths: readonly string[];
  readonly files: number;
}

type Access = Pick<
  AuditEventRow,
  'actor' | 'owner' | 'address' | 'kind' | 'repo' | 'commit' | 'path' | 'at' | 'last' | 'body'
>;

/** Paths of one client and commit that are listed, and files that are told apart. */
const MAX_PATHS = 50;
const MAX_FILES = 100_000;

/** The records of who was served what. */
export interface Accesses {
  accessesOf(query: {
    readonly repo?: Repo;
    readonly commit?: CommitSha;
    readonly sha256s?: readonly Sha256[];
  }): AsyncIterable<Access>;
}

/** Counts of accesses, put together by who, where and what. */
export class Pulls {
  cut = false;
  readonly #limit: number;
  readonly #by = new Map<string, { pull: Omit<Pull, 'files' | 'paths'>; paths: Set<string> }>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  async addAll(rows: AsyncIterable<Access>): Promise<void> {
    for await (const row of rows) if (!this.#add(row)) return;
  }

  get list(): Pull[] {
    return [...this.#by.values()].map(({ pull, paths }) => ({
      ...pull,
      paths: [...paths].slice(0, MAX_PATHS),
      files: paths.size,
    }));
  }

  /** False when there is no room. */
  #add({ actor, owner, address, kind, repo, commit, path, at, last, body }: Access): boolean {
    // HEAD alone: no byte of it was sent.
    if (!kind || !repo || !commit || !gotSomething(body)) return true;
    const key = JSON.stringify([actor, owner, address, kind, repo, commit]);
    const known = this.#by.get(key);
    if (!known && this.#by.size >= this.#limit) {
      this.cut = true;
      return false;
    }
    const first = known && known.pull.first < at ? known.pull.first : at;
    const latest = known && known.pull.last > last ? known.pull.last : last;
    const paths = known?.paths ?? new Set<string>();
    if (path !== null && paths.size < MAX_FILES) paths.add(path);
    const pull = { actor, owner, address, repo: parseRepo(kind, repo), commit, first, last: latest };
    this.#by.set(key, { pull, paths });
    return true;
  }
}

function gotSomething(body: string): boolean {
  const { whole = 0, part = 0, issued = 0 } = JSON.parse(body) as Partial<Record<'whole' | 'part' | 'issued', number>>;
  return whole + part + issued > 0;
}
