// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ledgerOf } from '#src/main/audit.ts';
import { append, commitOf, model } from '#test/catalog/drafts.ts';
import { publishFiles } from '#test/hub/published.ts';
import { ADMIN_TOKEN, type House, openHouse, post, send } from '#test/support/house.ts';
import { useTemp } from '#test/support/temp.ts';
import { listOf } from './rooms.ts';

const temp = useTemp();
const repo = model('org/searched');
const commit = commitOf('b');
let folder: string;
let house: House;
let token: { id: string; token: string };
beforeAll(async () => {
  folder = await temp('ledger');
  house = await openHouse({ folder, upstream: 'http://127.0.0.1:9' });
  await publishFiles(house, repo, { commit, files: { 'config.json': '{}', 'model.safetensors': 'weights' } });
  token = (await post(house, 'tokens', { name: 'ci', owner: 'ann@example.org', by: 'root' })).body as typeof token;
  const headers = { authorization: `Bearer ${token.token}` };
  for (const name of ['config.json', 'model.safetensors'])
    await send(house, `/org/searched/resolve/main/${name}`, { headers });
  await append(house, model('org/other'), 'rejection', commitOf('c'));
  await post(house, 'revoke', { repo: repo.id, revision: commit, by: 'bob', reason: 'it steals' });
  await house.audit.stop();
});
afterAll(() => house.close());

interface Page {
  readonly events: { type: string; record: string; path: string | null; owner: string; details: object }[];
  readonly next: string | null;
}

async function search(query: Record<string, string> = {}, at: House = house): Promise<Page> {
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
  const answer = await send(at, `/api/airlock/audit/events?${new URLSearchParams(query)}`, { headers });
  expect(answer.status).toBe(200);
  return (await answer.json()) as Page;
}

const types = ({ events }: Page) => events.map(({ type }) => type);

describe('a search', () => {
  it('finds acts, decisions and accesses of a repo, the newest first', async () => {
    const found = types(await search({ repo: repo.id }));
    expect(found.sort()).toEqual(['access', 'access', 'act', 'pin', 'release', 'revocation']);
  });

  it('finds by the token, its owner, and whoever decided', async () => {
    expect(types(await search({ who: token.id }))).toEqual(['access', 'access']);
    expect(types(await search({ who: 'ann@example.org' }))).toEqual(['access', 'access']);
    expect(types(await search({ who: 'bob' }))).toEqual(['revocation']);
    expect((await search({ type: 'access', who: token.id })).events[0]).toMatchObject({
      ...{ owner: 'ann@example.org', path: 'model.safetensors', kind: 'models', repo: repo.id, commit },
      details: { whole: 1, part: 0, bytes: 7 },
      record: expect.stringMatching(/^audit\/accesses\/[0-9a-f]{16}\/000000001\.json$/),
    });
  });

  it('finds by time: what reaches into it', async () => {
    const all = (await search({ limit: '1000' })).events as unknown as { at: string; last: string }[];
    const middle = all[Math.floor(all.length / 2)]?.at ?? '';
    const since = (await search({ since: middle, limit: '1000' })).events;
    const until = (await search({ until: middle, limit: '1000' })).events;
    expect(since.length).toBe(all.filter(({ last }) => last >= middle).length);
    expect(until.length).toBe(all.filter(({ at }) => at < middle).length);
  });

  it.each(['newest', 'oldest'])('in pages, %s first, has every event once', async (order) => {
    const whole = await search({ order, limit: '1000' });
    const paged: Page['events'] = [];
    let cursor: string | null = null;
    do {
      const page: Page = await search({ order, limit: '2', ...(cursor ? { cursor } : {}) });
      paged.push(...page.events);
      cursor = page.next;
    } while (cursor);
    expect(paged).toEqual(whole.events);
    expect(paged.length).toBeGreaterThan(6);
  });

  it.each([
    { since: 'soon' },
    { cursor: 'x' },
    { cursor: Buffer.from('["a",1]').toString('base64url') },
    { limit: '0' },
    { repo: '../etc' },
    { commit: 'main' },
    { order: 'worst' },
    { unknown: '1' },
  ])('with %j is a 400', async (query) => {
    const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
    const path = `/api/airlock/audit/events?${new URLSearchParams(query as Record<string, string>)}`;
    expect((await send(house, path, { headers })).status).toBe(400);
  });

  it('of a new index finds the same, read from the store', async () => {
    const before = await search({ limit: '1000', order: 'oldest' });
    const fresh = await openHouse({ folder, upstream: 'http://127.0.0.1:9', indexFile: join(folder, 'new.sqlite') });
    expect(await search({ limit: '1000', order: 'oldest' }, fresh)).toEqual(before);
    await fresh.index.close();
  });

  it('of an edited index is right again after a rebuild', async () => {
    const before = await search({ limit: '1000', order: 'oldest' });
    const database = new DatabaseSync(house.indexFile);
    database.exec(`delete from "auditEvents" where "type" = 'access'`);
    database.exec(`update "auditEvents" set "owner" = 'nobody'`);
    database.close();
    expect(await search({ limit: '1000', order: 'oldest' })).not.toEqual(before);
    expect((await post(house, 'audit/rebuild', {})).status).toBe(200);
    const after = (await search({ limit: '1000', order: 'oldest' })).events;
    expect(after.slice(0, -1)).toEqual(before.events);
    expect(after.at(-1)).toMatchObject({
      type: 'act',
      details: expect.objectContaining({ action: 'POST /audit/rebuild' }),
    });
  });
});

describe('who was served a file', () => {
  it('is found by commit, and by digest in whatever repo', async () => {
    const { ledger } = ledgerOf(house.records, house.index, house.ring);
    const paths = async (query: Parameters<typeof ledger.accessesOf>[0]) =>
      (await listOf(ledger.accessesOf(query))).map(({ path, owner }) => `${path} ${owner}`);
    expect(await paths({ repo, commit })).toEqual(['config.json ann@example.org', 'model.safetensors ann@example.org']);
    const [first] = await listOf(ledger.accessesOf({ repo }));
    expect(await paths({ sha256s: first?.sha256 ? [first.sha256] : [] })).toEqual(['config.json ann@example.org']);
    expect(await paths({ sha256s: [] })).toEqual([]);
  });
});
