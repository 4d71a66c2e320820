// SPDX-License-Identifier: Apache-2.0
import { globSync, readFileSync } from 'node:fs';
import { relative } from 'node:path';

// Reads what vitest wrote beside its own output, and prints one line: "N passed, N failed". Anything that would make
// that line a lie is an error: a failure, a test file that did not run, or far fewer tests than there are.

/** Half of what there was when this was last set: tests may go, but not vanish. */
const FLOOR = 1000;

const report = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const { numPassedTests: passed, numFailedTests: failed, numTotalTests: total, testResults } = report;
const ran = new Set(testResults.map(({ name }) => relative(process.cwd(), name)));
const missed = globSync('test/**/*.test.ts').filter((file) => !ran.has(file));

const problems = [];
if (!report.success || failed > 0) problems.push(`vitest reports ${failed} failed tests, success: ${report.success}`);
if (missed.length > 0) problems.push(`test files that did not run: ${missed.join(', ')}`);
if (total < FLOOR) problems.push(`${total} tests are fewer than ${FLOOR}`);
if (passed === 0) problems.push('no test passed');
for (const problem of problems) process.stderr.write(`${problem}\n`);

const skipped = total - passed - failed;
process.stderr.write(`${ran.size} test files ran\n`);
process.stdout.write(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`);
process.exitCode = problems.length > 0 ? 1 : 0;
