// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseRepoPath } from '#src/domain/path.ts';
import { ann, commitOf, draft, MAIN, model, publish } from '#test/catalog/drafts.ts';
import { type FakeHub, startFakeHub } from '#test/fake-hub/server.ts';
import { type House, openHouse, send } from '#test/support/house.ts';
import { useTemp } from '#test/support/temp.ts';
import { fileOf } from './release.ts';

const temp = useTemp();
let hub: FakeHub;
let house: House;

beforeAll(async () => {
  hub = await startFakeHub();
  house = await openHouse({ folder: await temp('metadata'), upstream: hub.url });
  // Of the fixture, sub/model.py was to be looked at, and a person accepted it.
  await publish(house, model('org/name'), commitOf('a'));
  const paths = Array.from({ length: 2500 }, (_, i) => `data/${String(i % 50).padStart(2, '0')}/f${i}.json`);
  const files = paths.map((path) => ({ ...fileOf(path), path: parseRepoPath(path), format: 'json' }));
  expect(await house.publisher.publish({ ...draft(model('acme/many'), commitOf('b')), files })).toBe(true);
  await house.publisher.pin(model('acme/many'), { ref: MAIN, kind: 'branch', commit: commitOf('b') }, ann);
});
afterAll(async () => {
  await house.close();
  await hub.stop();
});

interface Seen<T> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: T;
}

async function get<T = Entry[]>(path: string, init?: RequestInit): Promise<Seen<T>> {
  const answer = await send(house, path, init);
  return { status: answer.status, headers: answer.headers, body: (await answer.json()) as T };
}

type Entry = { path: string; type: string } & Record<string, unknown>;

