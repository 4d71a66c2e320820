// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { beforeAll, expect, it } from 'vitest';
import { lfsPointer, parseSha256 } from '#src/domain/digest.ts';
import type { HubFile } from '#test/fake-hub/repo.ts';
import { useTemp } from '#test/support/temp.ts';
import { anyPath, anyRequest } from './anything.ts';
import { askAnything } from './ask-anything.ts';
import { invalidPath } from './invalid-path.ts';
import type { Answer } from './script-answer.ts';
import { bytesOf } from './script-words.ts';
import { type HubWorld, useHubWorlds } from './worlds.ts';

/*
 * What holds whatever is asked. fast-check prints the seed of a run that failed, and the smallest request that fails.
 */

const worldNamed = useHubWorlds(useTemp());
let world: HubWorld;
let commits: readonly string[];
let servable: ReadonlyMap<string, Buffer>;
beforeAll(async () => {
  world = await worldNamed('ordinary');
  const heads = ['acme/tiny', 'acme/hostile', 'acme/revoked', 'acme/held'].map((id) => world.hub.repo(id).head().id);
  commits = heads.flatMap((id) => [id, id.slice(0, 9)]);
  servable = servedBy(world);
});

const RELEASED = [
  'models/acme/tiny',
  'models/acme/odd',
  'models/acme/mixed',
  'models/acme/many-refs',
  'datasets/acme/tiny-data',
];
const isServed = ({ path }: HubFile) => path !== 'pytorch_model.bin';

/** What may leave the mirror, by commit and ETag: a commit of another repo, or a withheld file, is not here. */
function servedBy({ hub }: HubWorld): Map<string, Buffer> {
  const served = new Map<string, Buffer>();
  for (const name of RELEASED)
    for (const { id, files } of hub.repos.get(name)?.commits.values() ?? [])
      for (const file of [...files.values()].filter(isServed)) {
        const { content, oid, lfs } = file;
        served.set(`${id} "${lfs ? content.sha256 : oid}"`, bytesOf(file));
        if (lfs) served.set(`${id} "${oid}"`, lfsPointer(parseSha256(content.sha256), content.size));
      }
  return served;
}

/** The bytes of an answer are those that its commit and ETag name, and its commit is one of a released repo. */
function expectServable({ status, headers, body }: Answer, asked: string): void {
  const commit = headers.get('x-repo-commit');
  const content = servable.get(`${commit} ${headers.get('etag')}`);
  if (!content) throw new Error(`${asked}: ${commit} ${headers.get('etag')} is of no release`);
  if (body.length === 0) return;
  const [, start, end] = /^bytes (\d+)-(\d+)\//.exec(headers.get('content-range') ?? '') ?? [];
  const expected = status === 206 ? content.subarray(Number(start), Number(end) + 1) : content;
  expect(body.equals(expected), asked).toBe(true);
}

it('there is no 5xx, no byte that is not of a release, and no answer of /resolve without its commit', async () => {
  let files = 0;
  let absent = 0;
  await fc.assert(
    fc.asyncProperty(anyRequest(commits), async (request) => {
      const seen = await askAnything(world, request);
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
      const get = await askAnything(world, { method: 'GET', path, headers, body: '' });
      const head = await askAnything(world, { method: 'HEAD', path, headers, body: '' });
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
      const { status, headers } = await askAnything(world, { method, path, headers: {}, body: '' });
      expect([path, status]).toEqual([path, status === 404 ? 404 : 400]);
      expect(headers.get('x-repo-commit')).toBeNull();
      expect([world.hub.stats.requests, world.house.intakes.running().length], path).toEqual(before);
    }),
    { numRuns: 1500 },
  );
});
