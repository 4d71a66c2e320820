// SPDX-License-Identifier: Apache-2.0
import { extract } from '#scanners/extract.ts';
import { parseFacts } from '#scanners/facts-schema.ts';
import { RandomBytes } from '#scanners/io/bytes.ts';
import { createJudge } from '#scanners/judge/findings.ts';
import { loadRules } from '#scanners/rules.ts';

const judge = createJudge(loadRules());

const VERDICTS: readonly string[] = ['pass', 'review', 'block', 'unscannable'];
const FACTS_BYTES = 4 * 1024 * 1024;
const CPU_MS = 5000;
const RESIDENT_BYTES = 300 * 1024 * 1024;

/** What is wrong with how these bytes were read; nothing, when all is well. `twice`: also whether it is the same again. */
export async function complaint(bytes: Buffer, twice: boolean): Promise<string | undefined> {
  const resident = process.memoryUsage.rss();
  const begin = process.threadCpuUsage();
  let json: string;
  try {
    json = JSON.stringify(await extract(RandomBytes.ofMemory(bytes)));
  } catch (error) {
    return `it throws ${error instanceof Error ? error.stack : error}`;
  }
  const { user, system } = process.threadCpuUsage(begin);
  if (user + system > CPU_MS * 1000) return `it takes ${Math.round((user + system) / 1000)} ms of CPU time`;
  const grown = process.memoryUsage.rss() - resident;
  if (grown > RESIDENT_BYTES) return `it takes ${Math.round(grown / 1024 / 1024)} MiB of memory`;
  return (await wrongFacts(json)) ?? (twice ? other(json, bytes) : undefined);
}

async function wrongFacts(json: string): Promise<string | undefined> {
  if (json.length > FACTS_BYTES) return `its facts take ${json.length} bytes`;
  const parsed = parseFacts(JSON.parse(json));
  if ('error' in parsed) return `its facts are not as they must be: ${parsed.error}`;
  try {
    const { verdict } = judge(parsed.facts, 'model.bin');
    return VERDICTS.includes(verdict) ? undefined : `its verdict is ${verdict}`;
  } catch (error) {
    return `its judgement throws ${error instanceof Error ? error.stack : error}`;
  }
}

async function other(json: string, bytes: Buffer): Promise<string | undefined> {
  const again = JSON.stringify(await extract(RandomBytes.ofMemory(Buffer.from(bytes))));
  return again === json ? undefined : 'read a second time, its facts are others';
}
