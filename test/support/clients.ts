// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import { inject } from 'vitest';
import { type RunResult, run } from './run.ts';

/** The versions of huggingface_hub that the tests drive. */
export const HUB_VERSIONS = ['2.4', '1.0', '0.36', '0.23'] as const;
export type HubVersion = (typeof HUB_VERSIONS)[number];

export interface ClientOptions {
  /** What HF_ENDPOINT is set to. */
  readonly endpoint: string;
  /** HF_HOME: a fresh folder is a new user's machine. */
  readonly home: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly timeoutSeconds?: number;
  readonly signal?: AbortSignal;
}

/** The real `hf` command; before 0.34 it is called `huggingface-cli`. */
export function hf(version: HubVersion, args: readonly string[], options: ClientOptions): Promise<RunResult> {
  const command = version === '0.23' ? 'huggingface-cli' : 'hf';
  return run(join(inject('python')[`hub-${version}`], command), args, clientOptions(options));
}

/** What a call of the library returned, or the exception that it raised. `output` is what was printed meanwhile. */
export type Probed<T> =
  | { readonly value: T; readonly output: string }
  | { readonly error: string; readonly message: string; readonly output: string };

type ProbeCall =
  | ('snapshot' | 'file' | 'info' | 'tree' | 'paths_info' | 'refs' | 'fs' | 'exists')
  | ('listing' | 'describe_repo' | 'expanded' | 'commits' | 'access');

/** One call of the real library, in a process of its own: see `probe.py` for what there is. */
export async function probe<T>(
  version: HubVersion,
  call: ProbeCall,
  args: Readonly<Record<string, unknown>>,
  options: ClientOptions,
): Promise<Probed<T>> {
  const command = join(inject('python')[`hub-${version}`], 'python');
  const script = join(import.meta.dirname, 'probe.py');
  const result = await run(command, [script, call, JSON.stringify(args)], clientOptions(options));
  const last = result.stdout.trim().split('\n').at(-1) ?? '';
  if (result.status !== 0 || !last.startsWith('{'))
    throw new Error(`probe.py ${call} ended with ${result.status}:\n${result.output}`);
  return { ...(JSON.parse(last) as { value: T }), output: result.output };
}

/** The same, where the call must succeed. */
export async function call<T>(...asked: Parameters<typeof probe>): Promise<T> {
  const answer = await probe<T>(...asked);
  if ('error' in answer) throw new Error(`${asked[1]} raised ${answer.error}: ${answer.message}\n${answer.output}`);
  return answer.value;
}

export interface FileDigests {
  readonly size: number;
  readonly sha256: string;
  readonly gitOid: string;
}

export interface Snapshot {
  readonly commit: string;
  readonly folder: string;
  readonly files: Readonly<Record<string, FileDigests>>;
}

/** A command of the environment that judges what was served: `python`, `model_signing`. */
export function verifier(command: string, args: readonly string[]): Promise<RunResult> {
  const bin = inject('python').verify;
  return run(join(bin, command), args, { env: { PATH: `${bin}:${process.env.PATH}`, HOME: process.env.HOME } });
}

export function clientOptions(options: ClientOptions): Parameters<typeof run>[2] {
  return {
    cwd: options.home,
    env: {
      PATH: process.env.PATH,
      HOME: options.home,
      HF_HOME: options.home,
      HF_ENDPOINT: options.endpoint,
      HF_HUB_DISABLE_TELEMETRY: '1',
      HF_HUB_DISABLE_PROGRESS_BARS: '1',
      // The command would ask a public package index for a newer version of itself.
      HF_HUB_DISABLE_UPDATE_CHECK: '1',
      ...options.env,
    },
    ...(options.timeoutSeconds === undefined ? {} : { timeoutSeconds: options.timeoutSeconds }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  };
}
