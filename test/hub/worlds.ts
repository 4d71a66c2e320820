// SPDX-License-Identifier: Apache-2.0
import { afterAll, expect } from 'vitest';
import { REPO_KINDS } from '#src/domain/repo.ts';
import { addDataset, addHostile, addTiny } from '#test/fake-hub/repos.ts';
import { type FakeHub, startFakeHub } from '#test/fake-hub/server.ts';
import { type House, openHouse, post, send } from '#test/support/house.ts';
import { until } from '#test/support/until.ts';
import { APPROVED, addApproved, addRefused } from './world-repos.ts';

/** A hub and a mirror in front of it, in a state that scripts and properties begin in. */
export interface HubWorld {
  readonly hub: FakeHub;
  readonly house: House;
  /** What scripts of this world may say in braces, beside the words of script-words.ts. */
  readonly words: Readonly<Record<string, string>>;
}

type Words = Record<string, string>;
type MakeWorld = (hub: FakeHub, folder: string, words: Words) => Promise<House>;

/** What a script may name as `@world`. Nothing a case asks for may change what another one sees. */
const WORLDS: Readonly<Record<string, MakeWorld>> = { ordinary, impatient, alone, untouched, closed, below, choosy };

/** Called at the top of a test file: worlds by name, each made when it is first asked for; `copy` makes another one. */
export function useHubWorlds(
  temp: (name: string) => Promise<string>,
): (name: string, copy?: string) => Promise<HubWorld> {
  const made = new Map<string, Promise<HubWorld>>();
  afterAll(async () => {
    for (const { hub, house } of await Promise.all(made.values())) {
      await house.close();
      await hub.stop();
      expect(hub.stats.violations).toEqual([]);
    }
  });
  async function make(name: string): Promise<HubWorld> {
    const world = Object.hasOwn(WORLDS, name) ? WORLDS[name] : undefined;
    if (!world) throw new Error(`There is no world "${name}": ${Object.keys(WORLDS).join(', ')}`);
    const hub = await startFakeHub();
    const words: Words = {};
    const house = await world(hub, await temp(name), words);
    return { hub, house, words: { publicUrl: house.origin.publicUrl ?? '', ...words } };
  }
  return (name, copy = '') => {
    const world = made.get(name + copy) ?? make(name);
    made.set(name + copy, world);
    return world;
  };
}

/** Approved repos of several kinds, and one repo for each way to be refused. */
async function ordinary(hub: FakeHub, folder: string, _: Words, tries = 2): Promise<House> {
  addApproved(hub);
  addRefused(hub);
  const house = await openHouse({
    ...{ folder, upstream: hub.url },
    config: {
      upstream: { url: hub.url, tries },
      sources: [
        { match: 'forbidden/*', mode: 'deny' },
        { match: '*', mode: 'auto' },
      ],
    },
  });
  await bringIn(house, hub, APPROVED);
  const ann = { by: 'ann', reason: 'its author asked for it' };
  await bringIn(house, hub, ['acme/revoked']);
  expect(await post(house, 'revoke', { repo: 'acme/revoked', ...ann })).toMatchObject({ status: 200 });
  const revision = hub.repo('acme/rejected').head().id;
  expect(await post(house, 'reject', { repo: 'acme/rejected', revision, ...ann })).toMatchObject({ status: 200 });
  for (const kind of REPO_KINDS)
    await until('the list is complete', async () => !(await send(house, `/api/${kind}`)).headers.has('x-hf-warning'));
  return house;
}

/** Nobody is held. Upstream takes its time: with the files of `acme/slow`, and with the first word of `acme/silent`. */
async function impatient(hub: FakeHub, folder: string): Promise<House> {
  const { id } = addTiny(hub, 'acme/slow').head();
  addTiny(hub, 'acme/silent');
  hub.faults.add({ fault: 'latency', ms: 60_000, repo: 'acme/slow', class: 'cdn' });
  hub.faults.add({ fault: 'latency', ms: 60_000, repo: 'acme/silent', class: 'info' });
  const intake = { holdApiSeconds: 0, holdResolveSeconds: 0, holdLlamaCppSeconds: 0 };
  const house = await openHouse({ folder, upstream: hub.url, config: { intake } });
  const saysHowFar = async (revision: string) =>
    /fetched/.test(await (await send(house, `/api/models/acme/slow/revision/${revision}`)).text());
  for (const revision of ['main', id]) await until('upstream has named the commit', () => saysHowFar(revision));
  return house;
}

