// SPDX-License-Identifier: Apache-2.0
import { Hono } from 'hono';
import { messageOf } from '#src/domain/errors.ts';
import type { Log } from './log.ts';

/** A thing that must work for the mirror to serve: resolves when it does. */
export type ReadinessCheck = { readonly name: string; readonly check: () => Promise<unknown> };

const CHECK_MILLISECONDS = 5000;

/**
 * `/healthz`: the process answers. `/readyz`: store and index answer too; 503 and their names when they do not. What
 * exactly is wrong names hosts and paths, so it is for the log alone.
 */
export function createHealth(checks: readonly ReadinessCheck[], log: Pick<Log, 'warn'>): Hono {
  const app = new Hono();
  app.get('/healthz', (c) => c.json({ status: 'ok' }));
  app.get('/readyz', async (c) => {
    const problems = (await Promise.all(checks.map(problemOf))).filter((problem) => problem !== undefined);
    for (const { name, problem } of problems) log.warn({ part: name, problem }, 'not ready');
    return problems.length === 0
      ? c.json({ status: 'ready' })
      : c.json({ status: 'not ready', parts: problems.map(({ name }) => name) }, 503);
  });
  return app;
}

async function problemOf({ name, check }: ReadinessCheck): Promise<{ name: string; problem: string } | undefined> {
  const deadline = new Promise<never>((_, reject) => {
    setTimeout(() => reject(new Error(`no answer in ${CHECK_MILLISECONDS} ms`)), CHECK_MILLISECONDS).unref();
  });
  return Promise.race([check(), deadline]).then(
    () => undefined,
    (error: unknown) => ({ name, problem: messageOf(error) }),
  );
}
