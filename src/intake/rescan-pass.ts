// SPDX-License-Identifier: Apache-2.0
import type { Catalog } from '#src/catalog/catalog.ts';
import { isAirlockError, messageOf } from '#src/domain/errors.ts';
import { type Repo, repoKey } from '#src/domain/repo.ts';
import type { CommitSha } from '#src/domain/revision.ts';
import type { Index } from '#src/index/index.ts';
import { type RejudgeDeps, type Rejudged, rejudgeRelease } from './rejudge.ts';
import { type PassOrder, passRecord, type RescanReport } from './rescan-report.ts';

export interface PassDeps extends RejudgeDeps {
  readonly catalog: Pick<Catalog, 'statement' | 'evidence' | 'repos'>;
  readonly index: Pick<Index, 'decisions' | 'evidence' | 'rescans'>;
  readonly log: {
    info(details: object, text: string): void;
    warn(details: object, text: string): void;
    error(details: object, text: string): void;
  };
}

const LISTED = 1000;

/** One look at every release. Run once. */
export class Pass {
  readonly order: PassOrder;
  private readonly deps: PassDeps;
  private readonly signal: AbortSignal;
  private readonly mayRelease: (release: string) => boolean;
  private state: RescanReport['state'] = 'waiting';
  private startedAt: string;
  private rulesVersion: string;
  private finishedAt: string | undefined;
  private error: string | undefined;
  private releases = 0;
  private files = 0;
  private bytesRead = 0;
  private readonly quarantined = new Listed<string>();
  private readonly released = new Listed<string>();
  private readonly failed = new Listed<{ release: string; error: string }>();

  constructor(deps: PassDeps, order: PassOrder, signal: AbortSignal) {
    this.deps = deps;
    this.order = order;
    this.signal = signal;
    const { mayRelease } = order;
    const names = new Set(mayRelease === 'all' ? [] : mayRelease);
    this.mayRelease = (release) => mayRelease === 'all' || names.has(release);
    this.startedAt = deps.clock.now().toISOString();
    this.rulesVersion = deps.scanner.rulesVersion;
  }

  /** It came to its end, and every release was judged. */
  get complete(): boolean {
    return this.state === 'finished' && this.failed.count === 0;
  }

  report(): RescanReport {
    const { state, rulesVersion, startedAt, finishedAt, error, releases, files, bytesRead } = this;
    const { quarantined, released, failed } = this;
    return {
      id: this.order.id,
      state,
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
      ...(error === undefined ? {} : { error }),
    };
  }

  /** What is still to do of it: all where it broke off, and what could not be judged where it did not. */
  rest(): PassOrder {
    if (this.state !== 'finished') return this.order;
    return { ...this.order, mayRelease: this.failed.items.map(({ release }) => release).filter(this.mayRelease) };
  }

  /** Never rejects: the report says why it broke off. */
  async run(): Promise<void> {
    const { catalog, clock, scanner, log } = this.deps;
    this.state = 'running';
    this.startedAt = clock.now().toISOString();
    this.rulesVersion = scanner.rulesVersion;
    try {
      await this.keep();
      for await (const repo of catalog.repos()) await this.repo(repo);
      this.state = 'finished';
    } catch (error) {
      this.state = 'broken';
      this.error = messageOf(error);
      if (!this.signal.aborted) log.error({ err: error }, `rescan broke off: ${this.error}`);
    }
    this.finishedAt = clock.now().toISOString();
    // Stopped in the middle: the row of its beginning says what the next start goes on with.
    if (this.signal.aborted) return;
    await this.keep().catch((error: unknown) => log.error({ err: error }, 'the end of a rescan was not recorded'));
    const { releases, files, bytesRead, counts } = this.report();
    log.info({ rulesVersion: this.rulesVersion, releases, files, bytesRead, ...counts }, `rescan ${this.state}`);
  }

  /** One with failures has no end in the index: the next start comes back to it. */
  private keep(): Promise<void> {
    const { rulesVersion, startedAt } = this;
    const finishedAt = this.complete ? (this.finishedAt ?? null) : null;
    const report = passRecord(this.rest(), this.report());
    return this.deps.index.rescans.put({ rulesVersion, startedAt, finishedAt, report });
  }

  private async repo(repo: Repo): Promise<void> {
    const { journal } = this.deps;
    // A journal that can not be read serves nothing either: it keeps no other repo from being judged.
    const state = await journal.state(repo).catch((error: unknown) => this.fail(repoKey(repo), error));
    for (const [commit, { status }] of state?.commits ?? [])
      if (status === 'approved' || status === 'quarantined') await this.commit(repo, commit);
  }

  private async commit(repo: Repo, commit: CommitSha): Promise<void> {
    const { signal, order } = this;
    signal.throwIfAborted();
    const name = `${repoKey(repo)}@${commit}`;
    const options = { signal, malwareAge: order.malwareAge, mayRelease: this.mayRelease(name) };
    const judged = await rejudgeRelease(this.deps, repo, commit, options).catch((error: unknown) => {
      signal.throwIfAborted();
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
