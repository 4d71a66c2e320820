// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';
import type { Catalog } from '#src/catalog/catalog.ts';
import { chosenRelease } from '#src/catalog/chosen-release.ts';
import type { RepoState } from '#src/catalog/repo-state.ts';
import type { Clock } from '#src/domain/clock.ts';
import { isAirlockError, messageOf } from '#src/domain/errors.ts';
import { parseRepo, type Repo, type RepoKind, repoIdProblem, repoKey } from '#src/domain/repo.ts';
import type { Prebuilt } from '../prebuilt.ts';
import { MAX_ENTRIES, Shelf } from './shelf.ts';
import { readSummary, type Summary, summaryOf, writeSummary } from './summary.ts';

/** What a repo was found by, as of an entry of its journal; null: nothing of it was listed. */
interface Row {
  readonly kind: RepoKind;
  readonly repo: string;
  readonly seq: number;
  readonly body: string | null;
}

/** Keeps what was read beyond the end of the process. It is believed about where to look, and about nothing else. */
interface Remembered {
  /** At most `limit` rows by name, from the first behind `after` on. */
  page(kind: RepoKind, after: string, limit: number): Promise<readonly Row[]>;
  put(rows: readonly Row[]): Promise<void>;
}

export interface RegisterDeps {
  readonly catalog: Pick<Catalog, 'find' | 'state' | 'journals'>;
  readonly remembered: Remembered;
  readonly prebuilt: Pick<Prebuilt, 'describe'>;
  readonly clock: Clock;
  /** How long a list may know nothing of what another process wrote. */
  readonly refreshSeconds: number;
  readonly log: { warn(details: object, text: string): void };
}

/** How long requests wait for a look, the first one and later ones; then they are answered with what is known. */
const FIRST_PATIENCE = 3000;
const PATIENCE = 1000;
/** Names of journals are read again at the earliest after so many times the time that it took. */
const REST = 20;
const AT_ONCE = 8;
const ROWS = 200;

/**
 * Keeps the shelf of one kind in step with the journals. The names of their records tell how far each goes, without
 * reading one; only repos whose journal went on are read again. What was read is kept in the index: after a restart it
 * is believed about where to look, and about nothing that is shown.
 */
export class Register {
  readonly shelf = new Shelf();
  readonly #kind: RepoKind;
  readonly #deps: RegisterDeps;
  /** Repos to be read, with the number of the last entry where it was told. */
  readonly #dirty = new Map<string, { repo: Repo; seq?: number }>();
  /** Made here, out of signed records. */
  readonly #own = new WeakSet<Summary>();
  #refreshing: Promise<void> | undefined;
  #began = 0;
  /** Why the last look did not end well. */
  #failure: unknown;
  #loaded = false;
  #toldFull = false;
  #scannedAt: number | undefined;
  #restMilliseconds = 0;

  constructor(kind: RepoKind, deps: RegisterDeps) {
    this.#kind = kind;
    this.#deps = deps;
  }

  /** Repos that are still to be read. */
  get pending(): number {
    return this.#dirty.size;
  }

  /** The journal of this repo has so many entries. */
  note(repo: Repo, seq: number): void {
    const known = this.shelf.seqOf(repo.id);
    if (known === undefined && this.shelf.isFull) this.#tellFull(repo);
    else if (known !== seq) this.#dirty.set(repo.id, { repo, seq });
  }

  /** Once: an operator should know why a repo that is served is in no list. */
  #tellFull(repo: Repo): void {
    if (this.#toldFull) return;
    this.#toldFull = true;
    const text = `lists of ${this.#kind} are full: ${repoKey(repo)} and others that come are served, and not listed`;
    this.#deps.log.warn({ kind: this.#kind, listed: MAX_ENTRIES }, text);
  }

  /** What is known of this repo does not fit what the catalog says. */
  doubt(repo: Repo): void {
    this.#dirty.set(repo.id, { repo });
  }

  /** Whether a summary was made here, and not read from the index. */
  isOwn(summary: Summary): boolean {
    return this.#own.has(summary);
  }

  /** `now` was made here in place of one that the index remembers. */
  replace(summary: Summary, now: Summary): void {
    if (writeSummary(summary) === writeSummary(now)) this.#own.add(summary);
    else this.doubt(this.repoOf(summary));
  }

