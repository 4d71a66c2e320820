// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { type FakeHub, startFakeHub } from '#test/fake-hub/server.ts';
import type { ClientOptions } from './clients.ts';
import { type Mirror, type MirrorOptions, startMirror } from './mirror.ts';
import { useTemp } from './temp.ts';

/** A hub, a mirror in front of it, and people with fresh machines. */
export interface World {
  readonly hub: FakeHub;
  mirror: Mirror;
  /** A client on a new machine, that has nothing cached, pointed at the mirror. */
  person(extra?: Partial<ClientOptions>): Promise<ClientOptions>;
  temp(name: string): Promise<string>;
  /** The same data folder and address, a new process. */
  restart(changes?: Partial<MirrorOptions>): Promise<void>;
}

export type WorldOptions = Omit<Partial<MirrorOptions>, 'upstream' | 'dataDir'> & {
  readonly repos: (hub: FakeHub) => void | Promise<void>;
};

/**
 * Called at the top of a test file. Each file has its own hub and its own mirror. When the file is done, nothing that
 * no client of the live hub may do must have happened: a token at the CDN is a failure of every test file.
 */
export function useWorld({ repos, ...options }: WorldOptions): World {
  const temp = useTemp();
  const world = { temp } as { -readonly [K in keyof World]: World[K] };
  beforeAll(async () => {
    world.hub = await startFakeHub();
    await repos(world.hub);
    world.mirror = await startMirror({
      ...options,
      upstream: world.hub.url,
      dataDir: join(await temp('mirror'), 'data'),
    });
  });
  world.person = async (extra = {}) => ({ endpoint: world.mirror.url, home: await temp('home'), ...extra });
  world.restart = async (changes = {}) => {
    const { options: before, url } = world.mirror;
    await world.mirror.stop();
    world.mirror = await startMirror({ ...before, port: Number(new URL(url).port), ...changes });
  };
  afterAll(async () => {
    await world.mirror?.stop();
    await world.hub?.stop();
    expect(world.hub?.stats.violations).toEqual([]);
  });
  return world;
}
