// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import PQueue from 'p-queue';
import type { Facts } from '#scanners/facts.ts';
import { parseFacts } from '#scanners/facts-schema.ts';
import { createJudge, type Judge } from '#scanners/judge/findings.ts';
import { type CustomCode, judgeSnapshot } from '#scanners/judge/snapshot.ts';
import { type SnapshotPart, snapshotPart } from '#scanners/judge/snapshot-part.ts';
import { loadRules, type Rules } from '#scanners/rules.ts';
import { CORE_VERSION, isCurrent } from '#scanners/version.ts';
import { type Clock, systemClock } from '#src/domain/clock.ts';
import type { Sha256 } from '#src/domain/digest.ts';
import { AirlockError, messageOf } from '#src/domain/errors.ts';
import type { BlobScan, RuleMeaning } from '#src/domain/evidence.ts';
import type { RepoPath } from '#src/domain/path.ts';
import { printable } from '#src/domain/repo.ts';
import { type Extraction, extractInChild, WORKER } from './extraction.ts';
import { DEFAULT_LIMITS, type ScanLimits } from './limits.ts';
import { type MalwareResult, type MalwareScanner, withMalware } from './malware.ts';
import { type MalwareAge, MalwareAnswers } from './malware-answers.ts';
import { type AlteredFacts, type FactCache, SealedFacts } from './sealed-facts.ts';

/** A file of a snapshot: its path there, and where its bytes lie. */
export interface ScanTarget {
  readonly path: RepoPath;
  readonly sha256: Sha256;
  readonly size: number;
  readonly file: string;
  /** For bytes that are not there yet: brings them to `file`, and takes them away again. Called only to read them. */
  readonly copy?: { take(): Promise<void>; drop(): Promise<void> };
}

/** What became of the files of one snapshot, all under one rule set. */
export interface ScanResult {
  readonly rulesVersion: string;
  readonly files: ReadonlyMap<RepoPath, BlobScan>;
  /** There where a file of the snapshot names code that a loader would run. */
  readonly code?: CustomCode;
}

interface ScanOptions {
  readonly signal?: AbortSignal;
  /** Called once for each path, in no order, with what its bytes alone say. */
  readonly onScanned?: (path: RepoPath, scan: BlobScan) => void;
  /** Default: those by the signatures that the malware scanner has now; the bytes are at hand. */
  readonly malwareAge?: MalwareAge;
}

export interface Scanner {
  /** Of the rules in force now. Changes with them and with the extractors. */
  readonly rulesVersion: string;
  /** Whether it asks a scanner of malware signatures as well. */
  readonly asksMalware: boolean;
  /**
   * Read the rules again; later scans use them. Those in force stay where the new ones are not as they must be.
   * @throws AirlockError config-invalid
   */
  reload(): void;
  /** What a finding's rule means, by the rules in force; undefined for one that they do not have (any more). */
  explain(rule: string): RuleMeaning | undefined;
  /**
   * Scan the files of one snapshot. A file that can not be read to its end is `unscannable`, never an error.
   * @throws AirlockError scan-failed when this machine twice ended the process that read a file, or could not start one:
   * that is no verdict on the bytes; what `signal` was aborted with, or what reading a file that is not there throws
   */
  scan(targets: readonly ScanTarget[], options?: ScanOptions): Promise<ScanResult>;
}

export interface ScannerOptions {
  /** Rule data; read again by `reload`. Default: that of `scanners/rules`. */
  readonly rules?: () => Rules;
  readonly limits?: Partial<ScanLimits>;
  /** Child processes at a time, over all scans of this scanner. */
  readonly processes?: number;
  readonly cache?: FactCache;
  /** Seals what is in the cache. Without one it is random: what this scanner remembers serves no other one. */
  readonly cacheKey?: Uint8Array;
  readonly onAlteredFacts?: AlteredFacts;
  /** Asked about every blob; what it said is remembered. Default: none. */
  readonly malware?: MalwareScanner;
  /** Default: the system's. */
  readonly clock?: Clock;
  /** The child's script; another one in tests only. */
  readonly worker?: URL;
}

