// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { extract } from '#scanners/extract.ts';
import { RandomBytes } from '#scanners/io/bytes.ts';
import { parseRules, readRules } from '#scanners/rules.ts';
import { CORE_VERSION } from '#scanners/version.ts';
import { parseSha256, type Sha256 } from '#src/domain/digest.ts';
import { parseRepoPath } from '#src/domain/path.ts';
import { openIndex } from '#src/index/index.ts';
import { createScanner, type ScanTarget } from '#src/scan/scanner.ts';
import { SealedFacts } from '#src/scan/sealed-facts.ts';
import { OPEN_CORPUS, readSample, samplesOf } from '#test/scanners/corpus.ts';

const FILES_A_SNAPSHOT = 100;

export interface RescanFigures {
  readonly records: number;
  readonly cpuSeconds: number;
  readonly wallSeconds: number;
}

/**
 * Judge stored facts under a new rule set, as a rescan does: out of a real index, with their seals checked. The facts
 * are those of the labelled samples, under made-up digests.
 */
export async function rescanFacts(records: number): Promise<RescanFigures> {
  const folder = await mkdtemp(join(tmpdir(), 'airlock-rescan-'));
  const index = await openIndex(join(folder, 'index.sqlite'));
  try {
    const cacheKey = Buffer.alloc(32, 5);
    const targets = await store(new SealedFacts(index.facts, cacheKey), records);
    const rules = parseRules({ ...readRules(), suspicious: '^another$' });
    const [start, before] = [process.cpuUsage(), performance.now()];
    const scanner = createScanner({ cache: index.facts, cacheKey, rules: () => rules });
    for (let at = 0; at < targets.length; at += FILES_A_SNAPSHOT)
      await scanner.scan(targets.slice(at, at + FILES_A_SNAPSHOT));
    const { user, system } = process.cpuUsage(start);
    return { records, cpuSeconds: (user + system) / 1e6, wallSeconds: (performance.now() - before) / 1000 };
  } finally {
    await index.close();
    await rm(folder, { recursive: true });
  }
}

async function store(facts: SealedFacts, records: number): Promise<ScanTarget[]> {
  const known: { name: string; size: number; json: string }[] = [];
  for (const sample of await samplesOf(OPEN_CORPUS))
    for (const { path, bytes } of await readSample(OPEN_CORPUS, sample)) {
      const found = await extract(RandomBytes.ofMemory(bytes));
      known.push({ name: path, size: bytes.length, json: JSON.stringify(found) });
    }
  const targets: ScanTarget[] = [];
  for (let i = 0; i < records; i++) {
    const one = known[i % known.length];
    if (one === undefined) throw new Error('There are no samples.');
    const sha256 = digest(i);
    await facts.put(sha256, CORE_VERSION, one.json);
    targets.push({ path: parseRepoPath(`f${i}/${one.name}`), sha256, size: one.size, file: '/nowhere' });
  }
  return targets;
}

function digest(i: number): Sha256 {
  return parseSha256(createHash('sha256').update(`record ${i}`).digest('hex'));
}
