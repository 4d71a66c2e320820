// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { addHostile, addLicensed, addTiny, card, tinyFiles } from '#test/fake-hub/repos.ts';
import type { FakeHub } from '#test/fake-hub/server.ts';
import { osSystemPickle } from '#test/fake-hub/weights.ts';
import { HUB_VERSIONS, hf, probe } from '#test/support/clients.ts';
import { filesBelow } from '#test/support/files.ts';
import { ask } from '#test/support/http.ts';
import { useWorld } from '#test/support/world.ts';

/** What is refused, and the words that must reach the person. */
const REFUSED = {
  hostile: { add: (hub: FakeHub, id: string) => addHostile(hub, id), reason: /os\.system|posix\.system/ },
  'non-commercial': {
    add: (hub: FakeHub, id: string) => addLicensed(hub, 'cc-by-nc-4.0', id),
    reason: /cc-by-nc-4\.0/,
  },
  'no-license': { add: (hub: FakeHub, id: string) => addLicensed(hub, undefined, id), reason: /licen[sc]e/i },
  // Beside weights that pass: a file that would run a command denies the whole commit, it is not just left out.
  'hostile-beside-safe': {
    add: (hub: FakeHub, id: string) =>
      hub.repo(id).commit({ ...tinyFiles(), 'README.md': card('mit', id), 'pytorch_model.bin': osSystemPickle() }),
    reason: /os\.system|posix\.system/,
  },
} as const;
type Name = keyof typeof REFUSED;
const NAMES = Object.keys(REFUSED) as Name[];
const repoOf = (name: Name, version: string) => `acme/${name}-${version.replace('.', '-')}`;

const world = useWorld({
  config: {
    sources: [
      { match: 'blocked/*', mode: 'deny', reason: 'not from there' },
      { match: '*', mode: 'auto' },
    ],
  },
  repos: (hub) => {
    for (const version of [...HUB_VERSIONS, 'raw'])
      for (const name of NAMES) REFUSED[name].add(hub, repoOf(name, version));
    addTiny(hub, 'blocked/tiny');
    hub.repo('acme/control').commit({ 'README.md': card('mit', 'control'), 'config.json': '{"control": 1}' });
  },
});

describe.each(HUB_VERSIONS)('huggingface_hub %s', (version) => {
  it.each(NAMES)('hf download of %s fails on the first call and prints the reason', async (name) => {
    const result = await hf(version, ['download', repoOf(name, version)], await world.person());
    expect(result.status, result.output).not.toBe(0);
    expect(result.output).toContain('[airlock]');
    expect(result.output).toMatch(REFUSED[name].reason);
  });

  it.each(NAMES)('the library raises GatedRepoError for %s, with the reason', async (name) => {
    for (const call of ['snapshot', 'file'] as const) {
      const args = { repo_id: repoOf(name, version), ...(call === 'file' ? { filename: 'config.json' } : {}) };
      const answer = await probe(version, call, args, await world.person());
      expect(answer).toMatchObject({ error: 'GatedRepoError' });
      expect('message' in answer ? answer.message : '').toMatch(REFUSED[name].reason);
    }
  });
});

describe.each(NAMES)('nothing of %s is served', (name) => {
  const repo = repoOf(name, 'raw');
  const urls = (revision: string) => [
    `/api/models/${repo}`,
    `/api/models/${repo}?blobs=true`,
    `/api/models/${repo}/revision/${revision}`,
    `/api/models/${repo}/tree/${revision}?recursive=true`,
    `/api/models/${repo}/tree/${revision}/sub`,
    `/api/models/${repo}/refs`,
    `/api/models/${repo}/commits/${revision}`,
    `/api/airlock/models/${repo}/revision/${revision}/bundle`,
    `/api/airlock/models/${repo}/revision/${revision}/statement`,
    ...['resolve', 'raw'].flatMap((route) =>
      ['config.json', 'pytorch_model.bin', 'model.safetensors', 'sub/notes.txt'].map(
        (path) => `/${repo}/${route}/${revision}/${path}`,
      ),
    ),
  ];

  it('by any route, by branch or by commit, by HEAD or by GET, with or without a range', async () => {
    const { id } = world.hub.repo(repo).head();
    const contents = [...world.hub.repo(repo).head().files.values()]
      .filter((file) => file.content.size > 20)
      .map((file) => Buffer.concat([...file.content.read(0, file.content.size)]));
    for (const url of ['main', id, id.slice(0, 8), 'refs%2Fheads%2Fmain', 'HEAD'].flatMap(urls))
      for (const [method, headers] of [
        ['GET', {}],
        ['GET', { range: 'bytes=0-9' }],
        ['HEAD', {}],
      ] as const) {
        const answer = await ask(world.mirror.url, url, { method, headers });
        const asked = `${method} ${url}`;
        expect(answer.status, asked).toBeGreaterThanOrEqual(400);
        expect(answer.status, asked).toBeLessThan(500);
        for (const content of contents) expect(answer.body.includes(content), asked).toBe(false);
        expect(answer.headers.etag, asked).toBeUndefined();
      }
  });

  it('by paths-info, and the refusal has the shape that every client reads', async () => {
    const { id } = world.hub.repo(repo).head();
    for (const revision of ['main', id]) {
      const answer = await ask(world.mirror.url, `/api/models/${repo}/paths-info/${revision}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ paths: ['config.json'] }),
      });
      expect(answer.status).toBe(403);
      expect(answer.headers).toMatchObject({ 'x-error-code': 'GatedRepo', 'cache-control': 'no-store' });
      const text = String(answer.headers['x-error-message']);
      expect(text).toMatch(/^\[airlock\] [\x20-\x7e]+$/);
      expect(text).toMatch(REFUSED[name].reason);
      expect(answer.headers['x-hf-warning']).toContain(`; ${text}`);
      expect(answer.headers['content-type']).toMatch(/^application\/json/);
      expect(JSON.parse(answer.text)).toMatchObject({ error: text });
    }
    const head = await ask(world.mirror.url, `/${repo}/resolve/main/config.json`, { method: 'HEAD' });
    expect(head.headers['content-type']).toMatch(/^text\/plain/);
    expect(head.headers['x-error-message']).toMatch(REFUSED[name].reason);
  });

  it('and none of its files is among the approved bytes', async () => {
    expect((await hf('2.4', ['download', 'acme/control'], await world.person())).status).toBe(0);
    const kept = new Set((await filesBelow(join(world.mirror.dataDir, 'store', 'blobs'))).map((file) => file.sha256));
    expect(kept).toContain(world.hub.repo('acme/control').file('config.json').content.sha256);
    for (const file of world.hub.repo(repo).head().files.values()) expect(kept).not.toContain(file.content.sha256);
  });
});

it('pulls no weights of a model whose license is refused', async () => {
  const repo = repoOf('non-commercial', 'raw');
  await ask(world.mirror.url, `/api/models/${repo}`);
  expect(world.hub.stats.sent(`${repo}/model.safetensors`)).toBe(0);
});

it('does not ask upstream for files of a source that is denied, and says why', async () => {
  const result = await hf('2.4', ['download', 'blocked/tiny'], await world.person());
  expect(result.status).not.toBe(0);
  expect(result.output).toContain('not from there');
  expect(world.hub.stats.sent('blocked/tiny')).toBe(0);
});