export function createScanner(options: ScannerOptions = {}): Scanner {
  let current = rulesInForce(options.rules);
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const queue = new PQueue({ concurrency: options.processes ?? 2 });
  const { worker = WORKER, cacheKey = randomBytes(32), malware, clock = systemClock } = options;
  const cache = options.cache && new SealedFacts(options.cache, cacheKey, options.onAlteredFacts);
  return {
    get rulesVersion() {
      return current.rules.version;
    },
    asksMalware: malware !== undefined,
    reload() {
      current = rulesInForce(options.rules);
    },
    explain: (rule) => (Object.hasOwn(current.rules.rules, rule) ? current.rules.rules[rule] : undefined),
    async scan(targets, scanOptions = {}) {
      // One rule set for the whole snapshot, whatever is reloaded meanwhile.
      const { judge, rules } = current;
      const run = new Run({ targets, judge, rules, limits, queue, worker, cache, malware, clock, ...scanOptions });
      return { rulesVersion: rules.version, ...(await run.finished()) };
    },
  };
}

function rulesInForce(read: () => Rules = loadRules): { readonly judge: Judge; readonly rules: Rules } {
  try {
    const rules = read();
    return { judge: createJudge(rules), rules };
  } catch (error) {
    throw new AirlockError('config-invalid', `The scanner rules can not be used: ${messageOf(error)}`, {}, error);
  }
}

interface RunDeps extends ScanOptions {
  readonly targets: readonly ScanTarget[];
  readonly judge: Judge;
  readonly rules: Rules;
  readonly limits: ScanLimits;
  readonly queue: PQueue;
  readonly worker: URL;
  readonly cache: SealedFacts | undefined;
  readonly malware: MalwareScanner | undefined;
  readonly clock: Clock;
}

/** One call of `scan`: each blob is read once, whatever the number of paths that it has. */
class Run {
  private readonly deps: RunDeps;
  private readonly scans = new Map<RepoPath, BlobScan>();
  private readonly parts: SnapshotPart[] = [];
  private readonly malware = new Map<Sha256, MalwareResult>();
  private readonly paths = new Map<Sha256, ScanTarget[]>();

  constructor(deps: RunDeps) {
    this.deps = deps;
    for (const target of deps.targets) {
      const same = this.paths.get(target.sha256);
      if (same) same.push(target);
      else this.paths.set(target.sha256, [target]);
    }
  }

  async finished(): Promise<Omit<ScanResult, 'rulesVersion'>> {
    await this.askMalwareScanner();
    const unread: ScanTarget[] = [];
    for (const [target] of this.paths.values()) if (target && !(await this.fromCache(target))) unread.push(target);
    await this.enqueue(batches(unread, this.deps.limits).map((batch) => () => this.read(batch)));
    // In the order of their paths: children end in any order.
    const parts = this.parts.sort((a, b) => (a.path < b.path ? -1 : 1));
    const { files, code } = judgeSnapshot(parts, this.scans, this.deps.rules);
    return { files: files as ReadonlyMap<RepoPath, BlobScan>, ...(code && { code }) };
  }

  /** First, so that no verdict is given without it: where it is away the whole scan fails. */
  private async askMalwareScanner(): Promise<void> {
    const { malware: scanner, cache, clock, signal } = this.deps;
    if (scanner === undefined) return;
    const age = this.deps.malwareAge ?? { since: clock.now().toISOString() };
    const answers = new MalwareAnswers({ scanner, cache, age, clock, signal });
    const ask = async (target: ScanTarget) => {
      const { sha256, size, file } = target;
      const answer = await answers.of(sha256, size, () => withBytes([target], () => scanner.scan(file, size, signal)));
      this.malware.set(sha256, answer);
    };
    await this.enqueue([...this.paths.values()].flatMap(([target]) => (target ? () => ask(target) : [])));
  }

  private async fromCache(target: ScanTarget): Promise<boolean> {
    this.deps.signal?.throwIfAborted();
    const json = await this.deps.cache?.get(target.sha256, CORE_VERSION);
    if (json === undefined) return false;
    const parsed = parseCached(json);
    if (parsed?.size !== target.size || !isCurrent(parsed)) return false;
    this.judged(target, { facts: parsed });
    return true;
  }

