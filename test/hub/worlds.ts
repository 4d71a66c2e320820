// SPDX-License-Identifier: Apache-2.0
import { afterAll, expect } from 'vitest';
import type { HubRepo } from '#test/fake-hub/repo.ts';
import { addDataset, addHeld, addHostile, addLicensed, addMixed, addOddNames, addTiny } from '#test/fake-hub/repos.ts';
import { type FakeHub, startFakeHub } from '#test/fake-hub/server.ts';
import { type House, openHouse, post, send } from '#test/support/house.ts';

/** A hub and a mirror in front of it, in a state that scripts and properties begin in. */
export interface HubWorld {
  readonly hub: FakeHub;
  readonly house: House;
}

type MakeWorld = (hub: FakeHub, folder: string) => Promise<House>;

/** What a script may name as `@world`. Nothing a case asks for may change what another one sees. */
const WORLDS: Readonly<Record<string, MakeWorld>> = { ordinary, impatient, alone, untouched };

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
    return { hub, house: await world(hub, await temp(name)) };
  }
  return (name, copy = '') => {
    const world = made.get(name + copy) ?? make(name);
    made.set(name + copy, world);
    return world;
  };
}

/** Approved repos of several kinds, and one repo for each way to be refused. */
async function ordinary(hub: FakeHub, folder: string, tries = 2): Promise<House> {
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
  return house;
}

/** Nobody is held, and upstream takes its time with the listing of `acme/slow`. */
async function impatient(hub: FakeHub, folder: string): Promise<House> {
  addTiny(hub, 'acme/slow');
  hub.faults.add({ fault: 'latency', ms: 60_000, repo: 'acme/slow', class: 'tree' });
  const intake = { holdApiSeconds: 0, holdResolveSeconds: 0, holdLlamaCppSeconds: 0 };
  return openHouse({ folder, upstream: hub.url, config: { intake } });
}

/** What was approved and refused while upstream was there; now it is gone. */
async function alone(hub: FakeHub, folder: string): Promise<House> {
  const house = await ordinary(hub, folder, 1);
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

const APPROVED = ['acme/tiny', 'acme/mixed', 'acme/odd', 'datasets/acme/tiny-data'];

function addApproved(hub: FakeHub): void {
  addTiny(hub);
  withMoreRefs(addTiny(hub, 'acme/many-refs'));
  addMixed(hub);
  addOddNames(hub);
  withMoreRefs(addDataset(hub));
}

function addRefused(hub: FakeHub): void {
  // Each with a file of its own, so that it shares no commit with another.
  for (const id of ['acme/revoked', 'acme/rejected', 'forbidden/tiny', 'acme/private', 'acme/gated'])
    addTiny(hub, id).move('main', { 'name.txt': `${id}\n` });
  hub.repo('acme/private').private = true;
  hub.repo('acme/gated').gated = 'manual';
  addHostile(hub);
  addHeld(hub);
  addLicensed(hub, undefined, 'acme/no-license');
  addLicensed(hub, 'cc-by-nc-4.0', 'acme/nc');
}

/** A branch with a slash, a converted one. Each has a commit of its own. */
function withMoreRefs(repo: HubRepo): void {
  const { files } = repo.head();
  const copy = (readme: string) => ({
    ...Object.fromEntries([...files.values()].map(({ path, content }) => [path, content])),
    'notes.txt': readme,
  });
  repo.commit(copy('of a branch\n'), 'feature/x');
  repo.commit(copy('converted\n'), 'refs/convert/parquet');
  repo.commit(copy('of a pull request\n'), 'refs/pr/2');
}

async function bringIn(house: House, hub: FakeHub, names: readonly string[]): Promise<void> {
  for (const name of names) {
    const path = name.startsWith('datasets/') ? name : `models/${name}`;
    const answer = await send(house, `/api/${path}`);
    expect([path, answer.status]).toEqual([path, 200]);
  }
  expect(hub.stats.requests).toBeGreaterThan(0);
}
