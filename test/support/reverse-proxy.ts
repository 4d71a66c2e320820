// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import { type IncomingMessage, request, type ServerResponse } from 'node:http';
import { createServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';

export interface ReverseProxy {
  /** With the path that it serves, without a slash at the end. */
  readonly url: string;
  stop(): void;
}

export interface ReverseProxyOptions {
  readonly target: string;
  readonly tls: Pick<ServerOptions, 'key' | 'cert'>;
  /** Where the target is mounted; taken off before the request goes on. */
  readonly path: string;
  readonly strip: boolean;
}

/** What an organisation puts in front of the mirror: ends TLS, and serves it under a path of a shared host. */
export async function startReverseProxy({ target, tls, path, strip }: ReverseProxyOptions): Promise<ReverseProxy> {
  const server = createServer(tls, (asked: IncomingMessage, answer: ServerResponse) => {
    const url = asked.url ?? '/';
    if (!url.startsWith(path)) return void answer.writeHead(404).end('no such application');
    const forwarded = {
      'x-forwarded-for': asked.socket.remoteAddress,
      'x-forwarded-proto': 'https',
      'x-forwarded-host': asked.headers.host,
      ...(strip ? { 'x-forwarded-prefix': path } : {}),
    };
    const headers = { ...asked.headers, ...forwarded };
    const sent = request(
      new URL(target),
      { method: asked.method, headers, path: strip ? url.slice(path.length) : url },
      (got) => {
        answer.writeHead(got.statusCode ?? 502, got.rawHeaders);
        got.pipe(answer);
      },
    );
    sent.on('error', () => answer.destroy());
    answer.on('close', () => sent.destroy());
    asked.pipe(sent);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `https://localhost:${(server.address() as AddressInfo).port}${path}`,
    stop: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
