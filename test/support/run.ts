// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';

export interface RunOptions {
  readonly cwd?: string;
  /** Replaces the environment as a whole. */
  readonly env?: NodeJS.ProcessEnv;
  readonly timeoutSeconds?: number;
  /** Ends the child early: then `status` is undefined. */
  readonly signal?: AbortSignal;
}

export interface RunResult {
  /** Undefined when a signal ended it, the time-out included. */
  readonly status: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
  /** Both, in the order of arrival: what a person saw in the terminal. */
  readonly output: string;
}

/** Run a command to its end. A command that can not be started is an error; one that fails is a result. */
export async function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const seconds = options.timeoutSeconds ?? 100;
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.env === undefined ? {} : { env: options.env }),
  });
  const seen = { stdout: '', stderr: '', output: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (text: string) => {
      seen[name] += text;
      seen.output += text;
    });
  const kill = () => child.kill('SIGKILL');
  options.signal?.addEventListener('abort', kill, { once: true });
  const timer = setTimeout(() => {
    seen.output += `\n(killed after ${seconds} s)`;
    kill();
  }, seconds * 1000);
  try {
    const status = await new Promise<number | null>((done, fail) => child.on('error', fail).on('close', done));
    return { status: status ?? undefined, ...seen };
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener('abort', kill);
  }
}
