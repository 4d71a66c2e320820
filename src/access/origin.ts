// SPDX-License-Identifier: Apache-2.0
import type { IncomingMessage } from 'node:http';
import type { BlockList } from 'node:net';
import type { Context, MiddlewareHandler } from 'hono';
import { getPath } from 'hono/utils/url';
import { isTrusted } from './trusted-proxies.ts';

/** How a request reached the mirror: what links are built on, what was asked for, and who asked. */
export interface Origin {
  /** The mirror's base URL as this client knows it, a path included, without a slash at the end. */
  readonly baseUrl: string;
  /** The path below the base URL as the client wrote it: still encoded, dots and doubled slashes included. */
  readonly path: string;
  /** The client's address, where a socket or a trusted proxy tells it. */
  readonly address: string | undefined;
}

export interface OriginOptions {
  /** The address that clients use, where it is configured: nothing that a request says changes it. */
  readonly publicUrl: string | undefined;
  /** What stands in for it where a request names no usable host. */
  readonly listenUrl: string;
  /** Whose `X-Forwarded-*` headers are believed. */
  readonly trustedProxies: BlockList;
}

/** What @hono/node-server hands over; nothing where there is no socket. */
export type Bindings = { readonly incoming?: IncomingMessage };

export interface Origins {
  /** Puts the request's {@link Origin} into its context. */
  readonly middleware: MiddlewareHandler;
  /**
   * What Hono routes by: the path below the base URL, doubled slashes collapsed, because some clients join with one too
   * many. The parser of the Hub door reads {@link Origin.path}, which nobody has touched.
   */
  readonly routingPath: (request: Request, env: Bindings | undefined) => string;
}

export function originOf(c: Context): Origin {
  return c.get('origin') as Origin;
}

export function createOrigins(options: OriginOptions): Origins {
  const { publicUrl, listenUrl, trustedProxies } = options;
  const publicPath = publicUrl === undefined ? '' : new URL(publicUrl).pathname.replace(/\/$/, '');
  const isProxy = (env: Bindings | undefined) => isTrusted(trustedProxies, env?.incoming?.socket?.remoteAddress);

  /**
   * The path of the public URL, where it is still in front of the request's: a proxy may pass it on or take it off. One
   * that takes it off and says so is believed, so that an organisation of the same name stays in reach.
   */
  function prefixOf({ headers }: Request, env: Bindings | undefined): string {
    return publicPath !== '' && headers.has('x-forwarded-prefix') && isProxy(env) ? '' : publicPath;
  }

  function find(request: Request, env: Bindings | undefined): Origin {
    const peer = env?.incoming?.socket?.remoteAddress;
    const proxied = isProxy(env);
    return {
      baseUrl: publicUrl ?? requestedUrl(request.headers, proxied) ?? listenUrl,
      path: withoutPrefix(rawPath(request, env), prefixOf(request, env)),
      address: (proxied ? forwardedFor(request.headers, trustedProxies) : undefined) ?? peer,
    };
  }

  return {
    middleware: async function origin(c, next) {
      c.set('origin', find(c.req.raw, c.env as Bindings | undefined));
      await next();
    },
    routingPath: (request, env) => withoutPrefix(getPath(request).replace(/\/{2,}/g, '/'), prefixOf(request, env)),
  };
}

/** Of an absolute-form target (RFC 9112 3.2.2) without its origin. */
function rawPath(request: Request, env: Bindings | undefined): string {
  const url = env?.incoming?.url ?? new URL(request.url).pathname;
  return url.replace(/^https?:\/\/[^/?#]*/i, '').split(/[?#]/, 1)[0] || '/';
}

function withoutPrefix(path: string, prefix: string): string {
  if (prefix === '') return path;
  const plain = path.replace(/^\/{2,}/, '/');
  if (!plain.startsWith(prefix)) return path;
  const rest = plain.slice(prefix.length);
  return rest === '' ? '/' : rest.startsWith('/') ? rest : path;
}

/** Without a configured address: the one in the request, as a trusted proxy or the client itself wrote it. */
function requestedUrl(headers: Headers, proxied: boolean): string | undefined {
  const said = (name: string) => (proxied ? headers.get(name)?.split(',')[0]?.trim() : undefined);
  const scheme = said('x-forwarded-proto') === 'https' ? 'https' : 'http';
  const host = said('x-forwarded-host') ?? headers.get('host') ?? '';
  const prefix = said('x-forwarded-prefix')?.replace(/\/+$/, '') ?? '';
  if (!HOST.test(host) || !PREFIX.test(prefix)) return undefined;
  const url = `${scheme}://${host}`;
  return URL.canParse(url) ? url + prefix : undefined;
}

/** A name or an address, and a port: what may stand in a link, and no more. */
const HOST = /^(?:[A-Za-z0-9][A-Za-z0-9.-]{0,252}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?$/;
const PREFIX = /^(?:\/[A-Za-z0-9._~-]{1,100}){0,8}$/;

/** The last address of the chain that no trusted proxy wrote for itself: everything before it is hearsay. */
function forwardedFor(headers: Headers, trusted: BlockList): string | undefined {
  const chain = headers.get('x-forwarded-for')?.split(',') ?? [];
  return chain
    .map((address) => address.trim())
    .reverse()
    .find((address) => !isTrusted(trusted, address));
}
