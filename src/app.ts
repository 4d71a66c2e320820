// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import { type Context, Hono, type MiddlewareHandler } from 'hono';
import { type Actor, actorOf } from '#src/access/actor.ts';
import { type Bindings, createOrigins, type OriginOptions, originOf } from '#src/access/origin.ts';
import { AirlockError } from '#src/domain/errors.ts';
import { type AdminDeps, createAdmin } from './admin/routes.ts';
import { browserPages } from './hub/browser-pages.ts';
import { hubErrorOf } from './hub/errors.ts';
import { createOpenRoutes } from './hub/open-routes.ts';
import { type ReadAccessOptions, readAccess } from './hub/read-access.ts';
import { hubError } from './hub/respond.ts';
import { createHub, type HubDeps } from './hub/routes.ts';
import { createHealth, type ReadinessCheck } from './ops/health.ts';
import type { Log } from './ops/log.ts';

export interface AppDeps {
  readonly hub: HubDeps;
  readonly admin: AdminDeps;
  readonly access: ReadAccessOptions;
  /** Of web pages that may read: see `access.browserOrigins`. */
  readonly browserOrigins: readonly string[];
  /** Told of every request that was refused for who sent it. */
  readonly turnedAway: (visitor: Visitor, status: number) => void;
  readonly readiness: readonly ReadinessCheck[];
  readonly log: Log;
  readonly origin: OriginOptions;
}

/** Far above what any client sends: ten thousand paths, or a reviewer's reason. */
const MAX_BODY_BYTES = 4 * 2 ** 20;

interface Visitor {
  readonly actor: Actor | undefined;
  readonly address: string | undefined;
}

type Env = { Bindings: Bindings; Variables: { requestId: string } };

/** The whole HTTP surface, testable without a socket. */
export function createApp(deps: AppDeps): Hono<Env> {
  const origins = createOrigins(deps.origin);
  const admin = createAdmin(deps.admin);
  const app = new Hono<Env>({ getPath: (request, options) => origins.routingPath(request, options?.env) });
  app.use(requestId(), origins.middleware, requestLog(deps), browserPages(deps.browserOrigins));
  app.use(bodyLimit(MAX_BODY_BYTES));
  app.get('/', (c) =>
    c.text(
      `Hub Airlock serves approved copies of models of the Hugging Face Hub.\n\nexport HF_ENDPOINT=${originOf(c).baseUrl}\n`,
    ),
  );
  app.route('/', createHealth(deps.readiness, deps.log));
  app.route('/', createOpenRoutes(deps.access));
  app.route('/api/airlock', admin.open);
  // What comes behind this line is for readers: a route that is new is closed to strangers unless it is put above.
  app.use(readAccess(deps.access));
  app.route('/api/airlock', admin.others);
  app.route('/', createHub(deps.hub));
  app.onError((error, c) => {
    logFailure(deps.log, c, error);
    return hubError(c, hubErrorOf(error));
  });
  return app;
}

/** Printed by clients beside an error, and in every line that the log has about the request. */
function requestId(): MiddlewareHandler<Env> {
  return async function requestId(c, next) {
    const id = randomUUID();
    c.set('requestId', id);
    c.header('x-request-id', id);
    await next();
    c.res.headers.set('x-request-id', id);
  };
}

/** One line per refused or failed request. A missing optional file is normal traffic (hub-api 4.2), so it is `debug`. */
function requestLog({ log, turnedAway }: Pick<AppDeps, 'log' | 'turnedAway'>): MiddlewareHandler<Env> {
  return async function requestLog(c, next) {
    const started = performance.now();
    await next();
    const { status } = c.res;
    const visitor = { actor: actorOf(c), address: originOf(c).address };
    if (status === 401 || (status === 403 && c.req.path.startsWith('/api/airlock/'))) turnedAway(visitor, status);
    const level = c.error || status < 400 || c.res.headers.get('x-error-code') === 'EntryNotFound' ? 'debug' : 'info';
    const line = {
      requestId: c.get('requestId'),
      method: c.req.method,
      path: c.req.path,
      status,
      address: visitor.address,
      ms: Math.round(performance.now() - started),
      client: c.req.header('user-agent'),
      reader: visitor.actor?.id,
    };
    log[level]({ ...line, answer: c.res.headers.get('x-error-message') ?? undefined }, 'request');
  };
}

/** Bad input is the client's affair; anything else is ours, and a security error is never quiet. */
function logFailure(log: Log, c: Context<Env>, error: unknown): void {
  const known = error instanceof AirlockError ? error : undefined;
  const details = {
    requestId: c.get('requestId'),
    method: c.req.method,
    path: c.req.path,
    // Undefined where the request failed before it was looked at.
    address: originOf(c)?.address,
    code: known?.code ?? 'internal',
    subject: known?.subject,
    security: known?.security ?? false,
  };
  if (known && /^(bad-|unauthorized|forbidden|conflict|upstream-entry)/.test(known.code))
    log.info({ ...details, problem: known.message }, 'request refused');
  else log.error({ ...details, err: error }, 'request failed');
}

/**
 * By the length that a request says, before anything is read. One that says none has no body (RFC 9112 6.3), or one in
 * chunks, as no client of the Hub sends it. Hono's own limit makes a copy of such a request, which @hono/node-server's
 * kind of request does not bear: every DELETE would be a 500.
 */
function bodyLimit(maxBytes: number): MiddlewareHandler<Env> {
  return async function bodyLimit(c, next) {
    const tooLong = Number(c.req.header('content-length') ?? 0) > maxBytes;
    if (!tooLong && c.req.header('transfer-encoding') === undefined) return next();
    const message = `[airlock] A request body has at most ${maxBytes} bytes, and says how many (Content-Length).`;
    return hubError(c, { status: 413, message });
  };
}
