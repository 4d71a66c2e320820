// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AccessEvent } from '#src/attest/audit-record.ts';
import { sha256Of } from '#src/domain/digest.ts';
import type { Release, ReleaseFile } from '#src/domain/release.ts';
import { commitOf, model } from '#test/catalog/drafts.ts';
import { publishFiles } from '#test/hub/published.ts';
import { ADMIN_TOKEN, type House, openHouse, post, send } from '#test/support/house.ts';
import { useTemp } from '#test/support/temp.ts';
import { until } from '#test/support/until.ts';
import { type Desk, type DeskOptions, openDesk, recordsIn } from './rooms.ts';

const temp = useTemp();
const desks: Desk[] = [];
afterAll(async () => {
  for (const desk of desks) await desk.close();
});

async function desk(options: Partial<DeskOptions> = {}): Promise<Desk> {
  const opened = await openDesk({ store: await temp('store'), data: await temp('data'), ...options });
  desks.push(opened);
  return opened;
}

const file = (path: string) => ({ path, sha256: sha256Of(path), size: 10 }) as unknown as ReleaseFile;
const release = { repo: model('org/name'), commit: commitOf('a') } as unknown as Release;
const ann = { actor: { id: 't-ann', owner: 'ann' }, address: '192.0.2.1' };
const stranger = { actor: undefined, address: '192.0.2.9' };

async function counted({ records }: Pick<Desk, 'records'>): Promise<AccessEvent[]> {
  const events = (await records()).flatMap((record) => record.events);
  return events.filter((event) => event.type === 'access');
}

describe('what is counted', () => {
  it('is one sum for each token or address and file, with its first and last time', async () => {
    const one = await desk();
    const weights = file('model.safetensors');
    one.audit.served(ann, release, weights, 'asked', 0);
    one.audit.served(ann, release, weights, 'part', 4);
    one.audit.served(ann, release, weights, 'part', 6);
    one.audit.served(stranger, release, weights, 'whole', 10);
    one.audit.served(stranger, release, file('config.json'), 'issued', 10);
    await one.audit.stop();
    const sums = await counted(one);
    expect(sums).toHaveLength(3);
    expect(sums[0]).toMatchObject({
      ...{ actor: 't-ann', owner: 'ann', address: '192.0.2.1', path: 'model.safetensors' },
      ...{ whole: 0, part: 2, issued: 0, asked: 1, bytes: 10 },
    });
    expect(sums[0]?.at.localeCompare(sums[0]?.last)).toBe(-1);
    expect(sums[1]).toMatchObject({ actor: null, owner: null, address: '192.0.2.9', whole: 1, bytes: 10 });
    expect(sums[2]).toMatchObject({ path: 'config.json', issued: 1, whole: 0 });
  });

  it('is written by itself after so many seconds', async () => {
    const one = await desk({ writeSeconds: 1 });
    one.audit.served(ann, release, file('a'), 'whole', 1);
    await until('the record', async () => (await counted(one)).length === 1);
  });

  it('is written once, though the store did not say that it took it', async () => {
    const one = await desk({ writeSeconds: 1 });
    one.store.trouble = 'lost';
    one.audit.served(ann, release, file('a'), 'whole', 1);
    await until('the first try', () => one.store.created.length === 1);
    one.audit.served(ann, release, file('b'), 'whole', 1);
    await until('a warning', () => one.log.length > 0);
    one.store.trouble = 'none';
    await one.audit.stop();
    expect((await counted(one)).map(({ path }) => path)).toEqual(['a', 'b']);
  });

  it('waits for a store that is away, and none is lost', async () => {
    const one = await desk({ writeSeconds: 1 });
    one.store.trouble = 'away';
    one.audit.served(ann, release, file('a'), 'whole', 1);
    await until('a try in vain', () => one.log.length > 0);
    one.audit.served(ann, release, file('a'), 'whole', 1);
    one.store.trouble = 'none';
    await until('both', async () => (await counted(one)).length === 2);
  });

  it('is bounded: above it nothing is served, where counting is required', async () => {
    const one = await desk({ maxKept: 3 });
    for (const path of ['a', 'b', 'c']) one.audit.served(ann, release, file(path), 'whole', 1);
    const fourth = () => one.audit.served(ann, release, file('d'), 'whole', 1);
    expect(fourth).toThrow(expect.objectContaining({ code: 'audit-unavailable' }));
    one.audit.served(ann, release, file('d'), 'asked', 0);
    await one.audit.stop();
    expect(await counted(one)).toHaveLength(3);
    expect(fourth).not.toThrow();
  });

  it('is bounded: above it answers are not counted, and how many is written, where counting is not required', async () => {
    const one = await desk({ maxKept: 2, required: false });
    for (const path of ['a', 'b', 'c', 'd']) one.audit.served(ann, release, file(path), 'whole', 1);
    await one.audit.stop();
    const events = (await one.records()).flatMap((record) => record.events);
    expect(events.filter(({ type }) => type === 'uncounted')).toEqual([expect.objectContaining({ answers: 2 })]);
  });

  it('of a name that can not be signed does not hold up the rest', async () => {
    const one = await desk();
    one.audit.served({ actor: undefined, address: ' ' }, release, file('a'), 'whole', 1);
    one.audit.served({ actor: undefined, address: 'x'.repeat(5000) }, release, file('b'), 'whole', 1);
    await one.audit.stop();
    expect((await counted(one)).map(({ path, address }) => [path, address?.length ?? 0])).toEqual([
      ['a', 0],
      ['b', 200],
    ]);
  });

  it('of those that are turned away has a sum for each of a thousand addresses, and one for all others', async () => {
    const one = await desk();
    for (let i = 0; i < 1500; i++) one.audit.refused({ actor: undefined, address: `192.0.2.${i}` }, 401);
    one.audit.refused({ actor: undefined, address: '192.0.2.7' }, 401);
    await one.audit.stop();
    const events = (await one.records()).flatMap((record) => record.events);
    const refusals = events.filter((event) => event.type === 'refusal');
    expect(refusals).toHaveLength(1001);
    expect(refusals.find(({ address }) => address === '192.0.2.7')).toMatchObject({ status: 401, count: 2 });
    expect(refusals.find(({ address }) => address === null)).toMatchObject({ count: 500 });
  });
});

