// SPDX-License-Identifier: Apache-2.0
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** Where tests keep what is expensive to make: outside the checkout, so that a fresh clone finds it again. */
export function testCache(): string {
  return resolve(process.env.AIRLOCK_TEST_CACHE ?? join(homedir(), '.cache', 'hub-airlock'));
}
