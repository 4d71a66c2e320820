// SPDX-License-Identifier: Apache-2.0
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Mirror, startMirror } from '#test/support/mirror.ts';
import { run } from '#test/support/run.ts';
import { until } from '#test/support/until.ts';
import { median } from './download.ts';
import { startHubProcess } from './hub-process.ts';
import type { LoadResult } from './load.ts';
import { machine } from './machine.ts';

// npm run bench:audit -- [ROUNDS] [SECONDS]
//
// What counting accesses costs: CPU of the server for each HEAD, of two mirrors that differ in `audit.countAccesses`
// alone. They take turns, so that both meet the same neighbours; CPU time and not the clock, for the same reason.

const [ROUNDS = 15, SECONDS = 2] = process.argv.slice(2).map(Number);
const CONNECTIONS = 8;
const FILE = 'acme/big-1/resolve/main/config.json';
/** Of /proc: 100 a second, on every Linux. */
const TICK_MICROSECONDS = 10_000;

async function cpuMicroseconds(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8');
  // Behind the name, which may have spaces: user and system time are the fields 14 and 15.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MICROSECONDS;
}

async function heads(mirror: Mirror): Promise<number> {
  const args = [
    join(import.meta.dirname, 'load.ts'),
    'HEAD',
    `${mirror.url}/${FILE}`,
    String(CONNECTIONS),
    String(SECONDS),
  ];
  const before = await cpuMicroseconds(mirror.pid);
  const { status, stdout, output } = await run(process.execPath, args, { timeoutSeconds: SECONDS + 60 });
  if (status !== 0) throw new Error(`The load generator ended with ${status}: ${output}`);
  const { perSecond, failed } = JSON.parse(stdout) as LoadResult;
  if (failed > 0) throw new Error(`${failed} answers were no success`);
  return ((await cpuMicroseconds(mirror.pid)) - before) / (perSecond * SECONDS);
}

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const folder = await mkdtemp(join(tmpdir(), 'airlock-bench-'));
const hub = await startHubProcess([1]);
const mirrors: Mirror[] = [];
try {
  for (const countAccesses of [false, true]) {
    await mkdir(join(folder, String(countAccesses)));
    const config = { upstream: { url: hub.url }, audit: { countAccesses, writeSeconds: 1 } };
    const mirror = await startMirror({
      upstream: hub.url,
      dataDir: join(folder, String(countAccesses), 'data'),
      config,
    });
    mirrors.push(mirror);
    await until('the file', async () => (await fetch(`${mirror.url}/${FILE}`)).status === 200, 120);
    await heads(mirror);
  }
  const [without, counting] = mirrors as [Mirror, Mirror];
  const costs: { without: number[]; counting: number[] } = { without: [], counting: [] };
  for (let i = 0; i < ROUNDS; i++) {
    // By turns first, so that neither is always behind the other.
    const order = i % 2 === 0 ? (['without', 'counting'] as const) : (['counting', 'without'] as const);
    for (const name of order) costs[name].push(await heads(name === 'without' ? without : counting));
  }
  const [a, b] = [median(costs.without), median(costs.counting)];
  say(machine());
  say(`CPU microseconds a HEAD, medians of ${ROUNDS} interleaved runs of ${SECONDS} s`);
  say(`  without the access audit ${a.toFixed(1)}`);
  say(`  with it                  ${b.toFixed(1)}  (${(((b - a) / a) * 100).toFixed(1)} %)`);
} finally {
  for (const mirror of mirrors) await mirror.stop();
  await hub.stop();
  await rm(folder, { recursive: true, force: true });
}
