// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { addTiny } from '#test/fake-hub/repos.ts';
import { freePort } from '#test/support/free-port.ts';
import { clientOf, errorOf, fileOf, listAll, resolve, sha256From, useHub } from './client.ts';

const at = useHub();

/** A real forward proxy: absolute-form requests (RFC 9112 3.2.2), and CONNECT as far as `tunnels` says. */
const proxy = { url: '', seen: [] as string[], tunnels: 200 };
const server = createServer((req, res) => {
  proxy.seen.push(`${req.method} ${req.url}`);
  const onward = request(req.url ?? '', { method: req.method ?? 'GET', headers: req.headers }, (answer) => {
    res.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(res);
  });
  onward.on('error', () => res.writeHead(502).end());
  req.pipe(onward);
});
server.on('connect', (req, socket) => {
  proxy.seen.push(`CONNECT ${req.url}`);
  if (proxy.tunnels !== 200) return socket.end(`HTTP/1.1 ${proxy.tunnels} No\r\ncontent-length: 0\r\n\r\n`);
  const [host, port] = (req.url ?? '').split(':');
  const onward = connect(Number(port), host, () => {
    socket.write('HTTP/1.1 200 OK\r\n\r\n');
    onward.pipe(socket).pipe(onward);
  });
  onward.on('error', () => socket.destroy());
  socket.on('error', () => onward.destroy());
});

beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  proxy.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  proxy.seen = [];
  proxy.tunnels = 200;
  for (const name of ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY']) {
    vi.stubEnv(name, undefined);
    vi.stubEnv(name.toLowerCase(), undefined);
  }
});
afterEach(() => vi.unstubAllEnvs());

describe('a proxy in the environment', () => {
  it('takes every request: questions, pages, and bytes from both hosts', async () => {
    addTiny(at.hub);
    at.hub.pageSize = 5;
    vi.stubEnv('HTTP_PROXY', proxy.url);
    const upstream = clientOf(at.hub.url);
    const source = await resolve(upstream, 'acme/tiny');
    const file = await fileOf(upstream, source, 'model.safetensors');
    expect((await sha256From(upstream, source, file)).sha256).toBe(file.lfs?.sha256);
    expect(proxy.seen).toHaveLength(at.hub.stats.requests);
    expect(proxy.seen.filter((line) => line.startsWith(`GET ${at.hub.cdnUrl}/`))).toHaveLength(1);
  });

  it('is left aside for what NO_PROXY names', async () => {
    addTiny(at.hub);
    vi.stubEnv('HTTP_PROXY', proxy.url);
    vi.stubEnv('NO_PROXY', '127.0.0.1');
    const upstream = clientOf(at.hub.url);
    await listAll(upstream, await resolve(upstream, 'acme/tiny'));
    expect(proxy.seen).toEqual([]);
    expect(at.hub.stats.requests).toBeGreaterThan(0);
  });

  it('that is not there means that upstream is not', async () => {
    addTiny(at.hub);
    vi.stubEnv('HTTP_PROXY', `http://127.0.0.1:${await freePort()}`);
    const error = await errorOf(resolve(clientOf(at.hub.url, { tries: 2 }), 'acme/tiny'));
    expect(error.code).toBe('upstream-unavailable');
    expect(at.hub.stats.requests).toBe(0);
  });

  // undici reports a refused tunnel as an AbortError, which looks like our own cancelling.
  it.each([403, 407, 502])(
    'that answers %i to a tunnel means that upstream is unavailable, and says so',
    async (status) => {
      vi.stubEnv('HTTPS_PROXY', proxy.url);
      proxy.tunnels = status;
      const error = await errorOf(resolve(clientOf('https://hub.invalid', { tries: 2 }), 'acme/tiny'));
      expect(error.code).toBe('upstream-unavailable');
      expect(error.subject.problem).toContain(String(status));
      expect(proxy.seen).toEqual(['CONNECT hub.invalid:443', 'CONNECT hub.invalid:443']);
    },
  );
});
