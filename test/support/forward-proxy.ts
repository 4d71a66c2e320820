// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ForwardProxy {
  readonly url: string;
  /** The host of every request that went through. */
  readonly hosts: string[];
  stop(): Promise<void>;
}

/** A company's proxy for plain HTTP. `names` says where a host that only the proxy knows really is. */
export async function startForwardProxy(names: Readonly<Record<string, string>>): Promise<ForwardProxy> {
  const hosts: string[] = [];
  const server = createServer((asked, answer) => {
    // A client that uses a proxy puts the whole URL on the request line (RFC 9112 section 3.2.2).
    const url = URL.parse(asked.url ?? '');
    if (!url) return void answer.writeHead(400).end();
    hosts.push(url.host);
    const [hostname, port] = (names[url.host] ?? url.host).split(':');
    const path = url.pathname + url.search;
    const sent = request({ hostname, port, path, method: asked.method, headers: asked.headers }, (got) => {
      answer.writeHead(got.statusCode ?? 502, got.rawHeaders);
      got.pipe(answer);
    });
    sent.on('error', () => answer.destroy());
    asked.pipe(sent);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    hosts,
    stop: async () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
