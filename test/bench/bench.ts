// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Mirror, startMirror } from '#test/support/mirror.ts';
import { run } from '#test/support/run.ts';
import { download, median } from './download.ts';
import { type HubProcess, startHubProcess } from './hub-process.ts';
import type { LoadResult } from './load.ts';
import { machine } from './machine.ts';
import { type Peaks, watchMemory } from './memory.ts';

// npm run bench -- [--size MiB] [--rounds N] [--seconds N]
//
// A measurement and not a test: it fails only when something does not work at all. What counts are the ratios. The
// direct download and the one through the mirror alternate, so that both meet the same neighbours.

const { values } = parseArgs({
  options: {
    size: { type: 'string', default: '2048' },
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '5' },
  },
});
const SIZE = wholeNumber('size', 16, 65_536);
const ROUNDS = wholeNumber('rounds', 1, 9);
const SECONDS = wholeNumber('seconds', 1, 60);
const HERD = 20;
const HERD_SIZE = SIZE / 8;
const CONNECTIONS = 16;
const MIB = 2 ** 20;

const LOADS = [
  { name: 'HEAD small file', method: 'HEAD', path: `acme/big-${SIZE}/resolve/main/config.json` },
  { name: 'HEAD weights', method: 'HEAD', path: `acme/big-${SIZE}/resolve/main/model.safetensors` },
  { name: 'model info', method: 'GET', path: `api/models/acme/big-${SIZE}/revision/main` },
  { name: 'GET small file', method: 'GET', path: `acme/big-${SIZE}/resolve/main/config.json` },
] as const;

interface Round {
  readonly direct: number;
  readonly cold: number;
  readonly warm: number;
  readonly peaks: Peaks;
  readonly warmRequests: number;
  readonly coldCopies: number;
}