  private async enqueue(work: readonly (() => Promise<void>)[]): Promise<void> {
    const { queue, signal } = this.deps;
    const results = await Promise.allSettled(work.map((one) => queue.add(one, signal ? { signal } : {})));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed) throw failed.reason;
  }

  /**
   * Read a batch in one child. When it dies, the file that it was at is read again alone, so that nobody else pays for
   * it, and those after it in a new child. `again`: this machine, not the file, ended the child before.
   */
  private async read(batch: readonly ScanTarget[], again = false): Promise<void> {
    const facts: Facts[] = [];
    const { limits, signal, worker } = this.deps;
    const failed = await withBytes(batch, () =>
      extractInChild(batch, limits, (_index, extracted) => facts.push(extracted), signal, worker),
    );
    for (const [index, extracted] of facts.entries()) {
      const target = batch[index];
      if (target) await this.extracted(target, extracted);
    }
    const [culprit, ...rest] = batch.slice(facts.length);
    if (failed === undefined || culprit === undefined) return;
    if (failed.outside && again) throw scanFailed(culprit, failed.reason);
    if (failed.outside) await this.pause();
    else if (batch.length === 1) return this.judged(culprit, { failure: failed.reason });
    await this.read([culprit], failed.outside);
    if (rest.length > 0) await this.read(rest);
  }

  /** What a machine lacked may be there again after a while. */
  private async pause(): Promise<void> {
    const { limits, signal } = this.deps;
    const waited = setTimeout(limits.retryMilliseconds, undefined, signal ? { signal } : {});
    await waited.catch(() => signal?.throwIfAborted());
  }

  /** Budgets are part of the extractor version and the same everywhere: that they were hit may be remembered too. */
  private async extracted(target: ScanTarget, facts: Facts): Promise<void> {
    await this.deps.cache?.put(target.sha256, CORE_VERSION, JSON.stringify(facts));
    this.judged(target, { facts });
  }

  private judged(blob: ScanTarget, extraction: Extraction): void {
    for (const { path } of this.paths.get(blob.sha256) ?? []) {
      const own = 'facts' in extraction ? this.deps.judge(extraction.facts, path) : unscannable(extraction.failure);
      const scan = withMalware(own, this.malware.get(blob.sha256) ?? {}, this.deps.malware?.unscanned ?? 'info');
      if ('facts' in extraction) this.parts.push(snapshotPart(extraction.facts, { ...blob, path }, this.deps.rules));
      this.scans.set(path, scan);
      this.deps.onScanned?.(path, scan);
    }
  }
}

/** The bytes of a batch are here while it is read, and no longer. */
async function withBytes<T>(batch: readonly ScanTarget[], read: () => Promise<T>): Promise<T> {
  const taken: ScanTarget[] = [];
  try {
    for (const target of batch) {
      taken.push(target);
      await target.copy?.take();
    }
    return await read();
  } finally {
    for (const { copy } of taken) await copy?.drop();
  }
}

function scanFailed({ path, sha256 }: ScanTarget, reason: string): AirlockError {
  return new AirlockError('scan-failed', `${printable(path)} could not be scanned: ${reason}.`, { path, sha256 });
}

/** Big files have a process of their own; small ones share. */
function batches(targets: readonly ScanTarget[], limits: ScanLimits): ScanTarget[][] {
  const made: ScanTarget[][] = [];
  let last: ScanTarget[] = [];
  let bytes = 0;
  for (const target of targets) {
    if (last.length === 0 || last.length >= limits.batchFiles || bytes + target.size > limits.batchBytes) {
      last = [];
      bytes = 0;
      made.push(last);
    }
    last.push(target);
    bytes += target.size;
  }
  return made;
}

function parseCached(json: string): Facts | undefined {
  try {
    const parsed = parseFacts(JSON.parse(json));
    return 'facts' in parsed ? parsed.facts : undefined;
  } catch {
    return undefined;
  }
}

/** No `block`: nothing dangerous was seen, and policy has a rule of its own for what nobody could read. */
function unscannable(reason: string): BlobScan {
  const message = `could not be read to its end: ${reason}`;
  return { format: 'unknown', verdict: 'unscannable', findings: [{ rule: 'unscannable', level: 'review', message }] };
}
