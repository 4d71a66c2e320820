// SPDX-License-Identifier: Apache-2.0
import type { Catalog } from '#src/catalog/catalog.ts';
import { isAirlockError, messageOf } from '#src/domain/errors.ts';
import { type Repo, repoKey } from '#src/domain/repo.ts';
import type { CommitSha } from '#src/domain/revision.ts';
import type { Index } from '#src/index/index.ts';
import { type RejudgeDeps, type Rejudged, rejudgeRelease } from './rejudge.ts';

/** One pass over everything that was released. Names are those of the journal, `models/org/name@commit`. */
export interface RescanReport {
  readonly rulesVersion: string;
  readonly startedAt: string;
  /** Not there while it runs. */
  readonly finishedAt?: string;
  readonly releases: number;
  readonly files: number;
  /** Of files that an extractor of another version had read, or whose facts were lost. */
  readonly bytesRead: number;
  readonly quarantined: readonly string[];
  readonly released: readonly string[];
  /** Could not be judged: they stay as they are, and another pass follows by itself. */
  readonly failed: readonly { readonly release: string; readonly error: string }[];
  /** Lists above are cut at 1,000 entries; the counts are whole. */
  readonly counts: { readonly quarantined: number; readonly released: number; readonly failed: number };
}

export interface RescanDeps extends RejudgeDeps {
  readonly catalog: Pick<Catalog, 'statement' | 'repos'>;
  readonly index: Pick<Index, 'decisions' | 'releases' | 'rescans'>;
  /** How long after a pass with failures the next one begins; twice as long after each further one. Default: a minute. */
  readonly retryMilliseconds?: number;
  readonly log: {
    info(details: object, text: string): void;
    warn(details: object, text: string): void;
    error(details: object, text: string): void;
  };
}

/** Judges all releases again when rules change. One pass at a time. */
export interface Rescan {
  /**
   * Read the rules again and begin a pass; where one runs, another follows it. Rules that are not as they must be change
   * nothing. @throws AirlockError config-invalid
   */
  reload(): RescanReport;
  /**
   * Begin a pass under the rules in force, unless the last one was under them and came to its end. `interrupted`: an
   * intake was cut off, which may have released something that no pass has seen since rules changed.
   */
  startIfDue(interrupted?: boolean): Promise<void>;
  /** The pass that runs, or the last one of this process. */
  report(): RescanReport | undefined;
  /** Resolves when no pass runs. */
  idle(): Promise<void>;
  stop(): Promise<void>;
}

export function createRescan(deps: RescanDeps): Rescan {
  const stopping = new AbortController();
  let running: Promise<void> | undefined;
  let again = false;
  let failures = 0;
  let retry: NodeJS.Timeout | undefined;
  let pass: Pass | undefined;

  /** What could not be judged is served as it was, so that somebody must come back to it. */
  function retryAfter(done: Pass): void {
    failures = done.complete ? 0 : failures + 1;
    if (failures === 0 || stopping.signal.aborted) return;
    const wait = Math.min((deps.retryMilliseconds ?? RETRY_MILLISECONDS) * 2 ** (failures - 1), LONGEST_MILLISECONDS);
    retry = setTimeout(() => running ?? begin(), wait);
    retry.unref();
  }

  function begin(): Pass {
    clearTimeout(retry);
    const begun = new Pass(deps, stopping.signal);
    pass = begun;
    running = begun
      .run()
      .catch((error: unknown) => {
        if (!stopping.signal.aborted) deps.log.error({ err: error }, `rescan broke off: ${messageOf(error)}`);
      })
      .finally(() => {
        running = undefined;
        if (!again || stopping.signal.aborted) return retryAfter(begun);
        again = false;
        begin();
      });
    return begun;
  }

  return {
    reload() {
      const before = deps.scanner.rulesVersion;
      deps.scanner.reload();
      deps.log.info({ before, rulesVersion: deps.scanner.rulesVersion }, 'scanner rules read again');
      if (running === undefined) return begin().report();
      again = true;
      // Of the pass that will follow, under the rules that were just read: nothing of it has begun.
      return new Pass(deps, stopping.signal).report();
    },
    async startIfDue(interrupted = false) {
      const last = await deps.index.rescans.last();
      const done = last?.finishedAt !== null && last?.rulesVersion === deps.scanner.rulesVersion;
      if ((!done || interrupted) && running === undefined && !stopping.signal.aborted) begin();
    },
    report: () => pass?.report(),
    async idle() {
      while (running !== undefined) await running;
    },
    async stop() {
      stopping.abort();
      clearTimeout(retry);
      await running;
    },
  };
}

