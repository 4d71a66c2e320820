// SPDX-License-Identifier: Apache-2.0
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface MemoryAlarms {
  /** The process uses more than it may. */
  exceeded(actual: number): void;
  /** Its memory can not be read: without `/proc` and `ps` there would be no limit at all. */
  blind(): void;
}

/** A process that is ending has no memory to read, for as long as it takes to be told of its end. */
const MISSES = 5;

/** Resident memory of a process in bytes, or `undefined` when nobody says. */
async function residentBytes(pid: number): Promise<number | undefined> {
  try {
    const kilobytes = process.platform === 'linux' ? await residentByProc(pid) : await residentByPs(pid);
    return Number.isFinite(kilobytes) && kilobytes > 0 ? kilobytes * 1024 : undefined;
  } catch {
    return undefined;
  }
}

/** In kilobytes, whatever the size of a page is on this machine. */
async function residentByProc(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'latin1');
  return Number(/^VmRSS:\s*(\d+) kB$/m.exec(status)?.[1]);
}

async function residentByPs(pid: number): Promise<number> {
  const { stdout } = await run('ps', ['-o', 'rss=', '-p', String(pid)]);
  return Number(stdout.trim());
}

/** Looks at a process's memory again and again, one look at a time, until stopped; raises one alarm at most. */
export function watchMemory(pid: number, limit: number, everyMs: number, alarms: MemoryAlarms): () => void {
  let stopped = false;
  let misses = 0;
  let timer: NodeJS.Timeout | undefined;
  const look = async () => {
    const actual = await residentBytes(pid);
    if (stopped) return;
    if (actual !== undefined && actual > limit) return alarms.exceeded(actual);
    misses = actual === undefined ? misses + 1 : 0;
    if (misses >= MISSES) return alarms.blind();
    timer = setTimeout(look, everyMs);
  };
  timer = setTimeout(look, everyMs);
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}
