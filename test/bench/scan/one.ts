// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { closeSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { extract } from '#scanners/extract.ts';
import { RandomBytes } from '#scanners/io/bytes.ts';
import { createJudge } from '#scanners/judge/findings.ts';
import { loadRules } from '#scanners/rules.ts';

// node test/bench/scan/one.ts PATH [hash]
//
// One process that extracts and judges a file, or every file of a folder, as the mirror does; with `hash` it also
// computes the sha256, as an intake does on the way in. Prints what it used after start-up.

const STEP = 2 ** 20;
const [, , path = '', hash] = process.argv;
const judge = createJudge(loadRules());
const files = statSync(path).isDirectory() ? readdirSync(path).map((name) => join(path, name)) : [path];
// The first file of a kind loads its extractor: that is start-up, and not work.
if (files.length > 1 && files[0]) await scan(files[0]);
const start = process.cpuUsage();
const verdicts: Record<string, number> = {};
for (const file of files) {
  const verdict = await scan(file);
  verdicts[verdict] = (verdicts[verdict] ?? 0) + 1;
}
const { user, system } = process.cpuUsage(start);
const peakMiB = process.resourceUsage().maxRSS / 1024;
process.stdout.write(`${JSON.stringify({ cpuSeconds: (user + system) / 1e6, peakMiB, verdicts })}\n`);

async function scan(file: string): Promise<string> {
  const fd = openSync(file, 'r');
  try {
    const { size } = statSync(file);
    if (hash) sha256(fd, size);
    return judge(await extract(RandomBytes.ofDescriptor(fd, size)), file).verdict;
  } finally {
    closeSync(fd);
  }
}

function sha256(fd: number, size: number): string {
  const digest = createHash('sha256');
  const buffer = Buffer.allocUnsafe(STEP);
  for (let at = 0; at < size; ) {
    const got = readSync(fd, buffer, 0, STEP, at);
    digest.update(buffer.subarray(0, got));
    at += got;
  }
  return digest.digest('hex');
}
