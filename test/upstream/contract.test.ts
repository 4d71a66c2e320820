// SPDX-License-Identifier: Apache-2.0
import { describe } from 'vitest';
import { REPO_KINDS } from '#src/domain/repo.ts';
import { boundedUpstream } from '#src/upstream/bounded.ts';
import type { Upstream } from '#src/upstream/upstream.ts';
import { createUpstreams } from '#src/upstream/upstreams.ts';
import { startFakeHub } from '#test/fake-hub/server.ts';
import { clientOf } from './client.ts';
import { testUpstream, type World } from './upstream-contract.ts';

/** The same hub behind each of the layers that are around its client. */
function worldWith(layer: (upstream: Upstream) => Upstream): () => Promise<World> {
  return async () => {
    const hub = await startFakeHub();
    return {
      upstream: layer(clientOf(hub.url)),
      put: async (files) => void hub.repo('acme/tiny').commit(files),
      remove: async () => hub.delete('acme/tiny'),
      stop: () => hub.stop(),
    };
  };
}

const rest = { match: ['*'], kinds: REPO_KINDS, trust: 'foreign', next: false } as const;

describe('the client of a hub', () => testUpstream(worldWith((upstream) => upstream)));
describe('in bounds', () =>
  testUpstream(worldWith((upstream) => boundedUpstream(upstream, { clock: { now: () => new Date() } }))));
describe('one of several', () =>
  testUpstream(worldWith((upstream) => createUpstreams([{ name: 'hub', ...rest, upstream }]))));
