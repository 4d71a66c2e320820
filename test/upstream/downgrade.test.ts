// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { Agent } from 'undici';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { COMMIT, clientOf, errorOf, resolve, sendJson, useOddServer } from './client.ts';

// TLS by a key that both sides know (RFC 4279): it needs no certificate.
const psk = Buffer.alloc(16, 7);
const ciphers = 'PSK-AES128-GCM-SHA256';
const plain = useOddServer();
const server = createServer({ pskCallback: () => psk, ciphers, maxVersion: 'TLSv1.2' }, (req, res) => {
  if (req.url?.includes('acme/down')) res.writeHead(302, { location: `${plain.url}/in-clear` }).end();
  else sendJson(res, { id: 'acme/safe', sha: COMMIT });
});
const dispatcher = new Agent({
  connect: {
    pskCallback: () => ({ psk, identity: 'test' }),
    ciphers,
    maxVersion: 'TLSv1.2',
    checkServerIdentity: () => undefined,
  },
});

beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(async () => {
  await dispatcher.destroy();
  server.closeAllConnections();
  server.close();
});

it('a redirect from https to http is refused, and never followed', async () => {
  plain.handle = (_req, res) => sendJson(res, { id: 'acme/down', sha: COMMIT });
  const upstream = clientOf(`https://127.0.0.1:${(server.address() as AddressInfo).port}`, { dispatcher });
  expect((await resolve(upstream, 'acme/safe')).commit).toBe(COMMIT);
  const error = await errorOf(resolve(upstream, 'acme/down'));
  expect(error.code).toBe('upstream-invalid');
  expect(error.message).toContain('https to http');
  expect(plain.seen).toEqual([]);
});
