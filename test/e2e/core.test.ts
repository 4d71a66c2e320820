// SPDX-License-Identifier: Apache-2.0
import { addBig, addTiny } from '#test/fake-hub/repos.ts';
import type { FakeHub } from '#test/fake-hub/server.ts';
import { useWorld } from '#test/support/world.ts';
import { type CoreHub, coreSuite } from './core-suite.ts';

const TINY = ['2.4', '0.36', 'gone', 'never-asked'];
const BIG = ['herd', 'cut', 'wrong'];
const tiny = (name: string) => `acme/tiny-${name.replace('.', '-')}`;

const world = useWorld({
  repos: (hub) => {
    for (const name of TINY) addTiny(hub, tiny(name));
    for (const name of BIG) addBig(hub, 24, `acme/big-${name}`);
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
    },
  };
}
