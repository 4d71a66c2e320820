// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { access, mkdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type RunOptions, run } from '#test/support/run.ts';
import { testCache } from './cache.ts';

/** The file that says a folder of the cache is complete: written last, so a killed set-up is seen and made again. */
const MARKER = '.complete';

/**
 * A folder of the test cache, made once. `make` fills the empty folder it is given; when it throws, nothing is kept.
 * One process at a time makes a folder: the others wait for it.
 */
export async function prepareFolder(name: string, make: (folder: string) => Promise<void>): Promise<string> {
  const folder = join(testCache(), name);
  if (await exists(join(folder, MARKER))) return folder;
  await mkdir(testCache(), { recursive: true });
  await withLock(`${folder}.lock`, async () => {
    if (await exists(join(folder, MARKER))) return;
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    await make(folder);
    await writeFile(join(folder, MARKER), new Date().toISOString());
  });
  return folder;
}

/** A folder of the cache is named by what goes into it, so that a changed file makes a new one. */
export async function keyOf(files: readonly string[], ...also: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const file of files) hash.update(await readFile(file));
  for (const text of also) hash.update(text);
  return hash.digest('hex').slice(0, 16);
}

/** A step of the set-up. @throws Error with what it printed, when it fails. */
export async function must(command: string, args: readonly string[], options: RunOptions = {}): Promise<void> {
  const result = await run(command, args, { timeoutSeconds: 900, ...options });
  if (result.status !== 0)
    throw new Error(`${command} ${args.join(' ')} failed with ${result.status}:\n${result.output.slice(-4000)}`);
}

/** A lock directory whose owner touches it while it works; one that nobody touched for a minute has lost its owner. */
async function withLock(path: string, work: () => Promise<void>): Promise<void> {
  await mkdir(join(path, '..'), { recursive: true });
  while (!(await tryMkdir(path))) {
    const age =
      Date.now() -
      (await stat(path).then(
        (s) => s.mtimeMs,
        () => Date.now(),
      ));
    if (age > 60_000) await rm(path, { recursive: true, force: true });
    else await sleep(500);
  }
  const beat = setInterval(() => void utimes(path, new Date(), new Date()).catch(() => {}), 5_000);
  try {
    await work();
  } finally {
    clearInterval(beat);
    await rm(path, { recursive: true, force: true });
  }
}

async function tryMkdir(path: string): Promise<boolean> {
  try {
    await mkdir(path);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