function nextOf({ headers }: Seen<unknown>): string | undefined {
  const link = headers.get('link');
  if (link === null) return undefined;
  // As @huggingface/hub reads it, and on the mirror's own address.
  const url = /^<(https?:[/][/][^>]+)>;\s+rel="next"$/.exec(link)?.[1] ?? '';
  expect(url).toMatch(/^http:\/\/mirror\.test\/api\//);
  return url.slice('http://mirror.test'.length);
}

async function pages<T>(path: string): Promise<T[][]> {
  const found: T[][] = [];
  for (let next: string | undefined = path; next; ) {
    const seen: Seen<T[]> = await get<T[]>(next);
    expect([next, seen.status]).toEqual([next, 200]);
    found.push(seen.body);
    next = nextOf(seen);
    if (found.length > 100) throw new Error('the pages do not end');
  }
  return found;
}

const TREE = '/api/models/acme/many/tree/main';

describe('a tree', () => {
  it('is one page where no limit is given, because some clients read no second one', async () => {
    const [page, ...more] = await pages<Entry>(`${TREE}?recursive=true`);
    expect(page).toHaveLength(2500 + 51);
    expect(more).toEqual([]);
  });

  it.each([
    ['?recursive=true', 1000],
    ['?recursive=true&expand=true', 700],
    ['/data?recursive=false', 7],
    ['/data/07?recursive=true', 50],
  ])('at %s is the same in pages of %i, each entry once', async (query, limit) => {
    const [whole = []] = await pages<Entry>(TREE + query);
    const parts = await pages<Entry>(`${TREE + query}&limit=${limit}`);
    expect(parts.flat()).toEqual(whole);
    expect(parts.slice(0, -1).every((part) => part.length === limit)).toBe(true);
    expect(parts).toHaveLength(Math.ceil(whole.length / limit));
  });

  it('leads to the next page by commit, so that a branch that moves mixes no listings', async () => {
    const next = nextOf(await get(`${TREE}/data?limit=1`));
    expect(next).toContain(`/tree/${commitOf('b')}/data?`);
  });

  it('refuses a cursor that belongs to another listing, or to none', async () => {
    const cursorOf = (next: string | undefined) => new URL(next ?? '', 'http://x').searchParams.get('cursor') ?? '';
    const own = cursorOf(nextOf(await get(`${TREE}/data?recursive=true&limit=5`)));
    expect((await get(`${TREE}/data?recursive=true&limit=3&cursor=${own}`)).status).toBe(200);
    const asked = [
      `/api/models/acme/many/tree/main/data/07?recursive=true&cursor=${own}`,
      `${TREE}/data?cursor=${own}`,
      `/api/models/org/name/tree/main?recursive=true&cursor=${own}`,
      ...['', 'x', '%00', 'W10', 'bnVsbA', own.slice(1), `${own}A`, 'A'.repeat(5000)].map(
        (cursor) => `${TREE}/data?recursive=true&cursor=${cursor}`,
      ),
    ];
    for (const path of asked) {
      const seen = await get<{ error: string }>(path);
      expect([path, seen.status]).toEqual([path, 400]);
      expect(seen.body.error).toMatch(/^\[airlock\] .*cursor/);
    }
  });

  it.each(['0', '-1', '1.5', 'x', '1e3', '', ' ', '9'.repeat(40)])('refuses the limit %j', async (limit) => {
    expect((await get(`${TREE}?limit=${encodeURIComponent(limit)}`)).status).toBe(400);
  });

  it('says with expand which commit and which verdict each entry has', async () => {
    const { body } = await get('/api/models/org/name/tree/main?recursive=true&expand=true');
    const commit = { id: commitOf('a'), title: 'Approved by policy', date: '2026-11-21T10:00:00.000Z' };
    expect(body.every(({ lastCommit }) => JSON.stringify(lastCommit) === JSON.stringify(commit))).toBe(true);
    const security = Object.fromEntries(body.map(({ path, securityFileStatus }) => [path, securityFileStatus]));
    expect(security['sub/model.py']).toEqual({ status: 'suspicious', avScan: null, pickleImportScan: null });
    expect(security['README.md']).toEqual({ status: 'safe', avScan: null, pickleImportScan: null });
    expect(security.sub).toBeUndefined();
    const plain = await get('/api/models/org/name/tree/main?recursive=true&expand=false');
    expect(plain.body.some((entry) => 'lastCommit' in entry || 'securityFileStatus' in entry)).toBe(false);
  });

  it.each([
    ['JSON', { 'content-type': 'application/json' }, '{"paths":["sub/model.py","sub"],"expand":true}'],
    ['a form', { 'content-type': 'application/x-www-form-urlencoded' }, 'paths=sub%2Fmodel.py&paths=sub&expand=True'],
  ])('paths-info says the same, asked with %s', async (_, headers, body) => {
    const path = '/api/models/org/name/paths-info/main';
    const seen = await get(path, { method: 'POST', headers, body });
    const tree = await get('/api/models/org/name/tree/main?recursive=true&expand=true');
    const byPath = (wanted: string) => tree.body.find((entry) => entry.path === wanted);
    expect(seen.body).toEqual([byPath('sub/model.py'), byPath('sub')]);
    const plain = await get(path, { method: 'POST', headers, body: body.replace(/true/i, 'false') });
    expect(plain.body.some((entry) => 'lastCommit' in entry)).toBe(false);
  });
});

describe('model_info', () => {
  it('names the files that a scan found something in, when it is asked for them', async () => {
    type Info = { securityRepoStatus?: object };
    const path = '/api/models/org/name';
    const status = { scansDone: true, filesWithIssues: [{ path: 'sub/model.py', level: 'suspicious' }] };
    for (const query of ['?securityStatus=true', '?securityStatus=True&blobs=True', '?expand=securityRepoStatus'])
      expect((await get<Info>(path + query)).body.securityRepoStatus).toEqual(status);
    expect((await get<Info>(path)).body).not.toHaveProperty('securityRepoStatus');
    expect((await get<Info>('/api/models/acme/many?securityStatus=true')).body.securityRepoStatus).toEqual({
      scansDone: true,
      filesWithIssues: [],
    });
  });

  it.each(['?expand=sha&expand=siblings', '?expand[]=sha&expand[]=siblings', '?expand=siblings,sha,gitalyUid'])(
    'takes %s',
    async (query) => {
      const { body } = await get<object>(`/api/models/org/name/revision/main${query}`);
      expect(Object.keys(body).sort()).toEqual(['_id', 'id', 'sha', 'siblings']);
    },
  );

  it('has dates that every client reads', async () => {
    const { body } = await get<Record<string, string>>('/api/models/org/name');
    // Upstream said 2025-01-02T03:04:05Z.
    expect(body.createdAt).toBe('2025-01-02T03:04:05.000Z');
  });
});

describe('the commits of a repo', () => {
  const repo = model('org/history');
  const path = '/api/models/org/history/commits/main';

  beforeAll(async () => {
    for (const digit of ['1', '2', '3', '4', '5']) await publish(house, repo, commitOf(digit));
    expect(await house.journal.append(repo, { type: 'revocation', commit: commitOf('2') }, ann, () => true)).toBe(true);
  });

  it('are those that are approved, newest first', async () => {
    const seen = await get<{ id: string; authors: unknown[]; title: string; message: string; date: string }[]>(path);
    expect(seen.body.map(({ id }) => id[0]).join('')).toBe('5431');
    expect(seen.headers.get('x-total-count')).toBe('4');
    expect(nextOf(seen)).toBeUndefined();
    expect(seen.body[0]).toMatchObject({ title: 'Approved by policy', message: '', authors: [] });
  });

  it('come in pages', async () => {
    const parts = await pages<{ id: string }>(`${path}?limit=3`);
    expect(parts.map((part) => part.map(({ id }) => id[0]).join(''))).toEqual(['543', '1']);
    expect((await get(`${path}?limit=1`)).headers.get('x-total-count')).toBe('4');
    expect((await get(`${path}?limit=2&p=1`)).body.map(({ id }) => (id as string)[0])).toEqual(['3', '1']);
    expect((await get(`${path}?p=7`)).body).toEqual([]);
    for (const query of ['limit=0', 'limit=x', 'p=-1', 'p=x']) expect((await get(`${path}?${query}`)).status).toBe(400);
  });
});

describe('auth-check', () => {
  const statusOf = async (path: string, method = 'GET') => (await send(house, path, { method })).status;

  it('says yes to reading what is approved, and no to writing', async () => {
    for (const method of ['GET', 'HEAD']) {
      expect(await statusOf('/api/models/org/name/auth-check', method)).toBe(200);
      expect(await statusOf('/api/models/org/name/auth-check/write', method)).toBe(403);
    }
    expect(await statusOf('/api/models/org/nothing/auth-check')).toBe(404);
    expect(await statusOf('/api/models/org/name/auth-check/other')).toBe(404);
  });
});

describe('whatever is in the query', () => {
  it('there is no 5xx', async () => {
    const name = fc.constantFrom(
      ...['blobs', 'securityStatus', 'expand', 'expand[]', 'recursive', 'limit', 'cursor', 'p', '__proto__', 'x[]'],
    );
    const value = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(
        'true',
        '1',
        '0',
        '',
        '%',
        '%00',
        '%ff',
        '%zz',
        'siblings',
        'sha,,id',
        '\u0000',
        '__proto__',
        '&',
      ),
    );
    const query = fc.array(fc.tuple(name, value, fc.boolean()), { maxLength: 6 });
    const route = fc.constantFrom('', '/revision/main', '/tree/main', '/tree/main/sub', '/commits/main', '/auth-check');
    await fc.assert(
      fc.asyncProperty(route, query, fc.constantFrom('GET', 'HEAD'), async (path, parts, method) => {
        const text = parts.map(
          ([key, one, raw]) => `${key}=${raw ? one.replace(/[#\s]/g, '') : encodeURIComponent(one.toWellFormed())}`,
        );
        const { status } = await send(house, `/api/models/org/name${path}?${text.join('&')}`, { method });
        expect([200, 400, 404]).toContain(status);
      }),
      { numRuns: 200 },
    );
  });
});