  repoOf({ id }: Summary): Repo {
    return parseRepo(this.#kind, id);
  }

  /**
   * Look for news where there may be some. Callers at the same time share one look, and wait for it within reason.
   * @throws AirlockError store-unavailable: a list that may be short of anything must not look like one that is whole
   */
  async refresh(): Promise<void> {
    if (this.#dirty.size === 0 && !this.#isDue()) return;
    if (!this.#refreshing) {
      this.#began = performance.now();
      this.#refreshing = this.#work().finally(() => {
        this.#refreshing = undefined;
      });
    }
    const patience = this.#scannedAt === undefined ? FIRST_PATIENCE : PATIENCE;
    const left = patience - (performance.now() - this.#began);
    if (left > 0) {
      const timer = new AbortController();
      const enough = sleep(left, undefined, { signal: timer.signal, ref: false });
      await Promise.race([this.#refreshing, enough.catch(() => undefined)]);
      timer.abort();
    }
    if (this.#failure) throw this.#failure;
  }

  /** What failed is tried again with the next request. */
  async #work(): Promise<void> {
    try {
      if (!this.#loaded) await this.#load();
      // What this process heard of comes first: the names of all journals may take a while.
      await this.#read();
      if (this.#isDue()) await this.#scan();
      await this.#read();
      this.#failure = undefined;
    } catch (error) {
      this.#failure = error;
      this.#deps.log.warn({ err: error, kind: this.#kind }, `the list of ${this.#kind} is not up to date`);
    }
  }

  #isDue(): boolean {
    if (this.#scannedAt === undefined) return true;
    const age = this.#deps.clock.now().getTime() - this.#scannedAt;
    return age < 0 || age >= Math.max(this.#deps.refreshSeconds * 1000, this.#restMilliseconds);
  }

  async #load(): Promise<void> {
    for (let after = ''; ; ) {
      const rows = await this.#deps.remembered.page(this.#kind, after, ROWS);
      for (const { repo, seq, body } of rows) {
        const summary = body === null ? undefined : readSummary(repo, body);
        // A row that can not be read is one that is not there.
        if (repoIdProblem(repo) === undefined && (body === null || summary)) this.shelf.put(repo, seq, summary);
      }
      const last = rows.at(-1);
      if (!last || rows.length < ROWS) break;
      after = last.repo;
    }
    this.#loaded = true;
  }

  async #scan(): Promise<void> {
    const at = this.#deps.clock.now().getTime();
    const started = performance.now();
    const gone = new Set(this.shelf.ids());
    for await (const { repo, seq } of this.#deps.catalog.journals(this.#kind)) {
      gone.delete(repo.id);
      this.note(repo, seq);
    }
    for (const id of gone) this.shelf.remove(id);
    this.#scannedAt = at;
    this.#restMilliseconds = (performance.now() - started) * REST;
  }

  async #read(): Promise<void> {
    while (this.#dirty.size > 0) {
      const repos = [...this.#dirty.values()].slice(0, ROWS).map(({ repo }) => repo);
      const rows: Row[] = [];
      for (let i = 0; i < repos.length; i += AT_ONCE) {
        const read = await Promise.all(repos.slice(i, i + AT_ONCE).map((repo) => this.#readOne(repo)));
        rows.push(...read.flatMap((row) => row ?? []));
      }
      await this.#deps.remembered.put(rows);
    }
  }

  async #readOne(repo: Repo): Promise<Row | undefined> {
    // Before the first question: whoever notes it meanwhile has it read once more.
    this.#dirty.delete(repo.id);
    try {
      const state = await this.#deps.catalog.state(repo);
      const release = await chosenRelease(this.#deps.catalog, repo);
      const summary = release && summaryOf(await this.#deps.prebuilt.describe(release), release);
      // Closed under another name, which tells this one nothing when it opens again: looked at with every scan.
      if (!release && isApproved(state)) return this.#forget(repo);
      if (summary) this.#own.add(summary);
      if (!this.shelf.put(repo.id, state.seq, summary)) return undefined;
      // Reading the journal for the first time told us of what we are reading it for.
      if (this.#dirty.get(repo.id)?.seq === state.seq) this.#dirty.delete(repo.id);
      return { kind: this.#kind, repo: repo.id, seq: state.seq, body: summary ? writeSummary(summary) : null };
    } catch (error) {
      if (isAirlockError(error, 'store-unavailable')) {
        this.#dirty.set(repo.id, { repo });
        throw error;
      }
      this.#deps.log.warn({ err: error, repo: repoKey(repo) }, `${repoKey(repo)} is not listed: ${messageOf(error)}`);
      return this.#forget(repo);
    }
  }

  /** Not listed, and unknown to the next scan, which tries again. */
  #forget(repo: Repo): undefined {
    this.shelf.remove(repo.id);
    this.#dirty.delete(repo.id);
  }
}

function isApproved({ commits }: RepoState): boolean {
  return [...commits.values()].some(({ status }) => status === 'approved');
}
