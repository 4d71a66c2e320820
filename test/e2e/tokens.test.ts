// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { addBig, addTiny, tinyFiles } from '#test/fake-hub/repos.ts';
import { HUB_VERSIONS, hf } from '#test/support/clients.ts';
import { filesBelow } from '#test/support/files.ts';
import { ask } from '#test/support/http.ts';
import { airlock } from '#test/support/mirror.ts';
import { useWorld } from '#test/support/world.ts';

const OURS = 'hf_upstreamServiceTokenOfTheMirror0000001';
const THEIRS = 'hf_personalTokenOfTheDataScientist000002';

const world = useWorld({
  env: { AIRLOCK_UPSTREAM_TOKEN: OURS },
  config: {
    sources: [
      { match: 'named/*', mode: 'auto', gated: 'allow' },
      { match: 'lab/*', mode: 'auto', gated: 'granted' },
      { match: '*', mode: 'auto' },
    ],
  },
  repos: (hub) => {
    hub.accounts.add(OURS);
    hub.accounts.add(THEIRS);
    for (const version of HUB_VERSIONS) addBig(hub, 2, `acme/public-${version.replace('.', '-')}`);
    for (const id of ['named/gated', 'lab/gated', 'acme/gated']) {
      const repo = hub.repo(id);
      repo.commit(tinyFiles());
      repo.gated = 'manual';
      repo.grants.add(OURS);
    }
    for (const id of ['named/private', 'lab/private', 'acme/private']) {
      const repo = hub.repo(id);
      repo.commit(tinyFiles());
      repo.private = true;
      repo.grants.add(OURS);
    }
    addTiny(hub);
  },
});

it.each(HUB_VERSIONS)(
  'the token of a logged-in client goes no further than the mirror: huggingface_hub %s',
  async (version) => {
    const repo = `acme/public-${version.replace('.', '-')}`;
    const result = await hf(version, ['download', repo], await world.person({ env: { HF_TOKEN: THEIRS } }));
    expect(result.status, result.output).toBe(0);
    await ask(world.mirror.url, '/api/models/acme/tiny', { headers: { authorization: `Bearer ${THEIRS}` } });
    await ask(world.mirror.url, '/api/models/a..b/tiny', { headers: { authorization: `Bearer ${THEIRS}` } });
    expect([...world.hub.stats.tokens]).toEqual([OURS]);
    expect(world.mirror.logs()).not.toContain(THEIRS);
    const kept = await filesBelow(world.mirror.dataDir);
    expect(kept.length).toBeGreaterThan(0);
    expect(kept.filter((file) => file.bytes.includes(THEIRS))).toEqual([]);
  },
);

it('a token of this mirror opens an open one as well, goes no further, and is in no log and no file', async () => {
  const made = await airlock(['token', 'create', 'ci', '--owner', 'ann'], world.mirror);
  const token = made.stdout.trim();
  expect(token).toMatch(/^hf_/);
  const result = await hf('2.4', ['download', 'acme/tiny'], await world.person({ env: { HF_TOKEN: token } }));
  expect(result.status, result.output).toBe(0);
  const who = await hf('2.4', ['auth', 'whoami'], await world.person({ env: { HF_TOKEN: token } }));
  expect(who.stdout).toContain('ann');
  // Neither is a person of the public Hub somebody here.
  const stranger = await hf('2.4', ['auth', 'whoami'], await world.person({ env: { HF_TOKEN: THEIRS } }));
  expect(stranger.status).not.toBe(0);
  expect([...world.hub.stats.tokens]).toEqual([OURS]);
  expect(world.mirror.logs()).not.toContain(token);
  const kept = await filesBelow(world.mirror.dataDir);
  expect(kept.filter((file) => file.bytes.includes(token.slice(10)))).toEqual([]);
});

it('the token of the mirror reaches the hub, and neither the CDN nor the log nor the data folder', async () => {
  expect(world.hub.stats.count('cdn')).toBeGreaterThan(0);
  const log = world.hub.stats.log;
  const withToken = log.filter((row) => row.headers.authorization !== undefined);
  expect(new Set(withToken.map((row) => row.class))).not.toContain('cdn');
  expect(withToken.filter((row) => row.class === 'resolve').length).toBeGreaterThan(0);
  expect(world.mirror.logs()).not.toContain(OURS);
  expect((await filesBelow(world.mirror.dataDir)).filter((file) => file.bytes.includes(OURS))).toEqual([]);
});

describe('the token of the mirror does not open to everybody what is', () => {
  it.each(['gated', 'private'])('%s, unless a source names it', async (name) => {
    const held = await hf('2.4', ['download', `acme/${name}`], await world.person());
    expect(held.status).not.toBe(0);
    expect(held.output).toMatch(new RegExp(name));
    expect(world.hub.stats.sent(`acme/${name}/model.safetensors`)).toBe(0);
    const named = await hf('2.4', ['download', `named/${name}`], await world.person());
    expect(named.status, named.output).toBe(0);
  });

  it.each(['gated', 'private'])('%s, where it is for those who were granted it', async (name) => {
    const repo = `lab/${name}`;
    const stranger = await hf('2.4', ['download', repo], await world.person());
    expect([stranger.status, stranger.output]).toEqual([1, expect.stringContaining('tokens that were granted it')]);
    for (const [grant, status] of [
      ['other/*', 1],
      ['lab/*', 0],
    ] as const) {
      const made = await airlock(['token', 'create', 'lab', '--owner', 'ann', '--grant', grant], world.mirror);
      const person = await world.person({ env: { HF_TOKEN: made.stdout.trim() } });
      const result = await hf('2.4', ['download', repo], person);
      expect([grant, result.status, result.output]).toEqual([grant, status, expect.any(String)]);
      if (status !== 0) expect(result.output).toContain('was not granted it');
    }
  });
});

it('without a token, a gated repo is refused as gated', async () => {
  world.hub.repo('named/closed').commit(tinyFiles());
  world.hub.repo('named/closed').gated = 'auto';
  const result = await hf('2.4', ['download', 'named/closed'], await world.person());
  expect(result.status).not.toBe(0);
  expect(result.output).toMatch(/gated|restricted/i);
  expect((await ask(world.mirror.url, '/api/models/named/closed')).status).toBeOneOf([401, 403]);
});
