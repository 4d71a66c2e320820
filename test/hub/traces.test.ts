// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { useTemp } from '#test/support/temp.ts';
import { readScripts, type Script } from './http-script.ts';
import { runCase } from './script-run.ts';
import { type HubWorld, useHubWorlds } from './worlds.ts';

/*
 * What real clients send, call by call in their order, with their headers; the requests of one case at once. A trace
 * begins in front of a mirror that has seen nothing, and is then played again.
 */

const traces = readScripts(join(import.meta.dirname, 'traces'), '.trace.txt');
const makeWorld = useHubWorlds(useTemp());

it('there are traces', () => {
  expect(traces.length).toBeGreaterThan(10);
});

describe.each(traces)('$name', (trace) => {
  it('is answered as it was, cold; and warm without upstream', async () => {
    const world = await makeWorld(trace.world, trace.name);
    await play(trace, world);
    // However many asked at once: each commit was listed once, each file fetched once.
    const fetched = world.hub.stats.log.map(({ method, url }) => `${method} ${url}`);
    expect(fetched.length).toBeGreaterThan(0);
    expect(fetched).toEqual([...new Set(fetched)]);
    world.hub.stats.reset();
    await play(trace, world);
    expect(world.hub.stats.log.map(({ method, url }) => `${method} ${url}`)).toEqual([]);
  });
});

async function play({ name, cases }: Script, world: HubWorld): Promise<void> {
  for (const one of cases) await runCase(name, world, one);
}
