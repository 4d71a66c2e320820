// SPDX-License-Identifier: Apache-2.0
import { afterEach, beforeEach, expect, it } from 'vitest';
import { parseRepo, REPO_KINDS } from '#src/domain/repo.ts';
import type { Upstream } from '#src/upstream/upstream.ts';
import { createUpstreams, type UpstreamEntry } from '#src/upstream/upstreams.ts';
import { addTiny, card } from '#test/fake-hub/repos.ts';
import { type FakeHub, startFakeHub } from '#test/fake-hub/server.ts';
import { clientOf, codeOf, errorOf, listAll, resolve, sha256From } from './client.ts';

let inHouse: FakeHub;
let open: FakeHub;

beforeEach(async () => {
  [inHouse, open] = [await startFakeHub(), await startFakeHub()];
});
afterEach(async () => {
  await Promise.all([inHouse.stop(), open.stop()]);
});

/** The in-house hub owns acme/*, the public one the rest. */
function both(first: Partial<UpstreamEntry> = {}, bound?: Parameters<typeof createUpstreams>[1]): Upstream {
  const usual = { kinds: REPO_KINDS, next: false, trust: 'foreign' as const };
  const client = (url: string) => clientOf(url, { tries: 1, requestTimeoutSeconds: 2 });
  return createUpstreams(
    [
      { ...usual, name: 'in-house', match: ['acme/*'], trust: 'own', upstream: client(inHouse.url), ...first },
      { ...usual, name: 'public', match: ['*'], upstream: client(open.url) },
    ],
    bound,
  );
}

it('takes a repo from the first upstream that owns its name, and its files from the same', async () => {
  const ours = addTiny(inHouse);
  addTiny(open).move('main', { 'config.json': '{"whose": "theirs"}' });
  addTiny(open, 'other/tiny');
  const upstream = both();
  const source = await resolve(upstream, 'acme/tiny');
  expect(source).toMatchObject({
    commit: ours.head().id,
    upstream: { name: 'in-house', trust: 'own', url: inHouse.url },
  });
  const file = (await listAll(upstream, source)).find(({ path }) => path === 'model.safetensors');
  if (!file) throw new Error('no weights');
  expect((await sha256From(upstream, source, file)).sha256).toBe(file.lfs?.sha256);
  expect(await upstream.refs(source.repo)).toContainEqual({ kind: 'branch', name: 'main', commit: ours.head().id });
  expect(open.stats.log).toEqual([]);
  expect((await resolve(upstream, 'other/tiny')).upstream).toMatchObject({ name: 'public', trust: 'foreign' });
});

it.each(['acme/tiny', 'ACME/Tiny', 'Acme/tiny'])(
  'never looks for the in-house name %s on the public hub',
  async (name) => {
    addTiny(open, name);
    addTiny(open);
    const error = await errorOf(resolve(both(), name));
    expect(error.code).toBe('upstream-repo-not-found');
    expect(error.subject.upstream).toBe('in-house');
    await inHouse.goAway();
    expect(await errorOf(resolve(both(), name))).toMatchObject({
      code: 'upstream-unavailable',
      message: 'The upstream "in-house" can not be reached.',
    });
    expect(open.stats.log).toEqual([]);
  },
);

it('with next, a repo that is not found comes from the next upstream, and only then', async () => {
  addTiny(open);
  inHouse.accounts.add('hf_known');
  const client = (token: string) => clientOf(inHouse.url, { tries: 1, token });
  const known = { next: true, upstream: client('hf_known') };
  expect((await resolve(both(known), 'acme/tiny')).upstream?.name).toBe('public');
  // Without a word on the repo, nobody knows that it is not there: it is away, it refuses us, it shows us nothing.
  for (const fault of [503, 500, 429, 403, 400]) {
    inHouse.faults.add({ fault: 'status', status: fault, retryAfter: 0, times: 1 });
    expect(await codeOf(resolve(both(known), 'acme/tiny')), String(fault)).not.toBe('upstream-repo-not-found');
  }
  expect(await codeOf(resolve(both({ next: true, upstream: client('hf_stale') }), 'acme/tiny'))).toBe(
    'upstream-bad-token',
  );
  expect(await codeOf(resolve(both({ next: true }), 'acme/tiny'))).toBe('upstream-repo-not-found');
  expect(open.stats.log).toHaveLength(1);
  addTiny(inHouse);
  expect(await codeOf(resolve(both(known), 'acme/tiny', 'no-such-branch'))).toBe('upstream-revision-not-found');
  await inHouse.goAway();
  expect(await codeOf(resolve(both(known), 'acme/tiny'))).toBe('upstream-unavailable');
  expect(open.stats.log).toHaveLength(1);
});

it('refuses a repo that the public hub says is now called by an in-house name', async () => {
  addTiny(open, 'evil/tiny');
  open.rename('evil/tiny', 'acme/tiny');
  expect(await errorOf(resolve(both(), 'evil/tiny'))).toMatchObject({
    code: 'upstream-invalid',
    message: 'The upstream "public" calls evil/tiny by the name acme/tiny, which belongs to the upstream "in-house".',
  });
  addTiny(open, 'foo/tiny');
  open.rename('foo/tiny', 'bar/tiny');
  expect((await resolve(both(), 'foo/tiny')).repo.id).toBe('bar/tiny');
});

it('asks only the upstreams that a source binds its repos to', async () => {
  addTiny(open, 'other/tiny');
  addTiny(inHouse);
  const bound = both({}, ({ id }) => (id.startsWith('other/') ? ['in-house'] : undefined));
  expect(await errorOf(resolve(bound, 'other/tiny'))).toMatchObject({
    code: 'upstream-repo-not-found',
    message: 'No upstream of this mirror has other/tiny.',
  });
  expect((await resolve(bound, 'acme/tiny')).upstream?.name).toBe('in-house');
  expect(open.stats.log).toEqual([]);
});

it('owns names of its kinds alone', async () => {
  open.repo('acme/data', 'datasets').commit({ 'README.md': card('mit') });
  const upstream = both({ kinds: ['models'] });
  const source = await upstream.resolve(parseRepo('datasets', 'acme/data'), { type: 'ref', ref: 'main' as never });
  expect(source.upstream?.name).toBe('public');
});

it('sends the credential of one upstream to no other, not even where that one redirects', async () => {
  const repo = addTiny(inHouse);
  addTiny(open, 'other/tiny');
  inHouse.accounts.add('hf_ours');
  repo.private = true;
  repo.grants.add('hf_ours');
  const upstream = both({ upstream: clientOf(inHouse.url, { token: 'hf_ours' }) });
  const source = await resolve(upstream, 'acme/tiny');
  for (const file of await listAll(upstream, source)) await sha256From(upstream, source, file);
  await resolve(upstream, 'other/tiny');
  expect(open.stats.tokens).toEqual(new Set());
  expect(inHouse.stats.tokens).toEqual(new Set(['hf_ours']));
  expect(inHouse.stats.violations).toEqual([]);
});
