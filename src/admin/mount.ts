// SPDX-License-Identifier: Apache-2.0
import { type Context, Hono } from 'hono';
import type * as z from 'zod';
import { originOf } from '#src/access/origin.ts';
import type { ActOrder, Audit } from '#src/audit/audit.ts';
import { AirlockError, isAirlockError } from '#src/domain/errors.ts';
import { type AuthoriseDeps, authorise } from './authorise.ts';
import { valid } from './requests.ts';
import type { AdminRoute, Asked, Sent } from './route.ts';
import { type AdminTarget, leafOf, parseAdminTarget } from './target.ts';

export interface MountDeps extends AuthoriseDeps {
  /** Where acts are written down before they begin. */
  readonly audit: Pick<Audit, 'act'>;
}

/** Routes of the table as a Hono app: permission, then shapes, then the audit, then the act. */
export function mountRoutes(routes: readonly AdminRoute[], deps: MountDeps): Hono {
  const app = new Hono();
  const leaves = routes.filter(({ leaf }) => leaf !== undefined);
  for (const route of routes)
    if (route.leaf === undefined)
      app.on(route.method.toUpperCase(), route.path.replace(/\{(\w+)\}/g, ':$1'), (c) =>
        serve(c, route, deps, () => part(route.request.params, c.req.param())),
      );
  for (const method of new Set(leaves.map((route) => route.method)))
    app.on(method.toUpperCase(), '/:rest{.+}', (c) => {
      const route = leaves.find((one) => one.method === method && one.leaf === leafOf(c));
      if (!route) throw notServed();
      return serve(c, route, deps, () => targetOf(c));
    });
  return app;
}

async function serve(c: Context, route: AdminRoute, deps: MountDeps, params: () => unknown): Promise<Response> {
  const actor = await authorise(c, deps, route.permission);
  const { query, body } = route.request;
  const asked: Asked = {
    actor,
    params: params(),
    query: part(query, c.req.query()),
    body: body && valid(body, parsedJson(await c.req.text())),
    address: originOf(c).address,
    requestId: c.get('requestId'),
  };
  // Written before it happens: a crash between the two leaves an act in the audit that had no effect, and never the reverse.
  const act = route.changes ? await deps.audit.act(orderOf(route, asked)) : undefined;
  try {
    return answer(c, route, await route.handle(asked));
  } catch (error) {
    await act?.failed(isAirlockError(error) ? error.code : 'internal');
    throw error;
  }
}

function part(shape: z.ZodType | undefined, value: unknown): unknown {
  return shape && valid(shape, value);
}

function targetOf(c: Context): AdminTarget {
  const target = parseAdminTarget(c);
  if (!target) throw notServed();
  return target;
}

/** Undefined for no body at all, and null for one that is no JSON: no shape takes that. */
function parsedJson(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function orderOf(route: AdminRoute, { actor, params, query, body, address, requestId }: Asked): ActOrder {
  const name = `${route.method.toUpperCase()} ${route.path}`;
  if (!actor) throw new AirlockError('internal', `${name} changes something and lets strangers in.`);
  const subject = { ...fields(params), ...fields(query), ...fields(body) };
  return { route: name, actor, address, requestId, subject };
}

function fields(value: unknown): object {
  return typeof value === 'object' && value !== null ? value : {};
}

function answer(c: Context, { answer: shape }: AdminRoute, value: unknown): Response {
  if ('json' in shape)
    return c.body(JSON.stringify(value), shape.status ?? 200, {
      'content-type': 'application/json; charset=utf-8',
      // What it says holds now, and the answer may hold a token.
      'cache-control': 'no-store',
    });
  const { bytes, headers } = value as Sent;
  const body = bytes instanceof Uint8Array ? new Uint8Array(bytes) : bytes;
  return c.body(body, 200, { 'content-type': shape.type, ...headers });
}

function notServed(): AirlockError {
  return new AirlockError('upstream-entry-not-found', 'This mirror does not serve that address.');
}
