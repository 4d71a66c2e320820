// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lfsPointer, parseSha256 } from '#src/domain/digest.ts';
import { parseCommitSha } from '#src/domain/revision.ts';
import { model } from '#test/catalog/drafts.ts';
import { addDataset, addHeld, addHostile, addLicensed, addMixed, addOddNames, addTiny } from '#test/fake-hub/repos.ts';
import { type FakeHub, startFakeHub } from '#test/fake-hub/server.ts';
import { type House, openHouse, post, send } from '#test/support/house.ts';
import { useTemp } from '#test/support/temp.ts';

const temp = useTemp();
let hub: FakeHub;
let house: House;
const ann = { by: 'ann', reason: 'its author asked for it' };

beforeAll(async () => {
  hub = await startFakeHub();
  for (const id of [
    'acme/tiny',
    'acme/revoked',
    'acme/rejected',
    'forbidden/tiny',
    'acme/private',
    'acme/gated',
    'acme/slow',
  ])
    addTiny(hub, id);
  hub.repo('acme/private').private = true;
  hub.repo('acme/gated').gated = 'manual';
  addHostile(hub);
  addHeld(hub);
  addMixed(hub);
  addOddNames(hub);
  addDataset(hub);
  addLicensed(hub, undefined, 'acme/no-license');
  addLicensed(hub, 'cc-by-nc-4.0', 'acme/nc');
  house = await openHouse({
    folder: await temp('hub'),
    upstream: hub.url,
    config: {
      sources: [
        { match: 'forbidden/*', mode: 'deny' },
        { match: '*', mode: 'auto' },
      ],
    },
  });
  for (const id of ['acme/tiny', 'acme/revoked', 'acme/mixed', 'acme/odd'])
    expect((await ask(`/api/models/${id}`)).status).toBe(200);
  expect((await ask('/api/datasets/acme/tiny-data')).status).toBe(200);
  expect((await post(house, 'revoke', { repo: 'acme/revoked', ...ann })).status).toBe(200);
  expect((await post(house, 'reject', { repo: 'acme/rejected', revision: head('acme/rejected'), ...ann })).status).toBe(
    200,
  );
});
afterAll(async () => {
  await house.close();
  await hub.stop();
  expect(hub.stats.violations).toEqual([]);
});

const head = (id: string) => hub.repo(id).head().id;

interface Seen {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Buffer;
}

/** Every answer of this file passes here: none of them may speak of Xet. */
async function ask(path: string, init: RequestInit = {}, at: House = house): Promise<Seen> {
  const answer = await send(at, path, init);
  const body = Buffer.from(await answer.arrayBuffer());
  const said = JSON.stringify([...answer.headers]) + (path.includes('xet') ? '' : body.toString('latin1'));
  if (!path.includes('xet')) expect(said, path).not.toMatch(/xet/i);
  return { status: answer.status, headers: answer.headers, body };
}

/** Every way to ask for something of a repo. */
function routesOf(repo: string, revision: string, file = 'config.json'): [method: string, path: string][] {
  const paths = [
    `/api/models/${repo}/revision/${revision}`,
    `/api/models/${repo}/tree/${revision}`,
    `/${repo}/resolve/${revision}/${file}`,
    `/${repo}/raw/${revision}/${file}`,
    ...(revision === 'main' ? [`/api/models/${repo}`, `/api/models/${repo}/refs`] : []),
  ];
  return [
    ...paths.flatMap((path) => [['GET', path] as [string, string], ['HEAD', path] as [string, string]]),
    ['POST', `/api/models/${repo}/paths-info/${revision}`],
  ];
}

function askRoute([method, path]: [string, string], at: House = house): Promise<Seen> {
  const init = { method, headers: { 'content-type': 'application/json' } };
  return ask(path, method === 'POST' ? { ...init, body: '{"paths": ["config.json"]}' } : init, at);
}

/** hub-api 6.2, and 4.1 for the length. */
function expectShape({ status, headers, body }: Seen, method: string, code: string | null, says: RegExp): void {
  const message = headers.get('x-error-message') ?? '';
  expect(message).toMatch(/^\[airlock\] [\x20-\x7e]{10,900}$/);
  expect(message).toMatch(says);
  expect(headers.get('x-error-code')).toBe(code);
  expect(headers.get('cache-control')).toBe('no-store');
  expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  expect(headers.get('etag')).toBeNull();
  if (method === 'HEAD') {
    expect(headers.get('content-type')).toMatch(/^text\/plain/);
    expect(body).toHaveLength(0);
  } else {
    expect(headers.get('content-type')).toMatch(/^application\/json/);
    const json = JSON.parse(body.toString());
    expect(json.error.replace(/\s+/g, ' ')).toMatch(says);
    expect(json.code ?? null).toBe(code);
  }
  expect(status).toBeGreaterThanOrEqual(400);
}

