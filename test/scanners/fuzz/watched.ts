// SPDX-License-Identifier: Apache-2.0
import { setTimeout } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { LARGEST_INPUT } from './mutate.ts';

export interface FuzzOptions {
  readonly seed: number;
  readonly cpuSeconds: number;
  /** After so many different failures a run ends. */
  readonly failures: number;
}

export interface Failure {
  readonly seed: number;
  /** The seed that the input was made of. */
  readonly name: string;
  readonly wrong: string;
  readonly base64: string;
}

export interface FuzzReport {
  readonly seed: number;
  readonly runs: number;
  /** Inputs that reached something new. */
  readonly kept: number;
  readonly formats: readonly string[];
  /** Bytes of the scanners' source that the seeds ran, and that everything ran in the end. */
  readonly atStart: number;
  readonly ran: number;
  readonly failures: readonly Failure[];
}

/** The input that the thread is at: how many there were before, its length, its bytes. */
export interface Shared {
  readonly numbers: Int32Array;
  readonly bytes: Uint8Array;
}

export function note({ numbers, bytes }: Shared, input: Uint8Array): void {
  bytes.set(input.subarray(0, bytes.length));
  numbers[1] = Math.min(input.length, bytes.length);
  Atomics.add(numbers, 0, 1);
}

const HEAP_MIB = 512;
const LOOK_MS = 1000;
/** Of the clock on the wall: generous, because others use this machine too. The CPU time is measured (oracle.ts). */
const STUCK_MS = 30_000;

/** A run in a thread of its own, which is ended when it is stuck with one input. */
export async function fuzz(options: FuzzOptions): Promise<FuzzReport> {
  const shared: Shared = {
    numbers: new Int32Array(new SharedArrayBuffer(8)),
    bytes: new Uint8Array(new SharedArrayBuffer(LARGEST_INPUT)),
  };
  const worker = new Worker(new URL('./worker.ts', import.meta.url), {
    workerData: { ...options, shared },
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB },
    execArgv: [],
  });
  const stop = new AbortController();
  const current = (wrong: string): FuzzReport => {
    const base64 = Buffer.from(shared.bytes.subarray(0, shared.numbers[1])).toString('base64');
    const failures = [{ seed: options.seed, name: 'the input at hand', wrong, base64 }];
    return { seed: options.seed, runs: shared.numbers[0] ?? 0, kept: 0, formats: [], atStart: 0, ran: 0, failures };
  };
  try {
    return await Promise.race([
      new Promise<FuzzReport>((resolve) => {
        worker.once('message', resolve);
        worker.once('error', (error) => resolve(current(`it ends the thread: ${String(error)}`)));
      }),
      stuck(shared, stop.signal).then(() => current(`it takes longer than ${STUCK_MS / 1000} s`)),
    ]);
  } finally {
    stop.abort();
    await worker.terminate();
  }
}

async function stuck({ numbers }: Shared, signal: AbortSignal): Promise<void> {
  let seen = -1;
  for (let since = performance.now(); performance.now() - since < STUCK_MS; ) {
    await setTimeout(LOOK_MS, undefined, { signal }).catch(() => new Promise(() => {}));
    const now = Atomics.load(numbers, 0);
    if (now !== seen) since = performance.now();
    seen = now;
  }
}
