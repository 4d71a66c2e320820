// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asListing, listingOf } from '#test/support/listing.ts';
import { useWorld } from '#test/support/world.ts';
import { addRepo, CLIENTS, repoOf } from './clients/all.ts';
import type { Client, Got } from './clients/client.ts';

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

/** Byte by byte what upstream has, and all that the client takes. */
function expectRight(client: Client, { ok, files, seen }: Got): void {
  expect(ok, seen).toBe(true);
  const promised = promises.get(client) ?? {};
  const taken = client.takes === 'all' ? Object.keys(promised) : client.takes;
  expect(Object.keys(files)).toEqual(expect.arrayContaining([...taken]));
  const wanted = Object.fromEntries(Object.keys(files).map((path) => [path, promised[path]]));
  expect(asListing(files, promised)).toEqual(wanted);
}

const promises = new Map<Client, Awaited<ReturnType<typeof listingOf>>>();
beforeAll(async () => {
  for (const client of present)
    promises.set(client, await listingOf(world.hub.url, repoOf('cold', client), 'main', client.kind));
});

for (const { name, missing } of CLIENTS)
  if (missing !== undefined) it(`${name} is skipped: ${missing}`, (test) => test.skip(missing));

describe.each(present)('$name', (client) => {
  it('downloads what nobody asked for before', async () => {
    expectRight(client, await get(client, 'cold'));
  });

  it('downloads it once more, by branch and by commit, without a question to upstream', async () => {
    const commit = world.hub.repo(repoOf('cold', client), client.kind).head().id;
    const before = world.hub.stats.requests;
    for (const revision of ['main', commit]) expectRight(client, await get(client, 'cold', revision));
    expect(world.hub.stats.requests).toBe(before);
  });

  it('shows that it is refused, and has nothing of it', async () => {
    const { ok, files, seen } = await get(client, 'hostile');
    expect(ok).toBe(false);
    for (const text of client.refused) expect(seen).toMatch(text);
    expect(files).toEqual({});
  });
});

describe('with upstream gone', () => {
  beforeAll(() => world.hub.goAway());
  afterAll(() => world.hub.comeBack());

  it.each(present)('$name downloads what is approved', async (client) => {
    expectRight(client, await get(client, 'cold'));
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