const GATED: [status: number, code: string] = [403, 'GatedRepo'];
const REFUSALS: [repo: string, at: 'main' | 'head', answer: [number, string], says: RegExp, warns: boolean][] = [
  ['acme/hostile', 'main', GATED, /acme\/hostile@[0-9a-f]{7} is denied: .*os\.system.*Ask your security team/, true],
  ['acme/hostile', 'head', GATED, /is denied: .*os\.system/, true],
  ['acme/held', 'main', GATED, /is held: .*acme\.layers.*airlock approve acme\/held@[0-9a-f]{40} --reason/, true],
  ['acme/held', 'head', GATED, /is held: /, true],
  ['acme/no-license', 'main', GATED, /is held: .*license.*Details: http:\/\/mirror\.test\/api\/airlock\//, true],
  ['acme/nc', 'main', GATED, /is denied: .*cc-by-nc-4\.0/, true],
  ['acme/nc', 'head', GATED, /is denied: .*cc-by-nc-4\.0/, true],
  ['acme/gated', 'main', GATED, /is held: .*gated upstream/, true],
  ['forbidden/tiny', 'main', GATED, /forbidden\/tiny is denied: the source "forbidden\/\*" is denied/, true],
  ['forbidden/tiny', 'head', GATED, /is denied: the source/, true],
  ['acme/rejected', 'main', GATED, /was rejected by ann on 2026-03-01: its author asked for it\./, true],
  ['acme/rejected', 'head', GATED, /was rejected by ann/, true],
  [
    'acme/revoked',
    'main',
    [404, 'RevisionNotFound'],
    /was revoked by ann on 2026-03-01: its author asked for it\./,
    true,
  ],
  ['acme/revoked', 'head', GATED, /was revoked by ann/, true],
  ['acme/private', 'main', [404, 'RepoNotFound'], /acme\/private was not found upstream \(checked 20/, true],
  ['acme/nobody', 'main', [404, 'RepoNotFound'], /was not found upstream/, false],
];

describe.each(REFUSALS)('%s at %s', (repo, at, [status, code], says, warns) => {
  it(`is ${status} ${code} on every route, for GET and HEAD`, async () => {
    const revision = at === 'main' ? 'main' : head(repo);
    const topics = new Set<string>();
    for (const route of routesOf(repo, revision)) {
      const seen = await askRoute(route);
      expect([...route, seen.status]).toEqual([...route, status]);
      expectShape(seen, route[0], code, says);
      const warning = seen.headers.get('x-hf-warning');
      if (warns && repo !== 'acme/private') {
        const [topic, text] = split(warning ?? '');
        expect(text).toBe(seen.headers.get('x-error-message'));
        topics.add(topic);
      }
      expect(seen.headers.get('x-repo-commit')).toBeNull();
    }
    // One topic for one answer: clients print each topic once.
    if (warns && repo !== 'acme/private') expect(topics.size).toBe(1);
  });
});

function split(warning: string): [string, string] {
  const at = warning.indexOf('; ');
  expect(at).toBeGreaterThan(0);
  return [warning.slice(0, at), warning.slice(at + 2)];
}

describe('other answers that are no', () => {
  it('an unknown revision of an approved repo is RevisionNotFound', async () => {
    for (const revision of ['no-such-branch', 'f'.repeat(40), 'fffffff'])
      for (const route of routesOf('acme/tiny', revision)) {
        const seen = await askRoute(route);
        expect([...route, seen.status]).toEqual([...route, 404]);
        expectShape(seen, route[0], 'RevisionNotFound', /was not found upstream/);
      }
  });

  it('an unknown file is EntryNotFound, with the commit, so that clients remember its absence', async () => {
    for (const path of [
      '/acme/tiny/resolve/main/nothing',
      '/acme/tiny/raw/main/sub',
      '/api/models/acme/tiny/tree/main/no',
    ])
      for (const method of ['GET', 'HEAD']) {
        const seen = await ask(path, { method });
        expect(seen.status).toBe(404);
        expectShape(seen, method, 'EntryNotFound', /has no entry/);
        expect(seen.headers.get('x-repo-commit')).toBe(head('acme/tiny'));
      }
  });

  it('a range of another version is answered with the whole file', async () => {
    const path = '/acme/tiny/resolve/main/config.json';
    const { etag = '' } = Object.fromEntries((await ask(path, { method: 'HEAD' })).headers);
    const statusWith = async (ifRange: string) =>
      (await ask(path, { headers: { range: 'bytes=1-2', 'if-range': ifRange } })).status;
    expect(await statusWith(etag)).toBe(206);
    expect(await statusWith('"another"')).toBe(200);
    expect(await statusWith('Sat, 21 Nov 2026 00:00:00 GMT')).toBe(200);
  });

  it('a body that no client sends is refused before it is read', async () => {
    const body = JSON.stringify({ paths: ['x'.repeat(5 * 2 ** 20)] });
    const headers = { 'content-type': 'application/json', 'content-length': String(body.length) };
    expect((await ask('/api/models/acme/tiny/paths-info/main', { method: 'POST', headers, body })).status).toBe(413);
  });

  it('a withheld file does not exist', async () => {
    for (const revision of ['main', head('acme/mixed')])
      for (const route of ['resolve', 'raw']) {
        const seen = await ask(`/acme/mixed/${route}/${revision}/pytorch_model.bin`);
        expectShape(seen, 'GET', 'EntryNotFound', /has no entry/);
      }
    const listings = ['', '/tree/main', '/tree/main?recursive=true', '?blobs=true'].map(
      (rest) => `/api/models/acme/mixed${rest}`,
    );
    for (const path of listings) expect((await ask(path)).body.toString()).not.toContain('pytorch_model');
  });

  it('writing is refused', async () => {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])
      for (const path of ['/api/models/acme/tiny', '/acme/tiny/resolve/main/config.json', '/api/repos/create', '/x'])
        expectShape(await ask(path, { method }), method, null, /read-only mirror/);
  });

  it('a range behind the end is a 416 that names the size', async () => {
    const { size } = hub.repo('acme/tiny').file('config.json').content;
    for (const method of ['GET', 'HEAD']) {
      const seen = await ask('/acme/tiny/resolve/main/config.json', { method, headers: { range: `bytes=${size}-` } });
      expect([seen.status, seen.headers.get('content-range')]).toEqual([416, `bytes */${size}`]);
      expectShape(seen, method, null, /outside of the/);
    }
  });

  it('waiting is a 503 with Retry-After on every route, and the intake goes on', async () => {
    const patient = await openHouse({
      ...{ folder: await temp('waiting'), upstream: hub.url },
      config: { intake: { holdApiSeconds: 0, holdResolveSeconds: 0, holdLlamaCppSeconds: 0 } },
    });
    hub.faults.add({ fault: 'latency', ms: 3000, repo: 'acme/slow', class: 'tree', times: 1 });
    for (const route of routesOf('acme/slow', 'main')) {
      const seen = await askRoute(route, patient);
      expect([...route, seen.status]).toEqual([...route, 503]);
      expectShape(seen, route[0], null, /is being fetched and checked.*Run the same command again/);
      expect(Number(seen.headers.get('retry-after'))).toBeGreaterThanOrEqual(5);
      expect(seen.headers.get('x-hf-warning')).toMatch(/^airlock-acme-slow-.*-wait; /);
    }
    expect(
      await patient.intakes.request(model('acme/slow'), { type: 'commit', commit: parseCommitSha(head('acme/slow')) })
        .outcome,
    ).toMatchObject({ type: 'approved' });
    for (const route of routesOf('acme/slow', parseCommitSha(head('acme/slow'))))
      expect((await askRoute(route, patient)).status).toBe(200);
    await patient.close();
  });

  it('upstream gone is a 502 with Retry-After for what is not here, and nothing for what is', async () => {
    await hub.goAway();
    try {
      for (const route of routesOf('acme/unseen', 'main')) {
        const seen = await askRoute(route);
        expect([...route, seen.status]).toEqual([...route, 502]);
        expectShape(seen, route[0], null, /acme\/unseen@main: /);
        expect(Number(seen.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
      }
      for (const revision of ['main', head('acme/tiny')])
        for (const route of routesOf('acme/tiny', revision)) expect((await askRoute(route)).status).toBe(200);
      for (const repo of ['acme/hostile', 'acme/held', 'acme/rejected', 'forbidden/tiny'])
        expect((await ask(`/api/models/${repo}`)).status).toBe(403);
    } finally {
      await hub.comeBack();
    }
  });
});

describe('answers that are yes', () => {
  it('HEAD says what GET says, and sends nothing', async () => {
    const own = new Set(['x-request-id']);
    for (const [, path] of routesOf('acme/tiny', 'main').filter(([method]) => method === 'GET')) {
      const [get, asked] = [await ask(path), await ask(path, { method: 'HEAD' })];
      expect([path, get.status, asked.status]).toEqual([path, 200, 200]);
      expect(asked.body).toHaveLength(0);
      const rows = ({ headers }: Seen) => [...headers].filter(([name]) => !own.has(name));
      expect(rows(asked)).toEqual(rows(get));
      expect(Number(get.headers.get('content-length'))).toBe(get.body.length);
    }
  });

  it('every file of a release is served byte for byte, under the digest that upstream uses', async () => {
    for (const repo of ['acme/tiny', 'acme/odd'])
      for (const file of hub.repo(repo).head().files.values()) {
        const path = `/${repo}/resolve/main/${file.path.split('/').map(encodeURIComponent).join('/')}`;
        const seen = await ask(path);
        expect(seen.body.equals(Buffer.concat([...file.content.read(0, file.content.size)]))).toBe(true);
        expect(seen.headers.get('etag')).toBe(`"${file.lfs ? file.content.sha256 : file.oid}"`);
        expect(seen.headers.get('x-repo-commit')).toBe(head(repo));
        expect(seen.headers.get('accept-ranges')).toBe('bytes');
      }
  });

  it.each(['"x"', 'W/"x"', '"y", "x"', '*'])(
    'If-None-Match %s with the file in it is a 304 without a body',
    async (form) => {
      const etag = `${hub.repo('acme/tiny').file('config.json').oid}`;
      const header = form.replaceAll('x', etag);
      const seen = await ask('/acme/tiny/resolve/main/config.json', { headers: { 'if-none-match': header } });
      expect([seen.status, seen.body.length, seen.headers.get('etag')]).toEqual([304, 0, `"${etag}"`]);
      const other = await ask('/acme/tiny/resolve/main/README.md', { headers: { 'if-none-match': `"${etag}"` } });
      expect(other.status).toBe(200);
    },
  );
});

describe('whatever is asked', () => {
  const REPOS = [
    'acme/tiny',
    'acme/odd',
    'acme/mixed',
    'acme/hostile',
    'acme/held',
    'acme/nc',
    'acme/revoked',
    'acme/rejected',
    'forbidden/tiny',
    'acme/tiny-data',
    'acme%2Ftiny',
    'acme',
    'nobody/nothing',
    '..',
    '%00',
  ];
  const ROUTES = [
    'resolve',
    'raw',
    'blob',
    'revision',
    'tree',
    'refs',
    'paths-info',
    'commits',
    'info',
    'xet-read-token',
    'resolve-cache',
  ];
  const REVISIONS = [
    'main',
    'HEAD',
    'v1.0',
    'old',
    'refs/pr/1',
    'refs%2Fpr%2F1',
    'refs%2Fheads%2Fmain',
    '%ff',
    '..',
    'f'.repeat(40),
    'a b',
    '',
  ];
  const FILES = [
    'config.json',
    'model.safetensors',
    'pytorch_model.bin',
    'empty.txt',
    'sub',
    'sub%2Fnotes.txt',
    'sub/with%20space%20and%20%C3%BC.txt',
    '../config.json',
    '%2e%2e/x',
    '%00',
    '.git/config',
    'README.md',
    '',
    '/',
    'x'.repeat(2000),
  ];
  const HEADERS: Record<string, string>[] = [
    {},
    { range: 'bytes=0-0' },
    { range: 'bytes=5-' },
    { range: 'bytes=-7' },
    { range: 'bytes=3-1' },
    { range: 'bytes=0-1,5-6' },
    { range: 'bytes=999999999999999999999-' },
    { 'if-none-match': '*' },
    { 'if-none-match': '"", W/"' },
    { 'user-agent': 'unknown/None; hf_hub/2.4.0; python/3.11', 'x-hf-download-counter': '1' },
    { 'user-agent': 'hf_hub/99999999.x; llama-cpp' },
    { authorization: 'Bearer hf_somebodyElsesToken0000000000000000000' },
    { 'x-http-method-override': 'DELETE' },
    { 'x-original-url': '/acme/hostile/resolve/main/pytorch_model.bin', 'x-forwarded-prefix': '/..' },
    { 'content-type': 'application/json' },
    { 'content-type': 'multipart/form-data; boundary=x' },
    { 'content-type': 'application/x-www-form-urlencoded' },
    { 'accept-encoding': 'gzip', accept: 'text/html' },
  ];
  const BODIES = [
    '',
    '{',
    '{"paths": "config.json"}',
    '{"paths": [null]}',
    '{"paths": ["__proto__", "sub"]}',
    'paths=config.json&paths=sub',
    '--x\r\n',
    'null',
    '[]',
  ];
  const QUERIES = ['', '?', '?recursive=true&expand=1', '?blobs=true', '?recursive=%', '?x=../..', '#x'];
  const heads = () => [
    ...REVISIONS,
    ...['acme/tiny', 'acme/hostile', 'acme/revoked', 'acme/held'].flatMap((id) => [head(id), head(id).slice(0, 9)]),
  ];

  it('there is no 5xx, and no byte of a file that is not of a release', async () => {
    const allowed = servable();
    const path = fc
      .tuple(
        fc.constantFrom('', '/', '/api/models', '/api/datasets', '/datasets', '/api/spaces', '/models', '/api'),
        fc.constantFrom(...REPOS),
        fc.constantFrom(...ROUTES),
        fc.constantFrom(...heads()),
        fc.constantFrom(...FILES),
        fc.constantFrom(...QUERIES),
      )
      .map(([prefix, repo, route, revision, file, query]) => `${prefix}/${repo}/${route}/${revision}/${file}${query}`);
    // Half of what is asked begins well: otherwise hardly any answer would have a file in it.
    const begun = fc
      .tuple(
        fc.constantFrom('/acme/tiny', '/acme/mixed', '/acme/revoked', '/acme/hostile', '/datasets/acme/tiny-data'),
        fc.constantFrom('resolve', 'raw'),
        fc.constantFrom('main', 'HEAD', 'refs%2Fpr%2F1', head('acme/tiny'), head('acme/hostile')),
        fc.constantFrom(...FILES),
      )
      .map((parts) => parts.join('/'));
    const odd = fc.webPath().map((text) => (text.startsWith('/') ? text : `/${text}`));
    const method = fc.constantFrom(
      'GET',
      'GET',
      'GET',
      'HEAD',
      'POST',
      'PUT',
      'DELETE',
      'PATCH',
      'OPTIONS',
      'PROPFIND',
    );
    let served = 0;
    await fc.assert(
      fc.asyncProperty(
        method,
        fc.oneof({ weight: 5, arbitrary: path }, { weight: 5, arbitrary: begun }, odd),
        fc.constantFrom(...HEADERS),
        fc.constantFrom(...BODIES),
        async (verb, url, headers, text) => {
          const init =
            verb === 'GET' || verb === 'HEAD' ? { method: verb, headers } : { method: verb, headers, body: text };
          const seen = await ask(url, init);
          expect(seen.status, `${verb} ${url}: ${seen.body.subarray(0, 300)}`).toBeLessThan(500);
          if (verb === 'HEAD') expect(seen.body).toHaveLength(0);
          if (seen.headers.has('content-disposition')) served += expectServable(seen, allowed);
        },
      ),
      { numRuns: 2000 },
    );
    // A check that saw no file would have checked nothing.
    expect(served).toBeGreaterThan(20);
  });

  /** Contents that may leave the mirror, by ETag. */
  function servable(): Map<string, Buffer> {
    const contents = new Map<string, Buffer>();
    for (const [id, kind] of [
      ['acme/tiny', 'models'],
      ['acme/odd', 'models'],
      ['acme/mixed', 'models'],
      ['acme/tiny-data', 'datasets'],
    ] as const)
      for (const commit of hub.repo(id, kind).commits.values())
        for (const { content, oid, lfs, path } of commit.files.values()) {
          if (path === 'pytorch_model.bin') continue;
          contents.set(`"${lfs ? content.sha256 : oid}"`, Buffer.concat([...content.read(0, content.size)]));
          if (lfs) contents.set(`"${oid}"`, lfsPointer(parseSha256(content.sha256), content.size));
        }
    return contents;
  }

  function expectServable({ status, headers, body }: Seen, allowed: Map<string, Buffer>): number {
    const content = allowed.get(headers.get('etag') ?? '');
    expect(content, headers.get('content-disposition') ?? '').toBeDefined();
    if (!content || body.length === 0) return 0;
    const [, start, end] = /^bytes (\d+)-(\d+)\//.exec(headers.get('content-range') ?? '') ?? [];
    const expected = status === 206 ? content.subarray(Number(start), Number(end) + 1) : content;
    expect(body.equals(expected)).toBe(true);
    return 1;
  }
});
