// SPDX-License-Identifier: Apache-2.0
import type { ChildProcess } from 'node:child_process';
import { type FileHandle, open } from 'node:fs/promises';
import { z } from 'zod';
import type { Facts } from '#scanners/facts.ts';
import { parseFacts } from '#scanners/facts-schema.ts';
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

export const WORKER = new URL('../../scanners/worker.ts', import.meta.url);

const STDERR_BYTES = 4096;
const resultLine = z.strictObject({ index: z.int().nonnegative(), facts: z.unknown() });

/**
 * Read several files in one child process, in order. Calls `extracted` for each as its line arrives. Returns the index
 * of the file at which the process ended early, and why; or nothing when all were read. The child is gone by then.
 * @throws what opening a file throws, before a process is started
 */
export async function extractInChild(
  sources: readonly Source[],
  limits: ScanLimits,
  extracted: (index: number, facts: Facts) => void,
  signal?: AbortSignal,
  script: URL = WORKER,
): Promise<{ failedAt: number; reason: string } | undefined> {
  signal?.throwIfAborted();
  const files: FileHandle[] = [];
  try {
    // Opened for reading only, and by the parent: the child can neither write to it nor open another.
    for (const source of sources) files.push(await open(source.file, 'r'));
    const jobs = sources.map((source, index) => ({ index, fd: 3 + index, size: source.size }));
    const child = startSandboxed(
      script,
      JSON.stringify(jobs),
      files.map((file) => file.fd),
      limits,
    );
    return await new Supervision(child, sources.length, limits, extracted).finished(signal);
  } finally {
    await Promise.all(files.map((file) => file.close()));
  }
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

  async finished(signal?: AbortSignal): Promise<{ failedAt: number; reason: string } | undefined> {
    const { memoryBytes, watchMilliseconds } = this.limits;
    const { pid } = this.child;
    const stopWatching =
      pid === undefined
        ? () => {}
        : watchMemory(pid, memoryBytes, watchMilliseconds, (actual) =>
            this.end(`it used ${mib(actual)} of memory, and ${mib(memoryBytes)} are allowed`),
          );
    const abort = () => this.end('the scan was cancelled');
    signal?.addEventListener('abort', abort, { once: true });
    this.restartClock();
    try {
      await this.closed();
    } finally {
      clearTimeout(this.timer);
      stopWatching();
      signal?.removeEventListener('abort', abort);
    }
    signal?.throwIfAborted();
    return this.done === this.expected ? undefined : { failedAt: this.done, reason: this.reason ?? 'it ended early' };
  }

  private closed(): Promise<void> {
    const { child } = this;
    child.stdout?.on('data', (chunk: Buffer) => this.read(chunk));
    child.stderr?.on('data', (chunk: Buffer) => {
      if (this.stderr.length < STDERR_BYTES) this.stderr += chunk.toString('latin1').slice(0, STDERR_BYTES);
    });
    return new Promise((resolve) => {
      child.once('error', (error) => {
        this.reason ??= `the scanner process could not be started: ${error.message}`;
        if (child.pid === undefined) resolve();
      });
      child.once('close', (code, how) => {
        this.reason ??= `the scanner process ended with ${how ?? `status ${code}`}${this.lastWords()}`;
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
      this.end(`its facts take more than the ${mib(this.limits.factsBytes)} that are allowed`);
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

  /** The first reason counts. This child and no other is killed. */
  private end(reason: string): void {
    this.reason ??= reason;
    this.child.kill('SIGKILL');
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
  const parsed = resultLine.safeParse(value);
  if (!parsed.success) return { error: 'a line without index and facts' };
  const facts = parseFacts(parsed.data.facts);
  return 'error' in facts ? facts : { index: parsed.data.index, facts: facts.facts };
}

function mib(bytes: number): string {
  return `${Math.round(bytes / 1024 / 1024)} MiB`;
}
