// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { UNREAD } from '#scanners/facts.ts';
import { FORMATS } from '#scanners/formats/index.ts';
import { fuzz } from './fuzz/watched.ts';

/** Longer runs: `AIRLOCK_FUZZ_SECONDS=600 AIRLOCK_FUZZ_SEED=2`, here or with `node test/scanners/fuzz/run.ts`. */
const seed = Number(process.env.AIRLOCK_FUZZ_SEED ?? 20_261_124);
const cpuSeconds = Number(process.env.AIRLOCK_FUZZ_SECONDS ?? 40);

test('mutated samples of every format are read in bounded time and memory, the same way each time', {
  timeout: 120_000 + cpuSeconds * 10_000,
}, async () => {
  const report = await fuzz({ seed, cpuSeconds, failures: 5 });
  const { runs, kept, ran, atStart, failures } = report;
  const coverage = `${ran} bytes of source ran, ${atStart} with the seeds alone`;
  process.stdout.write(`fuzz: seed ${seed}, ${runs} inputs, ${kept} of them reached something new; ${coverage}\n`);
  const told = failures.map(({ name, wrong, base64 }) => `seed ${seed}, ${name}: ${wrong}\n${base64}`);
  expect(told.join('\n\n')).toBe('');
  // A seed that no extractor reads any more would test nothing.
  expect(report.formats.filter((name) => name !== UNREAD)).toEqual(Object.keys(FORMATS).sort());
  expect(runs).toBeGreaterThan(1000);
});
