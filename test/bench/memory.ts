// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

const EVERY_MILLISECONDS = 100;

export interface Peaks {
  /** Bytes the server process had in memory at most: the kernel's own high-water mark. */
  readonly server: number;
  /** Bytes of one of its children at most, and how many children were seen. */
  readonly child: number;
  readonly children: number;
}

/** Watch a process and its children, which come and go, until `stop`. Linux only: elsewhere everything is 0. */
export function watchMemory(pid: number): { stop(): Promise<Peaks> } {
  const stopped = new AbortController();
  const children = new Map<string, number>();
  let server = 0;

  async function look(): Promise<void> {
    server = Math.max(server, await highWater(String(pid)));
    for (const child of await childrenOf(pid))
      children.set(child, Math.max(children.get(child) ?? 0, await highWater(child)));
  }

  async function watch(): Promise<void> {
    while (!stopped.signal.aborted) {
      await look();
      await sleep(EVERY_MILLISECONDS, undefined, { signal: stopped.signal }).catch(() => {});
    }
    await look();
  }

  const watching = watch();
  return {
    async stop() {
      stopped.abort();
      await watching;
      return { server, child: Math.max(0, ...children.values()), children: children.size };
    },
  };
}

async function highWater(pid: string): Promise<number> {
  // A process that has just ended has no figure any more.
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
}

async function childrenOf(pid: number): Promise<string[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  return text.split(' ').filter((child) => child !== '');
}
