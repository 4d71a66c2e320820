// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { beforeAll, expect, it } from 'vitest';
import { lfsPointer, parseSha256 } from '#src/domain/digest.ts';
import type { HubFile, HubRepo } from '#test/fake-hub/repo.ts';
import { send } from '#test/support/house.ts';
import { useTemp } from '#test/support/temp.ts';
import { anyPath, anyRequest, invalidPath, type Request } from './anything.ts';
import type { Answer } from './script-answer.ts';
import { always } from './script-run.ts';
import { bytesOf } from './script-words.ts';
import { type HubWorld, useHubWorlds } from './worlds.ts';

/*
 * What holds whatever is asked. fast-check prints the seed of a run that failed, and the smallest request that fails.
 */

const worldNamed = useHubWorlds(useTemp());
let world: HubWorld;
let commits: readonly string[];
let servable: ReadonlyMap<string, Served>;
beforeAll(async () => {
  world = await worldNamed('ordinary');
  const heads = ['acme/tiny', 'acme/hostile', 'acme/revoked', 'acme/held'].map((id) => world.hub.repo(id).head().id);
  commits = heads.flatMap((id) => [id, id.slice(0, 9)]);
  servable = servedBy(world);
});

/** The bytes of a file, or of a pointer, and the file that they are of. */
interface Served {
  readonly bytes: Buffer;
}

const RELEASED = [
  'models/acme/tiny',
  'models/acme/odd',
  'models/acme/mixed',
  'models/acme/many-refs',
  'datasets/acme/tiny-data',
];
const isServed = ({ path }: HubFile) => path !== 'pytorch_model.bin';

/** What may leave the mirror, by commit and ETag: a commit of another repo, or a withheld file, is not here. */
function servedBy({ hub }: HubWorld): Map<string, Served> {
  const served = new Map<string, Served>();
  for (const name of RELEASED)
    for (const { id, files } of hub.repos.get(name)?.commits.values() ?? [])
      for (const file of [...files.values()].filter(isServed)) {
        const { content, oid, lfs } = file;
        served.set(`${id} "${lfs ? content.sha256 : oid}"`, { bytes: bytesOf(file) });
        if (lfs) served.set(`${id} "${oid}"`, { bytes: lfsPointer(parseSha256(content.sha256), content.size) });
      }
  return served;
}

async function ask({ method, path, headers, body }: Request): Promise<Answer> {
  const hasBody = method !== 'GET' && method !== 'HEAD';
  const answer = await send(world.house, path, { method, headers, ...(hasBody ? { body } : {}) });
  const seen = { status: answer.status, headers: answer.headers, body: Buffer.from(await answer.arrayBuffer()) };
  const asked = `${method} ${path} ${JSON.stringify(headers)}`;
  expect(seen.status, `${asked}: ${seen.body.subarray(0, 300)}`).toBeLessThan(500);
  expect(always({ line: 0 }, method, path, seen), asked).toEqual([]);
  return seen;
}

/** The bytes of an answer are those that its commit and ETag name, and its commit is one of a released repo. */
function expectServable({ status, headers, body }: Answer, asked: string): void {
  const commit = headers.get('x-repo-commit');
  const content = servable.get(`${commit} ${headers.get('etag')}`);
  if (!content) throw new Error(`${asked}: ${commit} ${headers.get('etag')} is of no release`);
  if (body.length === 0) return;
  const [, start, end] = /^bytes (\d+)-(\d+)\//.exec(headers.get('content-range') ?? '') ?? [];
  const expected = status === 206 ? content.bytes.subarray(Number(start), Number(end) + 1) : content.bytes;
  expect(body.equals(expected), asked).toBe(true);
}

it('there is no 5xx, no byte that is not of a release, and no answer of /resolve without its commit', async () => {
  let files = 0;
  let absent = 0;
  await fc.assert(
    fc.asyncProperty(anyRequest(commits), async (request) => {
      const seen = await ask(request);
      const asked = `${request.method} ${request.path}`;
      if (seen.headers.has('content-disposition')) {
        expectServable(seen, asked);
        files++;
      }
      if (!request.path.includes('/resolve/') || !/^[1-3]|^404/.test(String(seen.status))) return;
      const code = seen.headers.get('x-error-code');
      if (code === 'RepoNotFound' || code === 'RevisionNotFound' || isNoAddress(seen)) return;
      expect(seen.headers.get('x-repo-commit'), asked).toMatch(/^[0-9a-f]{40}$/);
      if (code === 'EntryNotFound') absent++;
    }),
    { numRuns: 2000 },
  );
  // A check that saw no file, and no absence of one, would have checked nothing.
  expect(files).toBeGreaterThan(30);
  expect(absent).toBeGreaterThan(20);
});

