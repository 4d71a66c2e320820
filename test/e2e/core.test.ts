// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import { addBig, addTiny } from '#test/fake-hub/repos.ts';
import type { FakeHub } from '#test/fake-hub/server.ts';
import { call, HUB_VERSIONS, type Snapshot } from '#test/support/clients.ts';
import { asListing, listingOf } from '#test/support/listing.ts';
import { upstreamIsBack } from '#test/support/upstream-is-back.ts';
import { useWorld } from '#test/support/world.ts';
import { type CoreHub, coreSuite } from './core-suite.ts';

const TINY = [...HUB_VERSIONS, 'gone', 'never-asked'];
const BIG = ['herd', 'cut', 'wrong'];
const tiny = (name: string) => `acme/tiny-${name.replace('.', '-')}`;

const world = useWorld({
  repos: (hub) => {
    for (const name of TINY) addTiny(hub, tiny(name));
    for (const name of BIG) addBig(hub, 24, `acme/big-${name}`);
    addBig(hub, 8, 'acme/crowd');
  },
});

coreSuite({
  hub: () => coreHub(world.hub),
  mirror: () => world.mirror,
  person: (extra) => world.person(extra),
  tiny: (name) => ({ repo: tiny(name), fileInFolder: 'sub/notes.txt' }),
  big: (name) => `acme/big-${name}`,
  unknownRepo: 'acme/no-such-model',
});

it('twenty people with fresh machines get a cold model at once, for one copy from upstream', async () => {
  const people = Array.from({ length: 20 }, async (_, i) => {
    const version = HUB_VERSIONS[i % HUB_VERSIONS.length] ?? '2.4';
    return call<Snapshot>(version, 'snapshot', { repo_id: 'acme/crowd' }, await world.person());
  });
  const promised = await listingOf(world.hub.url, 'acme/crowd');
  for (const got of await Promise.all(people)) expect(asListing(got.files, promised)).toEqual(promised);
  for (const [path, file] of world.hub.repo('acme/crowd').head().files)
    expect(world.hub.stats.sent(`acme/crowd/${path}`), path).toBe(file.content.size);
});

function coreHub(hub: FakeHub): CoreHub {
  const path = 'model.safetensors';
  return {
    url: hub.url,
    requests: async () => hub.stats.requests,
    sent: async (repo) => hub.stats.sent(`${repo}/${path}`),
    cutAt: async (at) => hub.faults.add({ fault: 'cut', path, at }),
    wrongByte: async () => hub.faults.add({ fault: 'wrong-byte', path, at: 1_000_000 }),
    goAway: () => hub.goAway(),
    heal: async () => {
      hub.faults.clear();
      await hub.comeBack();
      await upstreamIsBack(world.mirror.url);
    },
  };
}
