// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { addTiny } from '#test/fake-hub/repos.ts';
import { ask } from '#test/support/http.ts';
import { dial } from '#test/support/raw-socket.ts';
import { useWorld } from '#test/support/world.ts';

/* What no client writes: bytes on the socket of a real server. */

const world = useWorld({ repos: (hub) => void addTiny(hub) });
const PATH = '/acme/tiny/resolve/main/config.json';
const HOST = 'Host: mirror.test';
let upstream: number;
beforeAll(async () => {
  expect((await ask(world.mirror.url, PATH)).status).toBe(200);
  upstream = world.hub.stats.requests;
});

/** Whatever came, the next client is served, and upstream has heard nothing of it. */
afterEach(async () => {
  const { content } = world.hub.repo('acme/tiny').file('config.json');
  const answer = await ask(world.mirror.url, PATH);
  expect([answer.status, answer.body.length]).toEqual([200, content.size]);
  expect(world.mirror.running).toBe(true);
  expect(world.mirror.logs()).not.toMatch(/request failed|unhandled|"level":[56]0/i);
  expect(world.hub.stats.requests).toBe(upstream);
});

const CLOSE = 'Connection: close';
const lines = (...all: string[]) => `${all.join('\r\n')}\r\n\r\n`;
const get = (target: string, ...headers: string[]) => lines(`GET ${target} HTTP/1.1`, HOST, CLOSE, ...headers);
const post = (...headers: string[]) =>
  lines(
    'POST /api/models/acme/tiny/paths-info/main HTTP/1.1',
    HOST,
    CLOSE,
    'Content-Type: application/json',
    ...headers,
  );

/** Not one of these is a 5xx; 501 and 505 are Node's own words for what it does not speak. */
const isFine = (status: number) => status < 500 || status === 501 || status === 505;

