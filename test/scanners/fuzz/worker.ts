// SPDX-License-Identifier: Apache-2.0
// A thread that reads mutated inputs until its time is over. What it is reading lies in memory that the main thread
// shares (watched.ts), so that an input that never ends, or that takes all memory, can be told.
import { parentPort, workerData } from 'node:worker_threads';
import { extract } from '#scanners/extract.ts';
import { RandomBytes } from '#scanners/io/bytes.ts';
import { Coverage } from './coverage.ts';
import { mutate } from './mutate.ts';
import { complaint } from './oracle.ts';
import { Random } from './random.ts';
import { allSeeds } from './seeds.ts';
import { smaller } from './smaller.ts';
import { type Failure, type FuzzOptions, type FuzzReport, note, type Shared } from './watched.ts';

const { seed, cpuSeconds, failures: most, shared } = workerData as FuzzOptions & { shared: Shared };
const random = new Random(seed);
const BATCH = 24;

interface Input {
  readonly name: string;
  readonly bytes: Buffer;
}

/** By the format that the seed was read as, so that each format gets its turn however many seeds it has. */
const corpus = new Map<string, Input[]>();
const failures: Failure[] = [];
const known = new Set<string>();
const coverage = new Coverage();
let runs = 0;
let kept = 0;

const spent = () => process.threadCpuUsage().user / 1e6;

async function begin(): Promise<void> {
  for (const { name, bytes } of await allSeeds()) {
    note(shared, bytes);
    await check({ name, bytes }, true);
    const { extractors = {} } = await extract(RandomBytes.ofMemory(bytes));
    for (const format of Object.keys(extractors)) corpus.set(format, [...(corpus.get(format) ?? []), { name, bytes }]);
  }
}

async function check({ name, bytes }: Input, twice: boolean): Promise<void> {
  runs++;
  note(shared, bytes);
  const wrong = await complaint(bytes, twice);
  if (wrong === undefined) return;
  const kind = wrong.replace(/\d+/g, 'N').split('\n').slice(0, 3).join('\n');
  if (known.has(kind)) return;
  known.add(kind);
  const least = await smaller(bytes, async (candidate) => {
    note(shared, candidate);
    const still = await complaint(candidate, twice);
    return still?.replace(/\d+/g, 'N').split('\n').slice(0, 3).join('\n') === kind;
  });
  failures.push({ seed, name, wrong, base64: least.toString('base64') });
}

function next(format: string, all: readonly Input[]): Input {
  const inputs = corpus.get(format) ?? [];
  // Half of the time what was found last, which is what is new.
  const recent = inputs.slice(-8);
  const { name, bytes } = random.pick(random.below(2) === 0 ? inputs : recent);
  return { name, bytes: mutate(bytes, random.pick(random.below(2) === 0 ? inputs : all).bytes, random) };
}

await begin();
await coverage.start();
// The seeds once more, now counted.
for (const { bytes } of [...corpus.values()].flat()) await extract(RandomBytes.ofMemory(bytes));
coverage.add(await coverage.take());
const atStart = coverage.bytes;
const formats = [...corpus.keys()].sort();
const seeds = [...corpus.values()].flat();
const isOver = () => spent() >= cpuSeconds || failures.length >= most;
while (!isOver())
  for (const format of formats) {
    const batch = Array.from({ length: BATCH }, () => next(format, seeds));
    for (const [i, input] of batch.entries()) await check(input, i % 8 === 0);
    const ran = await coverage.take();
    if (coverage.isNew(ran)) await keepTheNew(format, batch);
    coverage.add(ran);
    if (isOver()) break;
  }
coverage.stop();
const report: FuzzReport = { seed, runs, kept, formats, atStart, ran: coverage.bytes, failures };
parentPort?.postMessage(report);

/** Some of these reached what nothing had reached before: asked one by one, since asking costs more than reading. */
async function keepTheNew(format: string, batch: readonly Input[]): Promise<void> {
  for (const input of batch) {
    note(shared, input.bytes);
    await extract(RandomBytes.ofMemory(input.bytes));
    if (!coverage.add(await coverage.take())) continue;
    corpus.get(format)?.push(input);
    kept++;
  }
}
