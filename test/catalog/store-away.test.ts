// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createJournal, type Journal } from '#src/catalog/journal.ts';
import { journalKey } from '#src/catalog/keys.ts';
import { createRulings } from '#src/catalog/rulings.ts';
import { AirlockError } from '#src/domain/errors.ts';
import type { Repo } from '#src/domain/repo.ts';
import { type Index, openIndex } from '#src/index/index.ts';
import type { RecordStore } from '#src/store/record-store.ts';
import { publishFiles } from '#test/hub/published.ts';
import { type House, openHouse, send, TestClock } from '#test/support/house.ts';
import { useTemp } from '#test/support/temp.ts';
import { until } from '#test/support/until.ts';
import { ann, append, commitOf, model } from './drafts.ts';

const temp = useTemp();
const houses: House[] = [];
const closing: (() => Promise<void>)[] = [];
afterAll(async () => {
  for (const close of closing) await close();
  for (const house of houses) await house.close();
});

const A = commitOf('a');
const REFRESH = 5;
const MAX_STALE = 60;

/** Another process on a house's store, by a line that can be cut. */
async function replica() {
  const folder = await temp('away');
  const house = await openHouse({ folder, upstream: 'http://127.0.0.1:9' });
  houses.push(house);
  const onGet = (_key: string): void => undefined;
  const line = { broken: false, hangs: false, deaf: false, gets: 0, onGet, onCreate: (): void => undefined };
  const get: RecordStore['get'] = async (key) => {
    line.gets++;
    line.onGet(key);
    if (line.hangs) await new Promise(() => undefined);
    if (line.broken) throw new AirlockError('store-unavailable', 'the store is away');
    return house.records.get(key);
  };
  const records: RecordStore = {
    get,
    create: async (...args) => {
      const created = await house.records.create(...args);
      line.onCreate();
      return created;
    },
    replace: (...args) => house.records.replace(...args),
    list: (prefix) => house.records.list(prefix),
    remove: (key) => house.records.remove(key),
  };
  const { signers, keys } = house.ring;
  const clock = new TestClock();
  // An index of its own: what the house has told its own one, this process has not.
  const index = await openIndex(join(folder, 'replica.sqlite'));
  closing.push(() => index.close());
  const heads: Index['heads'] = {
    ...index.heads,
    advance: async (...args) => {
      if (line.deaf) throw new AirlockError('store-unavailable', 'the index is away');
      return index.heads.advance(...args);
    },
  };
  const options = {
    records,
    index: { heads },
    signers,
    keys,
    clock,
    refreshSeconds: REFRESH,
    maxStaleSeconds: MAX_STALE,
  };
  return {
    house,
    line,
    clock,
    journal: createJournal({ ...options, cachedRepos: 100 }),
    rulings: createRulings(options),
  };
}

async function statusOf(journal: Journal, repo: Repo): Promise<string | undefined> {
  return (await journal.state(repo)).commits.get(A)?.status;
}
const away = { code: 'store-unavailable' };

