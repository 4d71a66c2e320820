// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import { AirlockError, messageOf } from '#src/domain/errors.ts';
import { ANY_AGE, type MalwareAge } from '#src/scan/malware-answers.ts';
import { Pass, type PassDeps } from './rescan-pass.ts';
import { orderOf, type PassOrder, type RescanReport } from './rescan-report.ts';

export interface RescanDeps extends PassDeps {
  /** How long after a pass with failures the next one begins; twice as long after each further one. Default: a minute. */
  readonly retryMilliseconds?: number;
  /** Ask the malware scanner again about what it last saw so many days ago under other signatures, a pass a day. */
  readonly askAgainDays?: number | null;
}

/** Ask the malware scanner again about what it saw under other signatures, or about everything. */
export type AskAgain = 'changed' | 'all';

/** Judges all releases again when rules change. One pass at a time. */
export interface Rescan {
  /**
   * Read the rules again and begin a pass; where one runs, another follows it. Rules that are not as they must be change
   * nothing. @throws AirlockError config-invalid; conflict: there is no malware scanner to ask
   */
  reload(malware?: AskAgain): RescanReport;
  /**
   * Begin a pass when one is due: under rules that this mirror has not judged everything by, to go on with one that did
   * not come to its end, or to ask about malware again. `interrupted`: an intake was cut off, which may have released
   * something that no pass has seen since rules changed.
   */
  startIfDue(interrupted?: boolean): Promise<void>;
  /** The pass of that id, or the one that runs or ran last in this process. */
  report(id?: string): RescanReport | undefined;
  /** Resolves when no pass runs. */
  idle(): Promise<void>;
  stop(): Promise<void>;
}

const RETRY_MILLISECONDS = 60_000;
const LONGEST_MILLISECONDS = 3_600_000;
const DAY_MILLISECONDS = 86_400_000;
const HOUR_MILLISECONDS = 3_600_000;
/** Passes whose reports can still be asked for. */
const KEPT_PASSES = 20;

export function createRescan(deps: RescanDeps): Rescan {
  const stopping = new AbortController();
  const passes: Pass[] = [];
  let running: Promise<void> | undefined;
  let following: Pass | undefined;
  let failures = 0;
  let retry: NodeJS.Timeout | undefined;
  const hourly = deps.askAgainDays ? setInterval(lookForDue, HOUR_MILLISECONDS) : undefined;
  hourly?.unref();

  /** What could not be judged is served as it was, so that somebody must come back to it. */
  function retryAfter(done: Pass): void {
    failures = done.complete ? 0 : failures + 1;
    if (failures === 0 || stopping.signal.aborted) return;
    const wait = Math.min((deps.retryMilliseconds ?? RETRY_MILLISECONDS) * 2 ** (failures - 1), LONGEST_MILLISECONDS);
    retry = setTimeout(() => running ?? begin(passFor(done.rest())), wait);
    retry.unref();
  }

  function passFor(order: PassOrder): Pass {
    return new Pass(deps, order, stopping.signal);
  }

  function begin(pass: Pass): Pass {
    clearTimeout(retry);
    keep(pass);
    running = pass.run().finally(() => {
      running = undefined;
      const next = following;
      following = undefined;
      if (next && !stopping.signal.aborted) begin(next);
      else retryAfter(pass);
    });
    return pass;
  }

  /** Under one id there is one pass: the one that began last. */
  function keep(pass: Pass): void {
    const same = passes.findIndex(({ order }) => order.id === pass.order.id);
    if (same >= 0) passes.splice(same, 1);
    passes.push(pass);
    if (passes.length > KEPT_PASSES) passes.shift();
  }

  /** What clamd was asked about since then need not be read again. */
  function usualAge(): MalwareAge {
    if (!deps.askAgainDays) return ANY_AGE;
    return { since: new Date(deps.clock.now().getTime() - deps.askAgainDays * DAY_MILLISECONDS).toISOString() };
  }

  function ageFor(malware: AskAgain | undefined): MalwareAge {
    if (malware === undefined) return following?.order.malwareAge ?? usualAge();
    return {
      since: deps.clock.now().toISOString(),
      all: malware === 'all' || following?.order.malwareAge.all === true,
    };
  }

  async function startIfDue(interrupted = false): Promise<void> {
    const last = await deps.index.rescans.last();
    const sameRules = last?.rulesVersion === deps.scanner.rulesVersion;
    const left = last?.finishedAt === null ? orderOf(last.report) : undefined;
    const dayOld = last === undefined || deps.clock.now().getTime() - Date.parse(last.startedAt) >= DAY_MILLISECONDS;
    const due = !sameRules || last?.finishedAt === null || interrupted || (deps.askAgainDays && dayOld);
    if (!due || running !== undefined || stopping.signal.aborted) return;
    // Rules that are new to this mirror may overrule others'. A mirror without a memory may be one of yesterday's.
    const mayRelease = last !== undefined && !sameRules ? 'all' : (left?.mayRelease ?? []);
    begin(passFor({ id: left?.id ?? randomUUID(), malwareAge: left?.malwareAge ?? usualAge(), mayRelease }));
  }

  function lookForDue(): void {
    startIfDue().catch((error: unknown) => deps.log.error({ err: error }, `no rescan: ${messageOf(error)}`));
  }

  return {
    reload(malware) {
      if (malware && !deps.scanner.asksMalware)
        throw new AirlockError('conflict', 'This mirror asks no antivirus scanner: scan.clamav is not set.');
      const before = deps.scanner.rulesVersion;
      deps.scanner.reload();
      deps.log.info({ before, rulesVersion: deps.scanner.rulesVersion }, 'scanner rules read again');
      const id = following?.order.id ?? randomUUID();
      const pass = passFor({ id, malwareAge: ageFor(malware), mayRelease: 'all' });
      if (running === undefined) return begin(pass).report();
      following = pass;
      keep(pass);
      return pass.report();
    },
    startIfDue,
    report: (id) => {
      const latest = passes.findLast(({ order }) => order.id !== following?.order.id);
      return (id === undefined ? latest : passes.find(({ order }) => order.id === id))?.report();
    },
    async idle() {
      while (running !== undefined) await running;
    },
    async stop() {
      stopping.abort();
      clearTimeout(retry);
      clearInterval(hourly);
      await running;
    },
  };
}
