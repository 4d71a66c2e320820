// SPDX-License-Identifier: Apache-2.0
import { type IncomingMessage, request } from 'node:http';
import { beforeAll, describe, expect, it } from 'vitest';
import { addTiny } from '#test/fake-hub/repos.ts';
import { hf } from '#test/support/clients.ts';
import { filesBelow } from '#test/support/files.ts';
import { ask, type RawAnswer } from '#test/support/http.ts';
import { until } from '#test/support/until.ts';
import { useWorld } from '#test/support/world.ts';

const world = useWorld({ repos: (hub) => void addTiny(hub) });
beforeAll(async () => {
  await hf('2.4', ['download', 'acme/tiny'], await world.person());
});

const REPO_IDS = [
  'a--b/tiny',
  'acme/..',
  '../etc',
  'acme/t%00ny',
  'acme/ti%20ny',
  'acme/-tiny',
  'acme%2F..%2Ftiny',
  `acme/${'x'.repeat(200)}`,
  'acme/tiny.git',
  'ac%C3%A9me/tiny',
  '%E0%A4%A/tiny',
  'acme/%2e%2e',
];
const REVISIONS = [
  '..%2F..%2Fmain',
  'ma%00in',
  'ma%20in',
  '%2e%2e',
  'a..b',
  'x'.repeat(300),
  'main%0d%0aX-Evil:1',
  'refs%2Fheads%2F..%2Fx',
  '%ff',
  'a~1',
  'a%5Eb',
  '%40%7B1%7D',
];
const PATHS = [
  '../../../etc/passwd',
  '..%2f..%2fetc%2fpasswd',
  '%2e%2e/%2e%2e/etc/passwd',
  'sub/../config.json',
  'sub%2F..%2Fconfig.json',
  'config.json%00.txt',
  '%00',
  'a%0d%0ab',
  '.git/config',
  'sub%5C..%5Cconfig.json',
  './config.json',
  '%2Fetc%2Fpasswd',
  '%ff%fe',
  'x/'.repeat(600),
];

const URLS = [
  ...REPO_IDS.flatMap((id) => [`/api/models/${id}`, `/api/models/${id}/tree/main`, `/${id}/resolve/main/config.json`]),
  ...REVISIONS.flatMap((revision) => [
    `/api/models/acme/tiny/revision/${revision}`,
    `/api/models/acme/tiny/tree/${revision}`,
    `/acme/tiny/resolve/${revision}/config.json`,
    `/acme/tiny/raw/${revision}/config.json`,
  ]),
  ...PATHS.flatMap((path) => [
    `/acme/tiny/resolve/main/${path}`,
    `/acme/tiny/raw/main/${path}`,
    `/api/models/acme/tiny/tree/main/${path}`,
    `/datasets/acme/tiny/resolve/main/${path}`,
  ]),
];

describe('malformed input', () => {
  it(`is refused with a 4xx in the shape of the Hub, and changes nothing: ${URLS.length} URLs`, async () => {
    const upstream = world.hub.stats.requests;
    const before = await snapshotOf();
    for (const url of URLS)
      for (const method of ['GET', 'HEAD']) {
        const answer = await ask(world.mirror.url, url, { method });
        expectHubError(answer, `${method} ${url}`);
      }
    expect(world.hub.stats.requests).toBe(upstream);
    expect(await snapshotOf()).toEqual(before);
  });

  it('is logged once, with the id that the client was told', async () => {
    const refused = async () =>
      String((await ask(world.mirror.url, '/acme/tiny/resolve/main/..%2Fsecret')).headers['x-request-id']);
    const [id, next] = [await refused(), await refused()];
    expect(id.length).toBeGreaterThan(7);
    // Lines come in order through a pipe: when the next request's is there, all of this one's are.
    await until('the next refusal is logged', () => world.mirror.logs().includes(next));
    const lines = world.mirror.logs().split('\n');
    expect(lines.filter((line) => line.includes(id))).toHaveLength(1);
  });
});

