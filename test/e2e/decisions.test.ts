// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { addHeld, addHostile, addLicensed, addMixed, addTiny } from '#test/fake-hub/repos.ts';
import { call, HUB_VERSIONS, type HubVersion, hf, probe, type Snapshot } from '#test/support/clients.ts';
import { ask } from '#test/support/http.ts';
import { airlock } from '#test/support/mirror.ts';
import { useWorld } from '#test/support/world.ts';

const repoOf = (name: string, version: HubVersion) => `acme/${name}-${version.replace('.', '-')}`;

const world = useWorld({
  repos: (hub) => {
    for (const version of HUB_VERSIONS) {
      addHeld(hub, repoOf('held', version));
      addMixed(hub, repoOf('mixed', version));
      addTiny(hub, repoOf('revoked', version));
    }
    addHeld(hub, 'acme/rejected');
    addLicensed(hub, undefined, 'acme/no-license');
    addHostile(hub, 'acme/hostile');
    addTiny(hub, 'acme/kept');
  },
});

const shaOf = (repo: string) => world.hub.repo(repo).head().id;

async function decide(verb: 'approve' | 'reject' | 'revoke', repo: string, reason: string) {
  const result = await airlock([verb, `${repo}@${shaOf(repo)}`, '--reason', reason], world.mirror);
  expect(result.status, result.output).toBe(0);
}

describe.each(HUB_VERSIONS)('huggingface_hub %s', (version) => {
  it('a held model is refused, a person approves it, the same command succeeds', async () => {
    const repo = repoOf('held', version);
    const somebody = await world.person();
    const refused = await hf(version, ['download', repo], somebody);
    expect(refused.status).not.toBe(0);
    expect(refused.output).toContain('is held');
    expect(refused.output).toContain('acme.layers');
    await decide('approve', repo, 'looked at SpecialLayer by hand');
    const granted = await hf(version, ['download', repo], somebody);
    expect(granted.status, granted.output).toBe(0);
    const got = await call<Snapshot>(version, 'snapshot', { repo_id: repo }, somebody);
    expect(Object.keys(got.files)).toContain('pytorch_model.bin');
  });

  it('a pickle to review beside passing safetensors is withheld: the rest is served, it is nowhere', async () => {
    const repo = repoOf('mixed', version);
    const somebody = await world.person();
    const got = await call<Snapshot>(version, 'snapshot', { repo_id: repo }, somebody);
    expect(Object.keys(got.files)).toContain('model.safetensors');
    expect(Object.keys(got.files)).not.toContain('pytorch_model.bin');
    expect(await call<object>(version, 'tree', { repo_id: repo }, somebody)).not.toHaveProperty(['pytorch_model.bin']);
    const { siblings } = await call<{ siblings: string[] }>(version, 'info', { repo_id: repo }, somebody);
    expect(siblings).not.toContain('pytorch_model.bin');
    expect(await call(version, 'paths_info', { repo_id: repo, paths: ['pytorch_model.bin'] }, somebody)).toEqual({});
    const file = await probe(version, 'file', { repo_id: repo, filename: 'pytorch_model.bin' }, somebody);
    expect(file).toMatchObject({ error: expect.stringMatching(/EntryNotFoundError$/) });
    const named = await hf(version, ['download', repo, 'pytorch_model.bin'], somebody);
    expect(named.output).toContain('"pytorch_model.bin" of acme/');
    expect(named.output).toContain('is withheld here');
    for (const revision of ['main', got.commit])
      for (const route of ['resolve', 'raw'])
        for (const method of ['GET', 'HEAD']) {
          const answer = await ask(world.mirror.url, `/${repo}/${route}/${revision}/pytorch_model.bin`, { method });
          expect([answer.status, answer.headers['x-error-code']]).toEqual([404, 'EntryNotFound']);
        }
  });

  it('a revoked release fails on the next pull, with the reason', async () => {
    const repo = repoOf('revoked', version);
    expect((await hf(version, ['download', repo], await world.person())).status).toBe(0);
    await decide('revoke', repo, 'its author lost the signing key');
    const refused = await hf(version, ['download', repo], await world.person());
    expect(refused.status).not.toBe(0);
    expect(refused.output).toContain('its author lost the signing key');
    for (const revision of ['main', shaOf(repo)])
      for (const path of ['config.json', 'model.safetensors']) {
        const answer = await ask(world.mirror.url, `/${repo}/resolve/${revision}/${path}`);
        expect(answer.status).toBeOneOf([403, 404]);
        expect(answer.headers['x-hf-warning']).toContain('its author lost the signing key');
      }
  });
});

it('a rejected model says who rejected it and why', async () => {
  await hf('2.4', ['download', 'acme/rejected'], await world.person());
  await decide('reject', 'acme/rejected', 'we use acme/kept in its place');
  const refused = await hf('2.4', ['download', 'acme/rejected'], await world.person());
  expect(refused.status).not.toBe(0);
  expect(refused.output).toContain('we use acme/kept in its place');
});

it('a model without a license is served once a person has accepted that', async () => {
  expect((await hf('2.4', ['download', 'acme/no-license'], await world.person())).output).toMatch(/licen[sc]e/i);
  await decide('approve', 'acme/no-license', 'the author confirmed Apache-2.0 by mail');
  const granted = await hf('2.4', ['download', 'acme/no-license'], await world.person());
  expect(granted.status, granted.output).toBe(0);
});

it('decisions outlive a restart', async () => {
  expect((await hf('2.4', ['download', 'acme/kept'], await world.person())).status).toBe(0);
  await world.restart();
  const before = world.hub.stats.requests;
  for (const repo of ['acme/kept', repoOf('held', '2.4')])
    expect((await hf('2.4', ['download', repo], await world.person())).status).toBe(0);
  const revoked = await hf('2.4', ['download', repoOf('revoked', '2.4')], await world.person());
  expect(revoked.output).toContain('its author lost the signing key');
  expect(world.hub.stats.requests).toBe(before);
});

it('airlock approve asks for a reason and for a commit that it knows, and for the administrator', async () => {
  const repo = 'acme/hostile';
  await hf('2.4', ['download', repo], await world.person());
  expect((await airlock(['approve', `${repo}@${shaOf(repo)}`], world.mirror)).status).not.toBe(0);
  const unknown = await airlock(['approve', `${repo}@${'0'.repeat(40)}`, '--reason', 'x'], world.mirror);
  expect(unknown.status).not.toBe(0);
  const body = JSON.stringify({ repo, revision: shaOf(repo), by: 'somebody', reason: 'let me in', evenDenied: true });
  const headers = { 'content-type': 'application/json' };
  for (const token of [undefined, 'Bearer hf_wrongTokenOfSomebodyElse000000000000'])
    expect(
      (
        await ask(world.mirror.url, '/api/airlock/approve', {
          method: 'POST',
          headers: token === undefined ? headers : { ...headers, authorization: token },
          body,
        })
      ).status,
    ).toBeOneOf([401, 403]);
  expect((await hf('2.4', ['download', repo], await world.person())).status).not.toBe(0);
});
