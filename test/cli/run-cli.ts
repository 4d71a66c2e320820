// SPDX-License-Identifier: Apache-2.0
import { resolve } from 'node:path';
import { type RunResult, run } from '#test/support/run.ts';

const CLI = resolve(import.meta.dirname, '../../src/cli.ts');

/** The command in a folder and an environment of the test's own. */
export function runCli(
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>>,
): Promise<RunResult> {
  return run(process.execPath, [CLI, ...args], { cwd, env: { PATH: process.env.PATH, HOME: cwd, ...env } });
}