it.each([
  'bytes=5-2',
  'bytes=a-b',
  'bytes=',
  'bytes=-',
  'lines=0-5',
  'bytes=0-1,3-4',
  'bytes=99999999999999999999-',
  'bytes=-0',
])('the range %s gets the whole file or a 416, never something else', async (range) => {
  const answer = await ask(world.mirror.url, '/acme/tiny/resolve/main/config.json', { headers: { range } });
  expect(answer.status).toBeOneOf([200, 416]);
  const { size } = world.hub.repo('acme/tiny').file('config.json').content;
  if (answer.status === 200) expect(answer.body).toHaveLength(size);
  else expect(answer.headers['content-range']).toBe(`bytes */${size}`);
});

it('unknown routes, write calls and other methods are refused, in JSON and never with a 200', async () => {
  const cases: [string, string, number][] = [
    ['GET', '/api/no-such-thing', 404],
    ['GET', '/api/models/acme/tiny/no-such-thing', 404],
    ['POST', '/api/repos/create', 403],
    ['POST', '/api/models/acme/tiny/commit/main', 403],
    ['POST', '/api/models/acme/tiny/preupload/main', 403],
    ['DELETE', '/api/repos/delete', 403],
    ['PUT', '/api/models/acme/tiny/settings', 403],
  ];
  for (const [method, url, status] of cases) {
    const answer = await ask(world.mirror.url, url, { method, ...(method === 'GET' ? {} : { body: '{}' }) });
    expect(answer.status, `${method} ${url}`).toBe(status);
    expect(JSON.parse(answer.text)).toHaveProperty('error');
  }
});

it('a body of paths-info that is no list of paths, or too large, is a 4xx', async () => {
  const post = (body: string, type: string) =>
    ask(world.mirror.url, '/api/models/acme/tiny/paths-info/main', {
      method: 'POST',
      headers: { 'content-type': type },
      body,
    });
  for (const [body, type] of [
    ['{"paths": 5}', 'application/json'],
    ['{', 'application/json'],
    [JSON.stringify({ paths: ['../../etc/passwd'] }), 'application/json'],
    [JSON.stringify({ paths: Array.from({ length: 400_000 }, (_, i) => `f${i}`) }), 'application/json'],
  ] as const) {
    const answer = await post(body, type);
    // A path that can not exist is left out, as one that does not exist.
    if (answer.status === 200) expect(JSON.parse(answer.text)).toEqual([]);
    else expect(answer.status).toBeOneOf([400, 413]);
  }
});

it('a body in chunks is a 4xx, and so is a request that has none and says no length', async () => {
  const path = '/api/models/acme/tiny/paths-info/main';
  const headers = { 'content-type': 'application/json', 'transfer-encoding': 'chunked' };
  const chunked = await new Promise<IncomingMessage>((done, fail) => {
    const sent = request(`${world.mirror.url}${path}`, { method: 'POST', headers, agent: false }, done);
    sent.on('error', fail).write('{"paths":');
    sent.end('["config.json"]}');
  });
  expect(chunked.resume().statusCode).toBe(413);
  expect(chunked.headers['x-error-message']).toContain('Content-Length');
  for (const method of ['DELETE', 'PUT', 'PATCH', 'POST', 'OPTIONS'])
    for (const url of [path, '/api/repos/delete', '/api/airlock/approve']) {
      const { status } = await ask(world.mirror.url, url, { method });
      expect(status, `${method} ${url}`).toBeOneOf([400, 401, 403, 404]);
    }
});

function expectHubError(answer: RawAnswer, asked: string) {
  expect(answer.status, asked).toBeGreaterThanOrEqual(400);
  expect(answer.status, asked).toBeLessThan(500);
  expect(String(answer.headers['x-error-message']), asked).toMatch(/^[\x20-\x7e]{10,1000}$/);
  if (asked.startsWith('GET')) expect(JSON.parse(answer.text), asked).toHaveProperty('error');
  else expect(answer.headers['content-type'] ?? 'text/plain', asked).toMatch(/^text\/plain/);
}

/** What is kept that matters: everything but the write-ahead files of the index. */
async function snapshotOf() {
  const files = await filesBelow(world.mirror.dataDir);
  const kept = files.filter((file) => !/-(wal|shm)$/.test(file.path)).map((file) => `${file.path} ${file.sha256}`);
  expect(kept.length).toBeGreaterThan(0);
  return kept.sort();
}
