// SPDX-License-Identifier: Apache-2.0
import type { ChildProcess } from 'node:child_process';
import { type FileHandle, open } from 'node:fs/promises';
import { z } from 'zod';
import type { Facts } from '#scanners/facts.ts';
import { parseFacts } from '#scanners/facts-schema.ts';
import { messageOf } from '#src/domain/errors.ts';
import type { ScanLimits } from './limits.ts';
import { startSandboxed } from './sandbox.ts';
import { watchMemory } from './watchdog.ts';

/** A local file to read, and how long it must be. */
export interface Source {
  readonly file: string;
  readonly size: number;
}

/** The facts of a file; or why there are none, which makes the file unscannable. */
export type Extraction = { readonly facts: Facts } | { readonly failure: string };

/**
 * Where a child process ended early, and why. `outside`: the file did not do it, this machine did. That says nothing
 * about the bytes.
 */
export interface EarlyEnd {
  readonly failedAt: number;
  readonly reason: string;
  readonly outside: boolean;
}

export const WORKER = new URL('../../scanners/worker.ts', import.meta.url);

const STDERR_BYTES = 4096;
/** An honest answer nests members as deep as `BUDGETS.depth`; one of a process that was taken over must not exhaust us. */
const ANSWER_DEPTH = 64;

/** What a process does to itself when it fails, V8 out of memory among them. Any other signal was sent by somebody. */
const CRASHES: ReadonlySet<string> = new Set(['SIGABRT', 'SIGBUS', 'SIGFPE', 'SIGILL', 'SIGSEGV', 'SIGSYS', 'SIGTRAP']);
const resultLine = z.strictObject({ index: z.int().nonnegative(), facts: z.unknown() });

/**
 * Read several files in one child process, in order. Calls `extracted` for each as its line arrives. Returns where
 * the process ended early, or nothing when all were read. The child is gone by then.
 * @throws what `signal` was aborted with, or what opening a file throws, before a process is started
 */
export async function extractInChild(
  sources: readonly Source[],
  limits: ScanLimits,
  extracted: (index: number, facts: Facts) => void,
  signal?: AbortSignal,
  script: URL = WORKER,
): Promise<EarlyEnd | undefined> {
  signal?.throwIfAborted();
  const files: FileHandle[] = [];
  try {
    // Opened for reading only, and by the parent: the child can neither write to it nor open another.
    for (const source of sources) files.push(await open(source.file, 'r'));
    // Again: an abort while files were opened is told to nobody who begins to listen now.
    signal?.throwIfAborted();
    const jobs = sources.map((source, index) => ({ index, fd: 3 + index, size: source.size }));
    const descriptors = files.map((file) => file.fd);
    const child = started(() => startSandboxed(script, JSON.stringify(jobs), descriptors, limits));
    if (typeof child === 'string') return { failedAt: 0, reason: child, outside: true };
    return await new Supervision(child, sources.length, limits, extracted).finished(signal);
  } finally {
    await Promise.all(files.map((file) => file.close()));
  }
}

/** Some failures of the system are thrown, others are an event of the child. */
function started(start: () => ChildProcess): ChildProcess | string {
  try {
    return start();
  } catch (error) {
    return notStarted(error);
  }
}

function notStarted(error: unknown): string {
  return `the scanner process could not be started: ${messageOf(error)}`;
}

/** Watches one child process: its lines, its memory, its time. What it says is checked, for it may have been taken over. */
class Supervision {
  private readonly child: ChildProcess;
  private readonly expected: number;
  private readonly limits: ScanLimits;
  private readonly extracted: (index: number, facts: Facts) => void;
  private readonly line: Buffer[] = [];
  private lineBytes = 0;
  private done = 0;
  private reason: string | undefined;
  private outside = false;
  private timer: NodeJS.Timeout | undefined;
  private stderr = '';

  constructor(
    child: ChildProcess,
    expected: number,
    limits: ScanLimits,
    extracted: (index: number, facts: Facts) => void,
  ) {
    this.child = child;
    this.expected = expected;
    this.limits = limits;
    this.extracted = extracted;
  }

  async finished(signal?: AbortSignal): Promise<EarlyEnd | undefined> {
    const stopWatching = this.watch();
    const abort = () => this.end('the scan was cancelled');
    signal?.addEventListener('abort', abort, { once: true });
    this.restartClock();
    try {
      await this.closed(stopWatching);
    } finally {
      clearTimeout(this.timer);
      stopWatching();
      signal?.removeEventListener('abort', abort);
    }
    signal?.throwIfAborted();
    if (this.done === this.expected) return undefined;
    return { failedAt: this.done, reason: this.reason ?? 'it ended early', outside: this.outside };
  }

