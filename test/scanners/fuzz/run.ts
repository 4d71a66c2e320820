// SPDX-License-Identifier: Apache-2.0
// For longer runs by hand: AIRLOCK_FUZZ_SECONDS=600 AIRLOCK_FUZZ_SEED=1 node test/scanners/fuzz/run.ts
import { fuzz } from './watched.ts';

const { AIRLOCK_FUZZ_SEED: seed = '1', AIRLOCK_FUZZ_SECONDS: seconds = '600' } = process.env;
const { failures, ...report } = await fuzz({ seed: Number(seed), cpuSeconds: Number(seconds), failures: 20 });
process.stdout.write(`${JSON.stringify(report)}\n`);
for (const { name, wrong, base64 } of failures) process.stdout.write(`\n${name}: ${wrong}\n${base64.slice(0, 4000)}\n`);
process.exitCode = failures.length > 0 ? 1 : 0;
