// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';

export interface CutProxy {
  readonly url: string;
  /** `Range` headers that clients sent through it. */
  readonly ranges: string[];
  /** Connections it broke. */
  readonly cuts: number;
  stop(): void;
}

/** A bad line between a client and a server: the first connection that carries `after` bytes is broken there. */
export async function startCutProxy(target: string, after: number): Promise<CutProxy> {
  const { hostname, port } = new URL(target);
  const ranges: string[] = [];
  let cuts = 0;
  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    let sent = 0;
    const end = () => {
      client.destroy();
      upstream.destroy();
    };
    client.on('data', (chunk: Buffer) => {
      for (const match of chunk.toString('latin1').matchAll(/^range: (.*)\r$/gim)) ranges.push(match[1] ?? '');
      upstream.write(chunk);
    });
    upstream.on('data', (chunk: Buffer) => {
      sent += chunk.length;
      if (cuts === 0 && sent > after) {
        cuts++;
        // Ended rather than reset: what was written before still arrives.
        client.end(chunk.subarray(0, Math.max(0, chunk.length - (sent - after))));
        upstream.destroy();
      } else if (!client.write(chunk)) {
        upstream.pause();
        client.once('drain', () => upstream.resume());
      }
    });
    client.on('error', end).on('close', end);
    upstream.on('error', end).on('end', () => client.end());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ranges,
    get cuts() {
      return cuts;
    },
    stop: () => void server.close(),
  };
}
