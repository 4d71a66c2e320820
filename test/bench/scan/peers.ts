// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { prepareFolder } from '#test/setup/prepare.ts';
import { findPython } from '#test/setup/python.ts';
import { run } from '#test/support/run.ts';

/**
 * Another scanner: what installs it, and its command for a file or folder. Exit status 1 means
 * that it found something, 2 that it failed, modelscan's 3 that it reads no such file.
 */
export interface Peer {
  readonly name: string;
  readonly packages: readonly string[];
  readonly command: (bin: string, path: string) => readonly string[];
}

export const PEERS: readonly Peer[] = [
  {
    name: 'picklescan 1.0.5',
    packages: ['picklescan==1.0.5', 'numpy==2.4.6'],
    command: (bin, path) => [join(bin, 'picklescan'), '-p', path],
  },
  {
    name: 'modelscan 0.8.8',
    packages: ['modelscan==0.8.8'],
    command: (bin, path) => [join(bin, 'modelscan'), '-p', path],
  },
  {
    name: 'fickling 0.1.12',
    packages: ['fickling==0.1.12', 'typing_extensions==4.15.0', 'numpy==2.4.6'],
    command: (bin, path) => [join(bin, 'python'), join(import.meta.dirname, 'fickling_files.py'), path],
  },
  {
    name: 'modelaudit 0.2.54',
    packages: ['modelaudit==0.2.54'],
    command: (bin, path) => [join(bin, 'modelaudit'), 'scan', '--no-cache', path],
  },
];

/** Its folder of programs, installed once into the test cache. */
export async function preparePeer({ name, packages }: Peer): Promise<string> {
  const python = await findPython();
  const key = createHash('sha256').update(packages.join(' ')).digest('hex').slice(0, 16);
  const folder = await prepareFolder(`scanner-${name.replace(/\s+/g, '-')}-${key}`, async (path) => {
    await must(python.command, ['-m', 'venv', path]);
    await must(join(path, 'bin', 'pip'), ['install', '--quiet', '--disable-pip-version-check', ...packages]);
  });
  return join(folder, 'bin');
}

async function must(command: string, args: readonly string[]): Promise<void> {
  const { status, output } = await run(command, args, { timeoutSeconds: 1200 });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed: ${output}`);
}
