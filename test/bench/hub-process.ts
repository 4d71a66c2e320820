// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { freePort } from '#test/support/free-port.ts';
import { until } from '#test/support/until.ts';

const MAIN = join(import.meta.dirname, '..', 'fake-hub', 'main.ts');

interface HubStats {
  readonly requests: number;
  /** Body bytes sent, by `org/name/path`. */
  readonly bytes: Readonly<Record<string, number>>;
}

export interface HubProcess {
  readonly url: string;
  stats(): Promise<HubStats>;
  reset(): Promise<void>;
  stop(): Promise<void>;
}

/** The fake hub as a process of its own, with repos `acme/big-<MiB>`. */
export async function startHubProcess(sizes: readonly number[]): Promise<HubProcess> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const big = sizes.flatMap((mib) => ['--big', String(mib)]);
  const child = spawn(process.execPath, [MAIN, '--port', String(port), ...big], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const ended = once(child, 'exit');
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended;
  };
  // The first start takes the digests of the generated weights, once per machine.
  await until('the fake hub answers', () => answers(url, child.exitCode), 300).catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  return {
    url,
    stats: async () => (await (await fetch(`${url}/__stats`)).json()) as HubStats,
    reset: async () => {
      await (await fetch(`${url}/__stats`, { method: 'DELETE' })).body?.cancel();
    },
    stop,
  };
}

async function answers(url: string, exitCode: number | null): Promise<boolean> {
  if (exitCode !== null) throw new Error(`The fake hub ended with ${exitCode}`);
  const answer = await fetch(`${url}/__stats`).catch(() => undefined);
  await answer?.body?.cancel();
  return answer?.status === 200;
}
