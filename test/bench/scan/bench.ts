// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { machine } from '#test/bench/machine.ts';
import { findPython } from '#test/setup/python.ts';
import { run } from '#test/support/run.ts';
import { type BenchFiles, writeBenchFiles } from './files.ts';
import { PEERS, type Peer, preparePeer } from './peers.ts';
import { rescanFacts } from './rescan.ts';

// npm run bench:scan -- [--size MiB] [--records N] [--no-peers]
//
// A measurement and not a test. CPU seconds and ratios count; the machine may be busy. Each row is one process on the
// same files. Of this project's own, what was used after start-up; of the others the whole command, and, in brackets,
// what it needs for an empty file.

const { values } = parseArgs({
  options: {
    size: { type: 'string', default: '1024' },
    records: { type: 'string', default: '10000' },
    peers: { type: 'boolean', default: true },
  },
  allowNegative: true,
});
const SIZE = wholeNumber('size', 16, 65_536);
const RECORDS = wholeNumber('records', 100, 1_000_000);
const HERE = import.meta.dirname;

function wholeNumber(name: 'size' | 'records', min: number, max: number): number {
  const value = Number(values[name]);
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new Error(`--${name} ${values[name]}: expected a whole number from ${min} to ${max}`);
}

interface Figure {
  readonly cpuSeconds: number;
  readonly peakMiB: number;
  readonly said: string;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function own(path: string, ...more: string[]): Promise<Figure> {
  const { stdout, output, status } = await run(process.execPath, [join(HERE, 'one.ts'), path, ...more]);
  if (status !== 0) throw new Error(output);
  const { cpuSeconds, peakMiB, verdicts } = JSON.parse(stdout) as {
    cpuSeconds: number;
    peakMiB: number;
    verdicts: Record<string, number>;
  };
  const said = Object.entries(verdicts).map(([verdict, count]) => `${count} ${verdict}`);
  return { cpuSeconds, peakMiB, said: said.join(', ') };
}

async function measured(command: readonly string[]): Promise<Figure> {
  const { command: python } = await findPython();
  const { stdout } = await run(python, [join(HERE, 'measured.py'), ...command], { timeoutSeconds: 900 });
  const { status, cpuSeconds, peakMiB } = JSON.parse(stdout) as { status: number; cpuSeconds: number; peakMiB: number };
  return { cpuSeconds, peakMiB, said: status === 0 ? 'nothing found' : `exit status ${status}` };
}

async function peerRow(peer: Peer, files: BenchFiles, empty: string): Promise<string[]> {
  const bin = await preparePeer(peer);
  const idle = await measured(peer.command(bin, empty));
  const figures: Figure[] = [];
  for (const path of [files.torch, files.safetensors, files.pickles])
    figures.push(await measured(peer.command(bin, path)));
  return [`${peer.name} (${idle.cpuSeconds.toFixed(2)} s)`, ...figures.map(cell)];
}

function cell({ cpuSeconds, peakMiB, said }: Figure): string {
  return `${cpuSeconds.toFixed(2)} s, ${peakMiB.toFixed(0)} MiB, ${said}`;
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  return rows
    .map((row) =>
      row
        .map((text, column) => text.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

const folder = await mkdtemp(join(tmpdir(), 'airlock-bench-scan-'));
try {
  say(machine());
  const files = await writeBenchFiles(folder, SIZE);
  const rows = [
    ['CPU seconds, peak memory', `torch zip, ${SIZE} MiB`, `safetensors, ${SIZE} MiB`, '2,000 small pickles'],
  ];
  const hashed = [
    await own(files.torch, 'hash'),
    await own(files.safetensors, 'hash'),
    await own(files.pickles, 'hash'),
  ];
  rows.push(['hub-airlock, sha256 included', ...hashed.map(cell)]);
  const bare = [await own(files.torch), await own(files.safetensors), await own(files.pickles)];
  rows.push(['hub-airlock', ...bare.map(cell)]);
  const empty = join(files.pickles, 'p0.pkl');
  if (values.peers) for (const peer of PEERS) rows.push(await peerRow(peer, files, empty));
  say(table(rows));
  const { records, cpuSeconds, wallSeconds } = await rescanFacts(RECORDS);
  say(
    `rescan of ${records} stored fact records under other rules: ${cpuSeconds.toFixed(2)} CPU s, ${wallSeconds.toFixed(2)} s`,
  );
} finally {
  await rm(folder, { recursive: true, force: true });
}
