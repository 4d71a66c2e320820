// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { Hono } from 'hono';
import { describe, expect, it } from 'vitest';
import { type Bindings, createOrigins, type Origin, originOf } from '#src/access/origin.ts';
import { trustedProxies } from '#src/access/trusted-proxies.ts';

interface Setting {
  readonly publicUrl?: string;
  readonly trusted?: string[];
  /** The address of the socket. */
  readonly peer?: string;
  readonly headers?: Record<string, string>;
}

/** What the mirror makes of a request, and the path that it routes by. */
async function seen(path: string, setting: Setting = {}): Promise<Origin & { routed: string }> {
  const origins = createOrigins({
    publicUrl: setting.publicUrl,
    listenUrl: 'http://127.0.0.1:8080',
    trustedProxies: trustedProxies(setting.trusted ?? []),
  });
  const app = new Hono<{ Bindings: Bindings }>({ getPath: (request, at) => origins.routingPath(request, at?.env) });
  app.use(origins.middleware);
  app.all('*', (c) => c.json({ ...originOf(c), routed: c.req.path }));
  const env = { incoming: { url: path, socket: { remoteAddress: setting.peer ?? '192.0.2.9' } } };
  const headers = { host: 'mirror.test:8080', ...setting.headers };
  const answer = await app.request(`http://any.test${path.startsWith('/') ? path : '/'}`, { headers }, env);
  return (await answer.json()) as Origin & { routed: string };
}

describe('the base URL', () => {
  const proxy = { trusted: ['10.0.0.0/8'], peer: '10.1.2.3' };
  const https = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'hub.example' };
  it.each<[string, Setting, string]>([
    ['is the host that the client used', {}, 'http://mirror.test:8080'],
    ['is an IPv6 host with its brackets', { headers: { host: '[2001:db8::1]:80' } }, 'http://[2001:db8::1]:80'],
    ['is what a trusted proxy says', { ...proxy, headers: https }, 'https://hub.example'],
    [
      'has the path that a trusted proxy took off',
      { ...proxy, headers: { ...https, 'x-forwarded-prefix': '/airlock/' } },
      'https://hub.example/airlock',
    ],
    [
      'is the first of what a chain of proxies says',
      { ...proxy, headers: { 'x-forwarded-proto': 'https, http', 'x-forwarded-host': 'outer.example, inner' } },
      'https://outer.example',
    ],
    ['is not what a stranger says', { trusted: ['10.0.0.0/8'], headers: https }, 'http://mirror.test:8080'],
    [
      'is not what a stranger says beside an IPv6 range',
      { trusted: ['2001:db8::/32'], peer: '2001:db9::1', headers: https },
      'http://mirror.test:8080',
    ],
    [
      'is as configured, whatever anybody says',
      { ...proxy, publicUrl: 'https://set.example/airlock', headers: https },
      'https://set.example/airlock',
    ],
    ['is our own address where the host is none', { headers: { host: 'a b<script>' } }, 'http://127.0.0.1:8080'],
    ['is our own address where the port is none', { headers: { host: 'a.example:99999' } }, 'http://127.0.0.1:8080'],
    [
      'is our own address where the prefix is none',
      { ...proxy, headers: { 'x-forwarded-prefix': '/a"b' } },
      'http://127.0.0.1:8080',
    ],
  ])('%s', async (_, setting, baseUrl) => {
    expect((await seen('/api/models/a/b', setting)).baseUrl).toBe(baseUrl);
  });

  it('is a URL that can stand in a header, whatever headers say', async () => {
    const header = fc.oneof(fc.string(), fc.stringMatching(/^[a-z.:[\]/0-9 ,"<>%-]{0,40}$/));
    const any = fc.record({ host: header, 'x-forwarded-proto': header, 'x-forwarded-host': header });
    const property = fc.asyncProperty(any, header, async (headers, prefix) => {
      const sendable = Object.entries({ ...headers, 'x-forwarded-prefix': prefix }).filter(([, value]) =>
        /^[\x20-\x7e]*$/.test(value),
      );
      const { baseUrl } = await seen('/x', { trusted: ['0.0.0.0/0'], headers: Object.fromEntries(sendable) });
      expect(baseUrl).toMatch(/^https?:\/\/[\w.:[\]-]+(\/[\w.~/-]*[^/])?$/);
      expect(URL.canParse(baseUrl)).toBe(true);
    });
    await fc.assert(property, { numRuns: 300 });
  });
});

describe('the path', () => {
  const at = { publicUrl: 'https://host.example/airlock' };
  it.each<[string, string, Setting, string]>([
    ['is below the public URL', '/airlock/api/models/a/b', at, '/api/models/a/b'],
    ['may come without what a proxy took off', '/api/models/a/b', at, '/api/models/a/b'],
    ['may be the base URL itself', '/airlock', at, '/'],
    ['may have a slash too many before it', '//airlock//api/models/a/b', at, '//api/models/a/b'],
    ['is not cut in the middle of a name', '/airlocked/tiny/resolve/main/x', at, '/airlocked/tiny/resolve/main/x'],
    ['keeps its dots and escapes', '/airlock/a/b/../%2e%2e/c', at, '/a/b/../%2e%2e/c'],
    ['loses its query', '/a/b?x=/airlock', at, '/a/b'],
    ['of an absolute form loses its origin', 'http://other.example/airlock/a/b', at, '/a/b'],
    [
      'is whole where a trusted proxy says that it took the prefix off',
      '/airlock/tiny/resolve/main/x',
      { ...at, trusted: ['192.0.2.9'], headers: { 'x-forwarded-prefix': '/airlock' } },
      '/airlock/tiny/resolve/main/x',
    ],
    [
      'is not whole where a stranger says so',
      '/airlock/tiny/resolve/main/x',
      { ...at, headers: { 'x-forwarded-prefix': '/airlock' } },
      '/tiny/resolve/main/x',
    ],
    ['without a public URL is what was asked for', '/airlock/api', {}, '/airlock/api'],
  ])('%s', async (_, asked, setting, path) => {
    expect((await seen(asked, setting)).path).toBe(path);
  });

  it('is routed below the public URL, doubled slashes collapsed', async () => {
    expect((await seen('//airlock//api//whoami-v2', at)).routed).toBe('/api/whoami-v2');
  });
});

describe('the address', () => {
  const chain = { 'x-forwarded-for': '203.0.113.7, 198.51.100.2, 10.0.0.9' };
  it.each<[string, Setting, string]>([
    ['is that of the socket', { headers: chain }, '192.0.2.9'],
    [
      'is the last that no trusted proxy has written for itself',
      { trusted: ['10.0.0.0/8'], peer: '10.0.0.1', headers: chain },
      '198.51.100.2',
    ],
    [
      'is read from an IPv4 proxy that came over IPv6',
      { trusted: ['10.0.0.1'], peer: '::ffff:10.0.0.1', headers: { 'x-forwarded-for': '203.0.113.7' } },
      '203.0.113.7',
    ],
    ['is the proxy where it says nothing', { trusted: ['10.0.0.1'], peer: '10.0.0.1' }, '10.0.0.1'],
  ])('%s', async (_, setting, address) => {
    expect((await seen('/x', setting)).address).toBe(address);
  });
});