  private watch(): () => void {
    const { memoryBytes, watchMilliseconds } = this.limits;
    const { pid } = this.child;
    if (pid === undefined) return () => {};
    return watchMemory(pid, memoryBytes, watchMilliseconds, {
      exceeded: (actual) => this.end(`it used ${mib(actual)} of memory, and ${mib(memoryBytes)} are allowed`),
      blind: () =>
        this.end(
          "the scanner process's memory can not be read (there is no /proc, or no ps), so it has no limit",
          true,
        ),
    });
  }

  private closed(stopWatching: () => void): Promise<void> {
    const { child } = this;
    child.stdout?.on('data', (chunk: Buffer) => this.read(chunk));
    child.stderr?.on('data', (chunk: Buffer) => {
      if (this.stderr.length < STDERR_BYTES) this.stderr += chunk.toString('latin1').slice(0, STDERR_BYTES);
    });
    child.once('exit', stopWatching);
    return new Promise((resolve) => {
      child.once('error', (error) => {
        if (child.pid !== undefined) return;
        this.because(notStarted(error), true);
        resolve();
      });
      child.once('close', (code, how) => {
        const sent = how !== null && !CRASHES.has(how);
        const end = sent ? `was ended from outside with ${how}` : `ended with ${how ?? `status ${code}`}`;
        this.because(`the scanner process ${end}${this.lastWords()}`, sent);
        resolve();
      });
    });
  }

  private read(chunk: Buffer): void {
    if (this.reason !== undefined) return;
    let start = 0;
    for (let end = chunk.indexOf(0x0a); end >= 0; end = chunk.indexOf(0x0a, start)) {
      this.keep(chunk.subarray(start, end));
      if (this.reason !== undefined) return;
      this.accept(Buffer.concat(this.line.splice(0)));
      this.lineBytes = 0;
      start = end + 1;
    }
    this.keep(chunk.subarray(start));
  }

  private keep(part: Buffer): void {
    this.line.push(part);
    this.lineBytes += part.length;
    if (this.lineBytes > this.limits.factsBytes)
      this.end(`it has too many facts: they take more than the ${mib(this.limits.factsBytes)} that are allowed`);
  }

  private accept(line: Buffer): void {
    if (this.reason !== undefined) return;
    const answer = parseLine(line);
    if ('error' in answer) this.end(`the scanner process answered nonsense: ${answer.error}`);
    else if (answer.index !== this.done || this.done >= this.expected)
      this.end('the scanner process answered for another file');
    else {
      this.extracted(answer.index, answer.facts);
      this.done++;
      this.restartClock();
    }
  }

  private restartClock(): void {
    clearTimeout(this.timer);
    const { fileMilliseconds } = this.limits;
    this.timer = setTimeout(
      () => this.end(`it took longer than the ${fileMilliseconds / 1000} s that are allowed`),
      fileMilliseconds,
    );
  }

  /** This child and no other is killed. */
  private end(reason: string, outside = false): void {
    this.because(reason, outside);
    this.child.kill('SIGKILL');
  }

  /** The first reason counts: what we did to a child is not what others did. */
  private because(reason: string, outside: boolean): void {
    if (this.reason !== undefined) return;
    this.reason = reason;
    this.outside = outside;
  }

  private lastWords(): string {
    const words = this.stderr.split('\n').find((line) => /Error|FATAL/.test(line)) ?? '';
    return words === '' ? '' : `: ${words.slice(0, 200).replace(/[^\x20-\x7e]/g, '?')}`;
  }
}

function parseLine(line: Buffer): { index: number; facts: Facts } | { error: string } {
  let value: unknown;
  try {
    value = JSON.parse(line.toString('utf8'));
  } catch {
    return { error: 'a line that is no JSON' };
  }
  if (deeperThan(ANSWER_DEPTH, value)) return { error: `a line nested deeper than ${ANSWER_DEPTH} levels` };
  const parsed = resultLine.safeParse(value);
  if (!parsed.success) return { error: 'a line without index and facts' };
  const facts = parseFacts(parsed.data.facts);
  return 'error' in facts ? facts : { index: parsed.data.index, facts: facts.facts };
}

/** What checks and judges facts follows them down. */
function deeperThan(levels: number, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => deeperThan(levels - 1, inner));
}

function mib(bytes: number): string {
  return `${Math.round(bytes / 1024 / 1024)} MiB`;
}
