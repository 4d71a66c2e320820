// SPDX-License-Identifier: Apache-2.0
import { defineConfig } from 'vitest/config';

const report = process.env.AIRLOCK_TEST_REPORT;

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/setup/global-setup.ts'],
    // Real sockets, real child processes, two cores: generous limits, no timing assertions.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
    // Where CI counts what ran.
    reporters: report ? ['default', ['json', { outputFile: report }]] : ['default'],
  },
});
