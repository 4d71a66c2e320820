// SPDX-License-Identifier: Apache-2.0
import { Hono } from 'hono';
import { messageOf } from '#src/domain/errors.ts';

/** A thing that must work for the mirror to serve: resolves when it does. */
export type ReadinessCheck = { readonly name: string; readonly check: () => Promise<unknown> };

const CHECK_MILLISECONDS = 5000;

/** `/healthz`: the process answers. `/readyz`: store and index answer too; 503 and their names when they do not. */
export function createHealth(checks: readonly ReadinessCheck[]): Hono {
  const app = new Hono();
  app.get('/healthz', (c) => c.json({ status: 'ok' }));
  app.get('/readyz', async (c) => {
    const problems = (await Promise.all(checks.map(problemOf))).filter((problem) => problem !== undefined);
    return problems.length === 0 ? c.json({ status: 'ready' }) : c.json({ status: 'not ready', problems }, 503);
  });
  return app;
}

async function problemOf({ name, check }: ReadinessCheck): Promise<string | undefined> {
  const deadline = new Promise<never>((_, reject) => {
    setTimeout(() => reject(new Error(`no answer in ${CHECK_MILLISECONDS} ms`)), CHECK_MILLISECONDS).unref();
  });
  return Promise.race([check(), deadline]).then(
    () => undefined,
    (error: unknown) => `${name}: ${messageOf(error)}`,
  );
}
