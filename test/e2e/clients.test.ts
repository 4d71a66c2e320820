// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ClientOptions } from '#test/support/clients.ts';
import { type Listing, listingOf } from '#test/support/listing.ts';
import { airlock } from '#test/support/mirror.ts';
import { useWorld } from '#test/support/world.ts';
import { addRepo, CLIENTS, repoOf } from './clients/all.ts';
import { expectArrived } from './clients/arrived.ts';
import type { Client } from './clients/client.ts';

const present = CLIENTS.filter((client) => client.missing === undefined);
const world = useWorld({
  config: { upstream: { tries: 2 } },
  repos: (hub) => {
    for (const client of CLIENTS)
      for (const what of ['cold', 'never-asked', 'hostile'] as const) addRepo(hub, client, what);
  },
});
const get = async (client: Client, what: Parameters<typeof repoOf>[0], revision = 'main') =>
  client.get(repoOf(what, client), revision, await world.person());

const promises = new Map<Client, Listing>();
beforeAll(async () => {
  for (const client of present)
    promises.set(client, await listingOf(world.hub.url, repoOf('cold', client), 'main', client.kind));
});

for (const { name, missing } of CLIENTS)
  if (missing !== undefined) it(`${name} is skipped: ${missing}`, (test) => test.skip(missing));

describe.each(present)('$name', (client) => {
  it('downloads what nobody asked for before', async () => {
    expectArrived(client, await get(client, 'cold'), promises.get(client) ?? {});
  });

  it('downloads it once more, by branch and by commit, without a question to upstream', async () => {
    const commit = world.hub.repo(repoOf('cold', client), client.kind).head().id;
    const before = world.hub.stats.requests;
    for (const revision of ['main', commit])
      expectArrived(client, await get(client, 'cold', revision), promises.get(client) ?? {});
    expect(world.hub.stats.requests).toBe(before);
  });

  it('shows that it is refused, and has nothing of it', async () => {
    const { ok, files, seen } = await get(client, 'hostile');
    expect(ok).toBe(false);
    for (const text of client.refused) expect(seen).toMatch(text);
    expect(files).toEqual({});
  });
});

/** Where each client has its copy. */
const machines = new Map<Client, ClientOptions>();

describe('with upstream gone', () => {
  beforeAll(() => world.hub.goAway());
  afterAll(() => world.hub.comeBack());

  it.each(present)('$name downloads what is approved', async (client) => {
    const person = await world.person();
    machines.set(client, person);
    expectArrived(client, await client.get(repoOf('cold', client), 'main', person), promises.get(client) ?? {});
  });

  // At the same time: some of them try for a minute.
  it.concurrent.each(present)('$name says so of what is not here, and never that it does not exist', async (client) => {
    const { ok, files, seen } = await get(client, 'never-asked');
    expect(ok).toBe(false);
    for (const text of client.gone) expect(seen).toMatch(text);
    expect(seen).not.toMatch(
      /404 (Client|Not)|(status|error): 404|not found upstream|(Repository|Revision|RemoteEntry)NotFound/,
    );
    expect(files).toEqual({});
  });
});

describe('a branch whose commit was revoked', () => {
  const asking = present.filter((client) => client.revoked !== undefined);
  const others = present.filter((client) => client.revoked === undefined);

  it.each(asking)('is refused to $name, in spite of its own copy', async (client) => {
    await revoke(client);
    const { ok, seen } = await client.get(repoOf('cold', client), 'main', machineOf(client));
    expect(ok, seen).toBe(false);
    for (const text of client.revoked ?? []) expect(seen).toMatch(text);
  });

  it.each(others)(
    'is still used by $name, which asks nobody about what it has, and refused to new machines',
    async (client) => {
      await revoke(client);
      expect((await client.get(repoOf('cold', client), 'main', machineOf(client))).ok).toBe(true);
      const { ok, files } = await get(client, 'cold');
      expect(ok).toBe(false);
      expect(files).toEqual({});
    },
  );
});

async function revoke(client: Client): Promise<void> {
  const repo = repoOf('cold', client);
  const name = `${client.kind === 'models' ? '' : `${client.kind}/`}${repo}`;
  const commit = world.hub.repo(repo, client.kind).head().id;
  const done = await airlock(['revoke', `${name}@${commit}`, '--reason', 'its author lost the key'], world.mirror);
  expect(done.status, done.output).toBe(0);
}

function machineOf(client: Client): ClientOptions {
  const machine = machines.get(client);
  if (!machine) throw new Error(`${client.name} has downloaded nothing before`);
  return machine;
}
