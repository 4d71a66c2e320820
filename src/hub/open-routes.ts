// SPDX-License-Identifier: Apache-2.0
import { Hono } from 'hono';
import { refuseForeign } from './foreign.ts';
import { json } from './respond.ts';
import { serveWhoAmI, type WhoAmIOptions } from './whoami.ts';

/**
 * What everybody may ask, on a private mirror too, because it says nothing about a repo: questions that clients ask of
 * themselves, whose token this is, and what is refused to all alike. A 401 would make git and ollama ask for a password.
 */
export function createOpenRoutes(access: WhoAmIOptions): Hono {
  const app = new Hono();
  app.get('/api/agent-harnesses', (c) => json(c, { standardEnvVars: [], harnesses: {} }));
  app.all('/api/telemetry/*', (c) => c.body(null, 204));
  app.get('/api/whoami-v2', (c) => serveWhoAmI(c, access));
  app.all('/*', async (c, next) => refuseForeign(c) ?? next());
  return app;
}