/** Not of a repo at all: an address of nothing, telemetry. */
function isNoAddress({ status, headers }: Answer): boolean {
  return status === 204 || /does not serve/.test(headers.get('x-error-message') ?? '');
}

it('HEAD says what GET would, but for the body', async () => {
  let agreed = 0;
  const request = fc.tuple(anyRequest(commits), anyPath(commits));
  await fc.assert(
    fc.asyncProperty(request, async ([{ headers }, path]) => {
      const get = await ask({ method: 'GET', path, headers, body: '' });
      const head = await ask({ method: 'HEAD', path, headers, body: '' });
      expect(rowsOf(head), path).toEqual(rowsOf(get));
      if (get.status < 400) agreed++;
    }),
    { numRuns: 700 },
  );
  expect(agreed).toBeGreaterThan(20);
});

/** Status and headers; without those that differ by design: the request's id, the time in a message, the type of an error. */
function rowsOf({ status, headers }: Answer): unknown[] {
  const own = status >= 400 ? /^(?:x-request-id|content-type|content-length)$/ : /^x-request-id$/;
  const rows = [...headers].filter(([name]) => !own.test(name));
  return [status, ...rows.map(([name, value]) => `${name}: ${value.replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/, 'now')}`)];
}

it('a name that can not be one is refused without upstream, and starts no intake', async () => {
  const before = [world.hub.stats.requests, world.house.intakes.running().length];
  await fc.assert(
    fc.asyncProperty(fc.constantFrom('GET', 'HEAD'), invalidPath(), async (method, path) => {
      const { status, headers } = await ask({ method, path, headers: {}, body: '' });
      expect([path, status]).toEqual([path, status === 404 ? 404 : 400]);
      expect(headers.get('x-repo-commit')).toBeNull();
      expect([world.hub.stats.requests, world.house.intakes.running().length], path).toEqual(before);
    }),
    { numRuns: 1500 },
  );
});

it('a revision is the commit that upstream says, in every spelling, or not found', async () => {
  const repo = world.hub.repo('acme/many-refs');
  const name = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...spellings(repo)) },
    { weight: 1, arbitrary: fc.string({ unit: 'grapheme', maxLength: 12 }) },
    { weight: 1, arbitrary: fc.stringMatching(/^[0-9a-f]{1,40}$/) },
  );
  const route = fc.constantFrom(
    (rev: string) => `/acme/many-refs/resolve/${rev}/config.json`,
    (rev: string) => `/acme/many-refs/raw/${rev}/model.safetensors`,
    (rev: string) => `/api/models/acme/many-refs/revision/${rev}`,
    (rev: string) => `/api/models/acme/many-refs/tree/${rev}`,
  );
  let found = 0;
  await fc.assert(
    fc.asyncProperty(name, route, fc.boolean(), async (text, path, raw) => {
      // JavaScript leaves the slashes of these.
      const plain = raw && /^refs\/(?:pr|convert|heads|tags)\/[^/]+$/.test(text);
      const url = path(plain ? text : encodeURIComponent(text.toWellFormed()));
      if (text === '') return;
      const { status, headers } = await ask({ method: 'GET', path: url, headers: {}, body: '' });
      const commit = repo.at(text)?.id;
      if (commit !== undefined) found++;
      if (commit !== undefined) expect([url, status, headers.get('x-repo-commit')]).toEqual([url, 200, commit]);
      else if (status !== 400)
        expect([url, status, headers.get('x-error-code')]).toEqual([url, 404, 'RevisionNotFound']);
    }),
    { numRuns: 300 },
  );
  expect(found).toBeGreaterThan(50);
});

function spellings(repo: HubRepo): string[] {
  const shas = [...repo.commits.keys()];
  return [
    'HEAD',
    ...[...repo.branches.keys()].flatMap((branch) => [branch, `refs/heads/${branch}`]),
    ...[...repo.tags.keys()].flatMap((tag) => [tag, `refs/tags/${tag}`]),
    ...repo.otherRefs.keys(),
    ...shas.flatMap((sha) => [sha, sha.slice(0, 7), sha.slice(0, 12), sha.slice(0, 39)]),
    ...[
      'main ',
      'Main',
      'refs/heads/HEAD',
      'refs/pr/1/x',
      'refs/pr/99',
      'heads/main',
      'feature',
      shas[0]?.toUpperCase() ?? '',
    ],
  ];
}