function wholeNumber(name: keyof typeof values, min: number, max: number): number {
  const value = Number(values[name]);
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new Error(`--${name} ${values[name]}: expected a whole number from ${min} to ${max}`);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

const weights = (base: string, mib: number): string => `${base}/acme/big-${mib}/resolve/main/model.safetensors`;

/** `work` with a mirror that has never seen anything, and with its memory watched. */
async function withMirror<T>(hub: HubProcess, work: (mirror: Mirror) => Promise<T>): Promise<T & { peaks: Peaks }> {
  const folder = await mkdtemp(join(tmpdir(), 'airlock-bench-'));
  try {
    const mirror = await startMirror({ upstream: hub.url, dataDir: join(folder, 'data') });
    const memory = watchMemory(mirror.pid);
    try {
      const result = await work(mirror);
      return { ...result, peaks: await memory.stop() };
    } finally {
      await memory.stop();
      await mirror.stop();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function round(hub: HubProcess): Promise<Round> {
  const bytes = SIZE * MIB;
  return withMirror(hub, async (mirror) => {
    const before = await download(weights(hub.url, SIZE), bytes);
    await hub.reset();
    const cold = await download(weights(mirror.url, SIZE), bytes);
    const coldCopies = await copies(hub, SIZE);
    await hub.reset();
    const warm = await download(weights(mirror.url, SIZE), bytes);
    const warmRequests = (await hub.stats()).requests;
    const direct = median([before, await download(weights(hub.url, SIZE), bytes)]);
    return { direct, cold, warm, warmRequests, coldCopies };
  });
}

async function copies(hub: HubProcess, mib: number): Promise<number> {
  const { bytes } = await hub.stats();
  return (bytes[`acme/big-${mib}/model.safetensors`] ?? 0) / (mib * MIB);
}

async function herdAndLoad(hub: HubProcess) {
  return withMirror(hub, async (mirror) => {
    await hub.reset();
    const started = performance.now();
    const url = weights(mirror.url, HERD_SIZE);
    await Promise.all(Array.from({ length: HERD }, () => download(url, HERD_SIZE * MIB)));
    const seconds = (performance.now() - started) / 1000;
    const herdCopies = await copies(hub, HERD_SIZE);
    await download(weights(mirror.url, SIZE), SIZE * MIB);
    await hub.reset();
    const through: LoadResult[] = [];
    for (const { method, path } of LOADS) through.push(await load(method, `${mirror.url}/${path}`));
    const { requests } = await hub.stats();
    return { seconds, herdCopies, through, requests };
  });
}

async function load(method: string, url: string): Promise<LoadResult> {
  const args = [join(import.meta.dirname, 'load.ts'), method, url, String(CONNECTIONS), String(SECONDS)];
  const { status, stdout, output } = await run(process.execPath, args, { timeoutSeconds: SECONDS + 60 });
  if (status !== 0) throw new Error(`The load generator ended with ${status}: ${output}`);
  return JSON.parse(stdout) as LoadResult;
}

function row(...cells: string[]): void {
  say(cells.map((cell, i) => (i === 0 ? cell.padEnd(34) : cell.padStart(12))).join(''));
}

const rate = (seconds: number): string => `${((SIZE * MIB) / 1e6 / seconds).toFixed(0)} MB/s`;
const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`;

function printRounds(rounds: readonly Round[]): void {
  const of = (pick: (round: Round) => number): number => median(rounds.map(pick));
  const direct = of((r) => r.direct);
  row(`${SIZE} MiB, median of ${rounds.length}`, 'direct', 'mirror', 'ratio');
  for (const kind of ['cold', 'warm'] as const) {
    const ratio = of((r) => r.direct / r[kind]);
    row(`  ${kind}, one stream`, rate(direct), rate(of((r) => r[kind])), ratio.toFixed(2));
  }
  row('  upstream copies, cold', '', of((r) => r.coldCopies).toFixed(2));
  row('  upstream requests, warm', '', String(Math.max(...rounds.map((r) => r.warmRequests))));
}

function printLoads(direct: readonly LoadResult[], through: readonly LoadResult[]): void {
  row(`requests/s, ${CONNECTIONS} connections`, 'direct', 'mirror', 'ratio', 'p50 ms', 'p99 ms', 'failed');
  for (const [i, { name }] of LOADS.entries()) {
    const [a, b] = [direct[i], through[i]];
    if (!a || !b) throw new Error(`${name} was not measured`);
    const ratio = (b.perSecond / a.perSecond).toFixed(2);
    const rates = [a.perSecond.toFixed(0), b.perSecond.toFixed(0), ratio];
    row(`  ${name}`, ...rates, b.p50.toFixed(1), b.p99.toFixed(1), String(b.failed));
  }
}

function printMemory(name: string, { server, child, children }: Peaks): void {
  row(`  ${name}`, megabytes(server), megabytes(child), String(children));
}

say(`before: ${machine()}`);
const hub = await startHubProcess([SIZE, HERD_SIZE]);
try {
  const rounds: Round[] = [];
  for (let i = 0; i < ROUNDS; i++) rounds.push(await round(hub));
  const many = await herdAndLoad(hub);
  const direct: LoadResult[] = [];
  for (const { method, path } of LOADS) direct.push(await load(method, `${hub.url}/${path}`));
  say(`after:  ${machine()}\n`);
  printRounds(rounds);
  printLoads(direct, many.through);
  row('  upstream requests, all of these', '', String(many.requests));
  row(`${HERD} cold clients, ${HERD_SIZE} MiB`, '', 'mirror');
  row('  upstream copies', '', many.herdCopies.toFixed(2));
  row('  seconds until all have it', '', many.seconds.toFixed(1));
  row('peak memory', 'server', 'a child', 'children');
  for (const [i, { peaks }] of rounds.entries()) printMemory(`cold and warm, round ${i + 1}`, peaks);
  printMemory('herd and requests', many.peaks);
} finally {
  await hub.stop();
}