describe('a mirror', () => {
  let house: House;
  const repo = model('org/counted');
  const commit = commitOf('b');
  const url = '/org/counted/resolve/main/config.json';
  beforeAll(async () => {
    house = await openHouse({ folder: await temp('house'), upstream: 'http://127.0.0.1:9' });
    await publishFiles(house, repo, { commit, files: { 'config.json': '{"a": 1}' } });
  });
  afterAll(() => house.close());

  const events = async () => (await recordsIn(house.records, house.ring.keys)).flatMap((record) => record.events);

  it('counts whole files, parts and HEAD, and what a token was used for; and nobody else who asks', async () => {
    const made = await post(house, 'tokens', { name: 'ci', owner: 'ann', by: 'root' });
    const { id, token } = made.body as { id: string; token: string };
    const authorization = `Bearer ${token}`;
    for (const [method, headers] of [
      ['GET', {}],
      ['HEAD', {}],
      ['GET', { range: 'bytes=0-2' }],
      ['GET', { range: 'bytes=900-' }],
      ['GET', { authorization }],
    ] as const)
      await send(house, url, { method, headers });
    const first = await send(house, url);
    await send(house, url, { headers: { 'if-none-match': first.headers.get('etag') ?? '' } });
    await send(house, '/api/models/org/counted');
    await house.audit.stop();
    const sums = (await events()).filter((event) => event.type === 'access');
    expect(sums).toEqual([
      expect.objectContaining({ actor: null, whole: 2, part: 1, asked: 1, issued: 0, bytes: 8 + 8 + 3, repo, commit }),
      expect.objectContaining({ actor: id, owner: 'ann', whole: 1, part: 0, bytes: 8 }),
    ]);
    expect(JSON.stringify(await events())).not.toContain(token);
  });

  it('writes an act down before it happens, and says so when it came to nothing', async () => {
    await post(house, 'pin', { repo: repo.id, ref: 'main', commit: '9'.repeat(40), by: 'ann', reason: 'wrong' });
    const [act, failure] = (await events()).slice(-2);
    expect(act).toMatchObject({
      ...{ type: 'act', action: 'POST /pin', repo, commit: '9'.repeat(40) },
      details: { by: 'ann', reason: 'wrong' },
      actor: { via: 'bootstrap', roles: ['admin'] },
    });
    expect(failure).toMatchObject({ type: 'failure', act: (act as { id: string }).id });
    expect(JSON.stringify(await events())).not.toContain(ADMIN_TOKEN);
  });

  it('does nothing while acts can not be written down', async () => {
    const { create } = house.records;
    house.records.create = (key, bytes) =>
      key.startsWith('audit/') ? Promise.reject(new Error('full')) : create.call(house.records, key, bytes);
    const revoke = () => post(house, 'revoke', { repo: repo.id, revision: commit, by: 'ann', reason: 'bad' });
    const refused = await revoke();
    house.records.create = create;
    expect(refused).toMatchObject({ status: 503, body: { error: expect.stringContaining('Nothing was done') } });
    expect((await send(house, url)).status).toBe(200);
    expect((await revoke()).status).toBe(200);
  });

  it('counts those that it turns away', async () => {
    expect((await post(house, 'revoke', {}, 'not-the-token')).status).toBe(401);
    await house.audit.stop();
    expect(await events()).toContainEqual(expect.objectContaining({ type: 'refusal', status: 401, count: 1 }));
  });
});