/** What was approved and refused while upstream was there; now it is gone. */
async function alone(hub: FakeHub, folder: string, words: Words): Promise<House> {
  const house = await ordinary(hub, folder, words, 1);
  for (const id of ['acme/hostile', 'acme/held', 'acme/rejected'])
    expect((await send(house, `/api/models/${id}`)).status).toBe(403);
  await hub.goAway();
  return house;
}

/** A model and a dataset that nobody has asked for. */
async function untouched(hub: FakeHub, folder: string): Promise<House> {
  const more = { 'tokenizer_config.json': '{"tokenizer_class": "PreTrainedTokenizerFast", "unk_token": "[UNK]"}\n' };
  const repo = addTiny(hub);
  repo.move('main', more);
  addDataset(hub, 'acme/tinydata');
  return openHouse({ folder, upstream: hub.url });
}

/** A mirror for readers with a token: `{token}`, and one each that is revoked and expired. */
async function closed(hub: FakeHub, folder: string, words: Words): Promise<House> {
  addTiny(hub);
  const house = await openHouse({ folder, upstream: hub.url, config: { access: { anonymous: false } } });
  const issue = (name: string) => house.tokens.issue({ name, owner: 'ann', by: 'root', days: 1 });
  const [revoked, expired] = [await issue('lost'), await issue('old')];
  await house.tokens.revoke(revoked.info.id, 'root');
  house.clock.advance(2 * 24 * 3600);
  const live = await issue('laptop');
  Object.assign(words, { token: live.token, revokedToken: revoked.token, expiredToken: expired.token });
  const headers = { authorization: `Bearer ${live.token}` };
  expect((await send(house, '/api/models/acme/tiny', { headers })).status).toBe(200);
  return house;
}

/** The endpoint under a path of its host. */
async function below(hub: FakeHub, folder: string): Promise<House> {
  addTiny(hub);
  addHostile(hub);
  const house = await openHouse({ folder, upstream: hub.url, config: { publicUrl: 'https://host.example/airlock' } });
  await bringIn(house, hub, ['acme/tiny']);
  return house;
}

/** Sources of every kind; `acme/old` was brought in before its source was closed. */
async function choosy(hub: FakeHub, folder: string): Promise<House> {
  for (const id of ['acme/old', 'looked-at/tiny', 'closed/tiny', 'part/tiny', 'unknown/tiny', 'asked/tiny'])
    addTiny(hub, id);
  const before = await openHouse({ folder, upstream: hub.url });
  await bringIn(before, hub, ['acme/old']);
  await before.close();
  const sources = [
    { match: 'acme/*', mode: 'deny', reason: 'the contract has ended' },
    { match: 'closed/*', mode: 'deny' },
    { match: 'looked-at/*', mode: 'review' },
    { match: 'asked/*', mode: 'request', reason: 'say what it is for' },
    { match: 'part/*', mode: 'auto', include: ['*.json', '*.md'], exclude: ['tokenizer*'] },
  ];
  return openHouse({ folder, upstream: hub.url, config: { sources } });
}

async function bringIn(house: House, hub: FakeHub, names: readonly string[]): Promise<void> {
  const asked = names.map(async (name) => {
    const path = /^(?:datasets|spaces|kernels)\//.test(name) ? name : `models/${name}`;
    const answer = await send(house, `/api/${path}`);
    expect([path, answer.status, await answer.text()]).toMatchObject([path, 200, expect.any(String)]);
  });
  await Promise.all(asked);
  expect(hub.stats.requests).toBeGreaterThan(0);
}