const RETRY_MILLISECONDS = 60_000;
const LONGEST_MILLISECONDS = 3_600_000;
const LISTED = 1000;

class Pass {
  private readonly deps: RescanDeps;
  private readonly signal: AbortSignal;
  private readonly startedAt: string;
  private readonly rulesVersion: string;
  /** It came to its end, and every release was judged. */
  complete = false;
  private finishedAt: string | undefined;
  private releases = 0;
  private files = 0;
  private bytesRead = 0;
  private readonly quarantined = new Listed<string>();
  private readonly released = new Listed<string>();
  private readonly failed = new Listed<{ release: string; error: string }>();

  constructor(deps: RescanDeps, signal: AbortSignal) {
    this.deps = deps;
    this.signal = signal;
    this.startedAt = deps.clock.now().toISOString();
    this.rulesVersion = deps.scanner.rulesVersion;
  }

  report(): RescanReport {
    const { rulesVersion, startedAt, finishedAt, releases, files, bytesRead, quarantined, released, failed } = this;
    return {
      rulesVersion,
      startedAt,
      ...(finishedAt === undefined ? {} : { finishedAt }),
      releases,
      files,
      bytesRead,
      quarantined: quarantined.items,
      released: released.items,
      failed: failed.items,
      counts: { quarantined: quarantined.count, released: released.count, failed: failed.count },
    };
  }

  async run(): Promise<void> {
    const { index, catalog, clock, log } = this.deps;
    await index.rescans.put(this.row());
    for await (const repo of catalog.repos()) await this.repo(repo);
    // A pass with failures is not done: it is tried again, by the next start too.
    this.complete = this.failed.count === 0;
    if (this.complete) this.finishedAt = clock.now().toISOString();
    await index.rescans.put(this.row());
    this.finishedAt ??= clock.now().toISOString();
    const { releases, files, bytesRead, counts } = this.report();
    log.info({ rulesVersion: this.rulesVersion, releases, files, bytesRead, ...counts }, 'rescan finished');
  }

  private row() {
    const { rulesVersion, startedAt, finishedAt } = this;
    return { rulesVersion, startedAt, finishedAt: finishedAt ?? null, report: JSON.stringify(this.report()) };
  }

  private async repo(repo: Repo): Promise<void> {
    const { journal } = this.deps;
    // A journal that can not be read serves nothing either: it keeps no other repo from being judged.
    const state = await journal.state(repo).catch((error: unknown) => this.fail(repoKey(repo), error));
    for (const [commit, { status }] of state?.commits ?? [])
      if (status === 'approved' || status === 'quarantined') await this.commit(repo, commit);
  }

  private async commit(repo: Repo, commit: CommitSha): Promise<void> {
    this.signal.throwIfAborted();
    const name = `${repoKey(repo)}@${commit}`;
    const judged = await rejudgeRelease(this.deps, repo, commit, this.signal).catch((error: unknown) => {
      this.signal.throwIfAborted();
      return this.fail(name, error);
    });
    if (judged) this.count(name, judged);
  }

  private count(name: string, { change, files, bytesRead, decision }: Rejudged): void {
    this.releases++;
    this.files += files;
    this.bytesRead += bytesRead;
    if (change === 'none') return;
    (change === 'quarantined' ? this.quarantined : this.released).add(name);
    const reasons = decision.reasons.map(({ message }) => message).slice(0, 5);
    this.deps.log.warn({ release: name, rulesVersion: decision.rulesVersion, reasons }, `release ${change}`);
  }

  private fail(release: string, error: unknown): undefined {
    const security = isAirlockError(error) && error.security;
    this.deps.log.error({ release, security, err: error }, 'a release could not be judged again');
    this.failed.add({ release, error: messageOf(error) });
  }
}

/** A list for people, which has an end, and how many there were. */
class Listed<T> {
  readonly items: T[] = [];
  count = 0;

  add(item: T): void {
    this.count++;
    if (this.items.length < LISTED) this.items.push(item);
  }
}
