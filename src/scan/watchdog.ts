// SPDX-License-Identifier: Apache-2.0
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);
/** Linux counts in pages; every 64-bit Linux that Node supports here has 4 KiB ones or reports larger ones below. */
let pageBytes: Promise<number> | undefined;

/** Resident memory of a process in bytes, or `undefined` when there is no such process any more. */
async function residentBytes(pid: number): Promise<number | undefined> {
  try {
    if (process.platform !== 'linux') return await residentByPs(pid);
    const pages = Number((await readFile(`/proc/${pid}/statm`, 'utf8')).split(' ')[1]);
    pageBytes ??= run('getconf', ['PAGESIZE']).then(
      ({ stdout }) => Number(stdout) || 4096,
      () => 4096,
    );
    return Number.isFinite(pages) ? pages * (await pageBytes) : undefined;
  } catch {
    return undefined;
  }
}

async function residentByPs(pid: number): Promise<number | undefined> {
  const { stdout } = await run('ps', ['-o', 'rss=', '-p', String(pid)]);
  const kilobytes = Number(stdout.trim());
  return Number.isFinite(kilobytes) && kilobytes > 0 ? kilobytes * 1024 : undefined;
}

/** Looks at a process's memory again and again, one look at a time, until stopped; tells once when it is too much. */
export function watchMemory(
  pid: number,
  limit: number,
  everyMs: number,
  exceeded: (actual: number) => void,
): () => void {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  const look = async () => {
    const actual = await residentBytes(pid);
    if (stopped) return;
    if (actual !== undefined && actual > limit) return exceeded(actual);
    timer = setTimeout(look, everyMs);
  };
  timer = setTimeout(look, everyMs);
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}
