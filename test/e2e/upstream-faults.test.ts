// SPDX-License-Identifier: Apache-2.0
import { afterEach, describe, expect, it } from 'vitest';
import type { Fault } from '#test/fake-hub/faults.ts';
import { addBig, addTiny } from '#test/fake-hub/repos.ts';
import { call, HUB_VERSIONS, hf, probe } from '#test/support/clients.ts';
import { ask } from '#test/support/http.ts';
import { upstreamIsBack } from '#test/support/upstream-is-back.ts';
import { useWorld } from '#test/support/world.ts';

const MIB = 2 ** 20;
const BIG = ['cut-twice', 'stalled', 'busy-cdn'];
const TINY = ['busy-api', 'busy-tree', 'broken-api', 'broken-file', 'slow', 'always-broken', 'lost', 'cold'];
const world = useWorld({
  config: { upstream: { stallSeconds: 3, requestTimeoutSeconds: 5, tries: 4 } },
  repos: (hub) => {
    for (const name of BIG) addBig(hub, 16, `acme/${name}`);
    for (const name of TINY) addTiny(hub, `acme/${name}`);
    addTiny(hub, 'acme/warm');
  },
});
afterEach(async () => {
  world.hub.faults.clear();
  await world.hub.comeBack();
  await upstreamIsBack(world.mirror.url);
});

const path = 'model.safetensors';

describe('a download succeeds by itself when upstream', () => {
  const cases: Record<string, Fault[]> = {
    'busy-api': [{ fault: 'status', status: 429, retryAfter: 1, class: 'info', times: 2 }],
    'busy-tree': [{ fault: 'status', status: 429, retryAfter: 1, class: 'tree', times: 2 }],
    'busy-cdn': [{ fault: 'status', status: 503, retryAfter: 1, class: 'cdn', times: 2 }],
    'broken-api': [{ fault: 'status', status: 500, class: 'info', times: 2 }],
    'broken-file': [{ fault: 'status', status: 500, class: 'resolve', times: 3 }],
    slow: [{ fault: 'latency', ms: 700 }],
    'cut-twice': [
      { fault: 'cut', path, at: 5 * MIB, times: 1 },
      { fault: 'cut', path, at: 11 * MIB, times: 1 },
    ],
    stalled: [{ fault: 'stall', path, at: 8 * MIB, times: 1 }],
  };
  it.each(Object.keys(cases))('is %s for a while', async (name) => {
    const started = world.hub.stats.log.length;
    for (const fault of cases[name] ?? []) world.hub.faults.add({ ...fault, repo: `acme/${name}` });
    const result = await hf('2.4', ['download', `acme/${name}`], await world.person());
    expect(result.status, result.output).toBe(0);
    const log = world.hub.stats.log.slice(started).filter((row) => row.repo === `acme/${name}`);
    const size = world.hub.repo(`acme/${name}`).file(path).content.size;
    const sent = world.hub.stats.sent(`acme/${name}/${path}`);
    expect(sent).toBeLessThan(size * 1.2);
    if (name === 'cut-twice' || name === 'stalled')
      expect(log.filter((row) => row.class === 'cdn' && /^bytes=\d{7,}-/.test(row.range ?? '')).length).toBeGreaterThan(
        0,
      );
  });
});

describe('what upstream can not answer', () => {
  it.each(HUB_VERSIONS)('is an error of the gateway and never "not found": huggingface_hub %s', async (version) => {
    world.hub.faults.add({ fault: 'status', status: 500, repo: 'acme/always-broken' });
    const raised = await probe(version, 'snapshot', { repo_id: 'acme/always-broken' }, await world.person());
    expect('error' in raised ? raised.error : 'nothing').not.toMatch(/NotFoundError$(?<!LocalEntryNotFoundError)/);
    const answer = await ask(world.mirror.url, '/api/models/acme/always-broken');
    expect(answer.status).toBeOneOf([502, 503, 504]);
    expect(answer.headers['x-error-message']).toMatch(/^\[airlock\] /);
    expect(answer.headers['x-error-code']).toBeUndefined();
  });

  it('is a 502, 503 or 504 when it is gone, on every route', async () => {
    await world.hub.goAway();
    const urls = [
      '/api/models/acme/cold',
      '/api/models/acme/cold/revision/main',
      '/api/models/acme/cold/tree/main',
      '/api/models/acme/cold/refs',
      '/acme/cold/resolve/main/config.json',
      `/acme/cold/resolve/${'a'.repeat(40)}/config.json`,
    ];
    const asked = urls.flatMap((url) => ['GET', 'HEAD'].map((method) => ({ url, method })));
    const answers = await Promise.all(asked.map(({ url, method }) => ask(world.mirror.url, url, { method })));
    for (const [i, answer] of answers.entries())
      expect(answer.status, JSON.stringify(asked[i])).toBeOneOf([502, 503, 504]);
    await world.hub.comeBack();
    await upstreamIsBack(world.mirror.url);
    const result = await hf('2.4', ['download', 'acme/cold'], await world.person());
    expect(result.status, result.output).toBe(0);
  });
});

it('what is approved is served with upstream gone, also by a mirror that was started then', async () => {
  const { commit } = await call<{ commit: string }>('2.4', 'snapshot', { repo_id: 'acme/warm' }, await world.person());
  await world.hub.goAway();
  await world.restart();
  for (const version of HUB_VERSIONS)
    for (const revision of ['main', commit]) {
      const got = await call<{ commit: string }>(
        version,
        'snapshot',
        { repo_id: 'acme/warm', revision },
        await world.person(),
      );
      expect(got.commit).toBe(commit);
    }
});

it('a repo that upstream deleted is still served where it was approved, and unknown where it was not', async () => {
  await hf('2.4', ['download', 'acme/warm'], await world.person());
  for (const repo of ['acme/warm', 'acme/lost']) world.hub.delete(repo);
  expect((await hf('2.4', ['download', 'acme/warm'], await world.person())).status).toBe(0);
  const lost = await probe('2.4', 'snapshot', { repo_id: 'acme/lost' }, await world.person());
  expect(lost).toMatchObject({ error: 'RepositoryNotFoundError' });
});
