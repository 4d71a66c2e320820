// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { lfsPointer, parseSha256 } from '#src/domain/digest.ts';
import { parseCommitSha } from '#src/domain/revision.ts';
import { model } from '#test/catalog/drafts.ts';
import { addTiny } from '#test/fake-hub/repos.ts';
import type { FakeHub } from '#test/fake-hub/server.ts';
import { type House, openHouse, send } from '#test/support/house.ts';
import { useTemp } from '#test/support/temp.ts';
import { useHubWorlds } from './worlds.ts';

/* What the text scripts of this folder can not say: comparisons of answers with each other, and of all files. */

const temp = useTemp();
const worldNamed = useHubWorlds(temp);
let hub: FakeHub;
let house: House;
beforeAll(async () => {
  ({ hub, house } = await worldNamed('ordinary'));
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
function routesOf(repo: string, revision: string): string[] {
  return [
    `/api/models/${repo}/revision/${revision}`,
    `/api/models/${repo}/tree/${revision}`,
    `/${repo}/resolve/${revision}/config.json`,
    `/${repo}/raw/${revision}/config.json`,
    ...(revision === 'main' ? [`/api/models/${repo}`, `/api/models/${repo}/refs`] : []),
  ];
}

it('HEAD says what GET says, and sends nothing', async () => {
  const own = new Set(['x-request-id']);
  for (const path of routesOf('acme/tiny', 'main')) {
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

it('a body that no client sends is refused before it is read', async () => {
  const body = JSON.stringify({ paths: ['x'.repeat(5 * 2 ** 20)] });
  const headers = { 'content-type': 'application/json', 'content-length': String(body.length) };
  expect((await ask('/api/models/acme/tiny/paths-info/main', { method: 'POST', headers, body })).status).toBe(413);
});

it('an intake goes on when those who asked for it were sent away', async () => {
  addTiny(hub, 'acme/slow');
  hub.faults.add({ fault: 'latency', ms: 3000, repo: 'acme/slow', class: 'tree', times: 1 });
  const patient = await openHouse({
    ...{ folder: await temp('waiting'), upstream: hub.url },
    config: { intake: { holdApiSeconds: 0, holdResolveSeconds: 0, holdLlamaCppSeconds: 0 } },
  });
  const commit = parseCommitSha(head('acme/slow'));
  for (const path of routesOf('acme/slow', 'main')) expect((await ask(path, {}, patient)).status).toBe(503);
  const { outcome } = patient.intakes.request(model('acme/slow'), { type: 'commit', commit });
  expect(await outcome).toMatchObject({ type: 'approved' });
  for (const path of routesOf('acme/slow', commit)) expect((await ask(path, {}, patient)).status).toBe(200);
  await patient.close();
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
    expect(served).toBeGreaterThan(5);
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