describe('a request that is answered', () => {
  it.each([
    ['HTTP/1.0 without a host', `GET ${PATH} HTTP/1.0\r\n\r\n`, [200]],
    ['HTTP/1.0 with two requests', lines(`GET ${PATH} HTTP/1.0`, 'Connection: keep-alive') + get(PATH), [200, 200]],
    ['a GET with a body', `${get(PATH, 'Content-Length: 5')}12345`, [200]],
    ['a GET with a body that is a request', `${get(PATH, 'Content-Length: 18')}GET / HTTP/1.1\r\n\r\n`, [200]],
    ['a HEAD with a body', `${lines(`HEAD ${PATH} HTTP/1.1`, HOST, CLOSE, 'Content-Length: 2')}{}`, [200]],
    ['two requests in one piece', lines(`GET ${PATH} HTTP/1.1`, HOST) + get(PATH), [200, 200]],
    ['a HEAD and a GET in one piece', lines(`HEAD ${PATH} HTTP/1.1`, HOST) + get(PATH), [200, 200]],
    ['a thousand ranges', get(PATH, `Range: bytes=${Array.from({ length: 1000 }, (_, i) => `${i}-${i}`)}`), [200]],
    // Node takes the first, and no answer but a link depends on it.
    ['two hosts', get(PATH, 'Host: other.test'), [200]],
    ['an empty host', lines(`GET ${PATH} HTTP/1.1`, CLOSE, 'Host:'), [200]],
    ['an offer to speak another protocol', get(PATH, 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABk'), [200]],
    ['a wait for 100', `${post('Expect: 100-continue', 'Content-Length: 12')}{"paths":[]}`, [100, 200]],
    ['another expectation', get(PATH, 'Expect: the unexpected'), [417]],
    ['an absolute target with a user', get(`http://user:secret@mirror.test${PATH}`), [200]],
    ['an absolute target without a host', get(`http://${PATH}`), [200]],
    ['an absolute target that leads away', get('http://mirror.test/acme/tiny/resolve/main/../../../etc/passwd'), [400]],
    ['a body in chunks', `${post('Transfer-Encoding: chunked')}c\r\n{"paths":[]}\r\n0\r\n\r\n`, [413]],
  ])('%s', async (_, bytes, statuses) => {
    expect(await dial(world.mirror.url, bytes, 15_000)).toEqual(statuses);
  });
});

describe('a request that is refused', () => {
  it.each([
    ['a host that is none', lines(`GET ${PATH} HTTP/1.1`, CLOSE, 'Host: a host that is none')],
    ['no host', `GET ${PATH} HTTP/1.1\r\n\r\n`],
    ['a host with a path', lines('GET / HTTP/1.1', 'Host: mirror.test/acme')],
    ['a length and chunks', `${post('Content-Length: 3', 'Transfer-Encoding: chunked')}0\r\n\r\n`],
    ['two lengths', `${post('Content-Length: 2', 'Content-Length: 3')}{}`],
    ['a length below nothing', post('Content-Length: -1')],
    ['a length that is no number', post('Content-Length: 1e3')],
    ['a length above all numbers', post('Content-Length: 99999999999999999999')],
    ['a body that does not come', post('Content-Length: 100')],
    ['a chunk without a size', `${post('Transfer-Encoding: chunked')}zz\r\n`],
    ['another coding of the body', post('Transfer-Encoding: gzip, chunked')],
    ['a target without a slash', get('acme/tiny/resolve/main/config.json')],
    ['no target', `GET  HTTP/1.1\r\n${HOST}\r\n\r\n`],
    ['a target with a blank', get('/acme/tiny/resolve/main/a b')],
    ['a target of bytes', Buffer.from(get('/acme/tiny/resolve/main/\xff\xfe\xc3'), 'latin1')],
    ['a target with a NUL', get('/acme/tiny/resolve/main/\0')],
    ['a target of 100,000 letters', get(`/acme/tiny/resolve/main/${'x'.repeat(100_000)}`)],
    ['an absolute target of another scheme', get('ftp://mirror.test/acme/tiny/resolve/main/config.json')],
    ['an absolute target with a port that is none', get(`http://mirror.test:99999${PATH}`)],
    ['an absolute target with half an address', get(`http://[::1${PATH}`)],
    ['the target of OPTIONS', lines('OPTIONS * HTTP/1.1', HOST)],
    ['a tunnel', lines('CONNECT mirror.test:443 HTTP/1.1', HOST)],
    ['a method that is none', lines(`STEAL ${PATH} HTTP/1.1`, HOST)],
    ['a method in small letters', lines(`get ${PATH} HTTP/1.1`, HOST)],
    ['TRACE', lines(`TRACE ${PATH} HTTP/1.1`, HOST)],
    ['HTTP/0.9', `GET ${PATH}\r\n`],
    ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['HTTP/9.9', lines(`GET ${PATH} HTTP/9.9`, HOST)],
    ['TLS', Buffer.from('160301020001000001fc0303', 'hex')],
    ['a header of 100,000 letters', get(PATH, `X: ${'x'.repeat(100_000)}`)],
    ['a header with a NUL', get(PATH, 'X: a\0b')],
    ['a header without a name', get(PATH, ': x')],
    ['a header without a colon', get(PATH, 'X')],
    ['a blank before the colon', get(PATH, 'X : y')],
    ['a header on two lines', get(PATH, 'X: a\r\n b')],
    ['nothing but line ends', '\r\n'.repeat(50)],
    ['half a request', `GET ${PATH} HTTP/1.1\r\nHost: mir`],
    ['nothing', ''],
  ])('%s', async (_, bytes) => {
    const statuses = await dial(world.mirror.url, bytes, 500);
    expect(statuses.filter((status) => status < 400 || !isFine(status))).toEqual([]);
    expect(statuses.length).toBeLessThanOrEqual(1);
  });

  it('five thousand headers', async () => {
    const many = Array.from({ length: 5000 }, (_, i) => `X-${i}: y`);
    const statuses = await dial(world.mirror.url, get(PATH, ...many), 5000);
    for (const status of statuses) expect([200, 431]).toContain(status);
  });
});

it('whatever bytes come, there is no 5xx, and the file is as it was', async () => {
  const word = fc.constantFrom(
    ...[
      'GET ',
      'HEAD ',
      'POST ',
      PATH,
      '/api/models/acme/tiny',
      ' HTTP/1.1',
      ' HTTP/1.0',
      '\r\n',
      '\r\n',
      '\n',
      '\r',
      ' ',
    ],
    ...[HOST, 'Host: ', 'Range: bytes=0-1', 'Content-Length: 2', 'Transfer-Encoding: chunked', 'Expect: 100-continue'],
    ...['Connection: upgrade', 'Upgrade: websocket', '\0', '\t', ':', '%00', '..', '{}', 'X: y'],
  );
  const bytes = fc.array(fc.oneof({ weight: 9, arbitrary: word }, fc.string({ unit: 'binary', maxLength: 9 })), {
    maxLength: 30,
  });
  // Half of it begins as a request does.
  const begun = bytes.map((words) => [`GET ${PATH} HTTP/1.1\r\n${HOST}\r\n`, ...words, '\r\n\r\n']);
  await fc.assert(
    fc.asyncProperty(fc.oneof(bytes, begun), async (words) => {
      const statuses = await dial(world.mirror.url, words.join(''), 100);
      expect(statuses.filter((status) => !isFine(status))).toEqual([]);
    }),
    { numRuns: 100 },
  );
});
