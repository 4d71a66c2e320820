// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import { createHealth } from '#src/ops/health.ts';

it('says which part is not ready, and tells the log alone what is wrong', async () => {
  const lines: unknown[] = [];
  const log = { warn: (...said: unknown[]) => void lines.push(said) };
  const secret = 'connect ECONNREFUSED 10.1.2.3:9000 /var/lib/airlock';
  const app = createHealth(
    [
      { name: 'store', check: () => Promise.reject(new Error(secret)) },
      { name: 'index', check: async () => 'fine' },
    ],
    log,
  );
  const answer = await app.request('/readyz');
  expect([answer.status, await answer.json()]).toEqual([503, { status: 'not ready', parts: ['store'] }]);
  expect(lines).toEqual([[{ part: 'store', problem: secret }, 'not ready']]);
  expect((await app.request('/healthz')).status).toBe(200);
});