describe('while the store is away', () => {
  it('what was decided counts for so long, and is refused then, until the store is back', async () => {
    const { house, line, clock, journal } = await replica();
    const repo = model('away/known');
    await append(house, repo, 'rejection', A);
    expect(await statusOf(journal, repo)).toBe('rejected');
    line.broken = true;
    for (const seconds of [REFRESH, MAX_STALE - REFRESH - 2]) {
      clock.advance(seconds);
      expect(await statusOf(journal, repo)).toBe('rejected');
    }
    clock.advance(3);
    await expect(journal.state(repo)).rejects.toMatchObject(away);
    line.broken = false;
    await append(house, repo, 'approval', A);
    await until('it is seen', async () => (await journal.state(repo).catch(() => undefined))?.seq === 2);
  });

  it('a no that was written, and could not be read back, is in force where it was written', async () => {
    const { line, clock, journal, rulings } = await replica();
    const repo = model('away/written');
    await journal.append(repo, { type: 'approval', commit: A, accepts: [] }, ann, () => true);
    const ruling = { type: 'revocation', scope: { type: 'repo', repo } } as const;
    expect((await rulings.state()).seq).toBe(0);
    line.onCreate = () => {
      line.broken = true;
    };
    expect(await journal.append(repo, { type: 'rejection', commit: A }, ann, () => true)).toBe(true);
    line.broken = false;
    expect(await rulings.append(ruling, ann, () => true)).toBe(1);
    expect(line.broken).toBe(true);
    for (const seconds of [0, REFRESH, MAX_STALE - REFRESH - 2]) {
      clock.advance(seconds);
      expect(await statusOf(journal, repo)).toBe('rejected');
      expect([...(await rulings.state()).standing.keys()]).toEqual([1]);
    }
  });

  it('a no that was read counts, although the index can not be told how far it went', async () => {
    const { house, line, clock, journal } = await replica();
    const repo = model('away/untold');
    await append(house, repo, 'approval', A);
    expect(await statusOf(journal, repo)).toBe('open');
    await append(house, repo, 'rejection', A);
    line.deaf = true;
    clock.advance(REFRESH);
    await journal.state(repo).catch(() => undefined);
    expect(await statusOf(journal, repo)).toBe('rejected');
  });

  it('what nobody asked for before is refused', async () => {
    const { line, journal } = await replica();
    line.broken = true;
    await expect(journal.state(model('away/new'))).rejects.toMatchObject(away);
    line.broken = false;
    await until(
      'it answers again',
      async () => (await journal.state(model('away/new')).catch(() => undefined)) !== undefined,
    );
  });

  it('nothing is decided', async () => {
    const { house, line, journal } = await replica();
    const repo = model('away/deciding');
    await append(house, repo, 'rejection', A);
    await journal.state(repo);
    line.broken = true;
    const approval = { type: 'approval' as const, commit: A, accepts: [] };
    await expect(journal.append(repo, approval, ann, () => true)).rejects.toMatchObject(away);
  });

  it('rulings count for as long', async () => {
    const { line, clock, rulings } = await replica();
    await rulings.state();
    line.broken = true;
    clock.advance(REFRESH);
    expect((await rulings.state()).seq).toBe(0);
    clock.advance(MAX_STALE);
    await expect(rulings.state()).rejects.toMatchObject(away);
  });

  it('a no that was read before the store went away counts', async () => {
    const { house, line, clock, journal } = await replica();
    const repo = model('away/halfway');
    await append(house, repo, 'approval', A);
    expect(await statusOf(journal, repo)).toBe('open');
    await append(house, repo, 'rejection', A);
    clock.advance(REFRESH);
    line.onGet = (key) => {
      if (key === journalKey(repo, 3)) line.broken = true;
    };
    expect(await statusOf(journal, repo)).toBe('rejected');
  });

  it('what did not verify before is not borne', async () => {
    const { house, line, clock, journal } = await replica();
    const repo = model('away/invalid');
    await append(house, repo, 'approval', A);
    await journal.state(repo);
    await house.records.create(journalKey(repo, 2), Buffer.from('{}'));
    clock.advance(REFRESH);
    await expect(journal.state(repo)).rejects.toMatchObject({ code: 'signature-invalid' });
    line.broken = true;
    await expect(journal.state(repo)).rejects.toMatchObject(away);
  });

  it('no request waits for its time-out, and one alone asks whether it is back', async () => {
    const { house, line, clock, journal } = await replica();
    const repos = Array.from({ length: 20 }, (_, i) => model(`away/hanging-${i}`));
    for (const repo of repos) {
      await append(house, repo, 'rejection', A);
      await journal.state(repo);
    }
    line.hangs = true;
    clock.advance(REFRESH);
    expect(await statusOf(journal, repos[0] as Repo)).toBe('rejected');
    const before = line.gets;
    for (let i = 0; i < 5; i++) for (const repo of repos) expect(await statusOf(journal, repo)).toBe('rejected');
    expect(line.gets - before).toBeLessThanOrEqual(1);
    clock.advance(MAX_STALE);
    await expect(journal.state(repos[1] as Repo)).rejects.toMatchObject(away);
  });
});

it('a mirror answers what it knows from memory, and says why it can not send bytes', async () => {
  const house = await openHouse({ folder: await temp('mirror'), upstream: 'http://127.0.0.1:9' });
  houses.push(house);
  const files = { 'config.json': '{"a": 1}' };
  await publishFiles(house, model('org/known'), { commit: A, files });
  const tree = () => send(house, '/api/models/org/known/tree/main');
  const file = () => send(house, '/org/known/resolve/main/config.json');
  expect([(await tree()).status, (await file()).status]).toEqual([200, 200]);
  const gone = () => Promise.reject(new AirlockError('store-unavailable', 'the store is away'));
  house.records.get = gone;
  house.blobs.size = gone;
  house.clock.advance(house.config.catalog.refreshSeconds);
  expect((await tree()).status).toBe(200);
  const refused = await file();
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '10']);
  expect(refused.headers.get('x-error-message')).toContain('can not reach its store');
  house.clock.advance(house.config.catalog.maxStaleSeconds);
  expect((await tree()).status).toBe(503);
  expect((await send(house, '/readyz')).status).toBe(503);
});