it('a range is a part of the file that holds what was asked for, the whole file, or refused with its size', async () => {
  const number = fc.oneof(fc.nat(40).map(String), fc.constant(''), fc.bigInt(0n, 10n ** 25n).map(String));
  const range = fc.oneof(
    { weight: 4, arbitrary: fc.tuple(number, number).map(([a, b]) => `bytes=${a}-${b}`) },
    { weight: 1, arbitrary: fc.stringMatching(/^[ -~]{0,30}$/) },
  );
  const file = fc.constantFrom('sub/notes.txt', 'empty.txt', 'model.safetensors');
  const seen = new Set<number>();
  await fc.assert(
    fc.asyncProperty(range, file, async (text, path) => {
      const answer = await ask({
        method: 'GET',
        path: `/acme/tiny/resolve/main/${path}`,
        headers: { range: text },
        body: '',
      });
      const whole = bytesOf(world.hub.repo('acme/tiny').file(path));
      seen.add(answer.status);
      const told = answer.headers.get('content-range');
      if (answer.status === 200) expect([answer.body.equals(whole), told]).toEqual([true, null]);
      if (answer.status === 416 || whole.length === 0)
        expect(told).toBe(answer.status === 200 ? null : `bytes */${whole.length}`);
      if (answer.status !== 206 || whole.length === 0) return;
      const [, a = '', b = ''] = /^bytes=(\d*)-(\d*)$/.exec(text.trim()) ?? [];
      const start = a === '' ? Math.max(0, whole.length - Number(b)) : Number(a);
      const end = a === '' || b === '' ? whole.length : Math.min(Number(b) + 1, whole.length);
      expect(told).toBe(`bytes ${start}-${end - 1}/${whole.length}`);
      expect(answer.headers.get('content-length')).toBe(String(end - start));
      expect(answer.body.equals(whole.subarray(start, end))).toBe(true);
    }),
    { numRuns: 1000 },
  );
  expect([...seen].sort()).toEqual([200, 206, 416]);
});

it('paths-info tells of files and folders of its release, and of nothing else', async () => {
  const repo = world.hub.repo('acme/mixed');
  const { files, folders } = repo.head();
  const known = [...files.keys(), ...folders.keys()];
  const path = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...known, ...known.map((one) => `${one}/`), '../config.json', '/', '.') },
    { weight: 1, arbitrary: fc.string({ unit: 'binary' }) },
  );
  const value = fc.oneof(
    { weight: 3, arbitrary: fc.array(path, { maxLength: 20 }) },
    { weight: 1, arbitrary: fc.jsonValue() },
  );
  let told = 0;
  await fc.assert(
    fc.asyncProperty(value, fc.boolean(), async (paths, isForm) => {
      const { body, type } = isForm && isTexts(paths) ? formOf(paths) : jsonOf(paths);
      const url = '/api/models/acme/mixed/paths-info/main';
      const answer = await ask({ method: 'POST', path: url, headers: { 'content-type': type }, body });
      expect([body, [200, 400].includes(answer.status)]).toEqual([body, true]);
      if (answer.status === 400) return;
      const entries = JSON.parse(answer.body.toString()) as { path: string; oid: string; type: string }[];
      const asked = new Set([paths].flat().map(String));
      for (const entry of entries) {
        expect(asked.has(entry.path), entry.path).toBe(true);
        if (entry.type === 'file') expect(entry.oid).toBe(repo.file(entry.path).oid);
        else expect(folders.has(entry.path)).toBe(true);
        expect(entry.path).not.toBe('pytorch_model.bin');
        told++;
      }
    }),
    { numRuns: 500 },
  );
  expect(told).toBeGreaterThan(100);
});

function isTexts(value: unknown): value is string[] {
  return (
    Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === 'string' && one.isWellFormed())
  );
}

function formOf(paths: readonly string[]): { body: string; type: string } {
  const form = new URLSearchParams(paths.map((path) => ['paths', path]));
  return { body: String(form), type: 'application/x-www-form-urlencoded' };
}

function jsonOf(paths: unknown): { body: string; type: string } {
  return { body: JSON.stringify({ paths }), type: 'application/json' };
}
