// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import type { HubFile } from '#test/fake-hub/repo.ts';
import { addBig, addTiny } from '#test/fake-hub/repos.ts';
import { call, type FileDigests, HUB_VERSIONS, hf, probe } from '#test/support/clients.ts';
import { startCutProxy } from '#test/support/cut-proxy.ts';
import { ask, type RawAnswer } from '#test/support/http.ts';
import { useWorld } from '#test/support/world.ts';

const world = useWorld({
  repos: (hub) => {
    addTiny(hub, 'acme/tiny');
    addBig(hub, 32, 'acme/big');
  },
});

const get = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
  ask(world.mirror.url, path, { headers, method });
const bytesOf = (file: HubFile) => Buffer.concat([...file.content.read(0, file.content.size)]);

let commit: string;
beforeAll(async () => {
  for (const repo of ['acme/tiny', 'acme/big']) await hf('2.4', ['download', repo], await world.person());
  commit = world.hub.repo('acme/tiny').head().id;
});

describe('a file', () => {
  it.each(['config.json', 'model.safetensors', 'sub/with space and ü.txt'])('%s: HEAD and GET agree', async (path) => {
    const file = world.hub.repo('acme/tiny').file(path);
    const url = `/acme/tiny/resolve/main/${path.split('/').map(encodeURIComponent).join('/')}`;
    const [head, whole] = [await get(url, {}, 'HEAD'), await get(url)];
    for (const answer of [head, whole]) {
      expect(answer.status).toBe(200);
      expect(answer.headers).toMatchObject({
        etag: `"${file.lfs ? file.content.sha256 : file.oid}"`,
        'content-length': String(file.content.size),
        'x-repo-commit': commit,
        'accept-ranges': 'bytes',
      });
      expect(answer.headers['content-encoding']).toBeUndefined();
    }
    expect(whole.body.equals(bytesOf(file))).toBe(true);
  });

  it('is served in ranges, clamped where they end too late', async () => {
    const file = world.hub.repo('acme/tiny').file('model.safetensors');
    const bytes = bytesOf(file);
    const url = '/acme/tiny/resolve/main/model.safetensors';
    const cases: [string, number, number][] = [
      ['bytes=0-0', 0, 1],
      ['bytes=10-19', 10, 20],
      [`bytes=0-${bytes.length}`, 0, bytes.length],
      [`bytes=${bytes.length - 5}-`, bytes.length - 5, bytes.length],
      ['bytes=-7', bytes.length - 7, bytes.length],
    ];
    for (const [range, start, end] of cases) {
      const answer = await get(url, { range });
      expect(answer.status, range).toBe(206);
      expect(answer.headers['content-range']).toBe(`bytes ${start}-${end - 1}/${bytes.length}`);
      expect(answer.body.equals(bytes.subarray(start, end)), range).toBe(true);
    }
    const beyond = await get(url, { range: `bytes=${bytes.length}-` });
    expect([beyond.status, beyond.headers['content-range']]).toEqual([416, `bytes */${bytes.length}`]);
  });

  it('that is empty answers a range as the clients expect', async () => {
    const answer = await get('/acme/tiny/resolve/main/empty.txt', { range: 'bytes=0-0' });
    expect([answer.status, answer.headers['content-range'], answer.body.length]).toEqual([206, 'bytes */0', 0]);
  });

  it('is not sent again to who has it', async () => {
    const url = '/acme/tiny/resolve/main/model.safetensors';
    const etag = String((await get(url)).headers.etag);
    const answer = await get(url, { 'if-none-match': etag });
    expect([answer.status, answer.headers.etag, answer.headers['x-repo-commit']]).toEqual([304, etag, commit]);
  });

  it('in LFS is a pointer under /raw', async () => {
    const file = world.hub.repo('acme/tiny').file('model.safetensors');
    expect((await get('/acme/tiny/raw/main/model.safetensors')).text).toBe(file.lfs?.pointer.toString());
    expect(
      (await get('/acme/tiny/raw/main/config.json')).body.equals(
        bytesOf(world.hub.repo('acme/tiny').file('config.json')),
      ),
    ).toBe(true);
  });

  it('that does not exist is a 404 that names the commit, so that clients remember the absence', async () => {
    for (const method of ['GET', 'HEAD']) {
      const answer = await get('/acme/tiny/resolve/main/no-such.json', {}, method);
      expect(answer.status).toBe(404);
      expect(answer.headers).toMatchObject({ 'x-error-code': 'EntryNotFound', 'x-repo-commit': commit });
    }
  });
});

describe.each(HUB_VERSIONS)('huggingface_hub %s', (version) => {
  it('resumes with a range when the line to the mirror breaks in mid-download', async () => {
    const line = await startCutProxy(world.mirror.url, 20 * 2 ** 20);
    const args = { repo_id: 'acme/big', filename: 'model.safetensors' };
    const somebody = await world.person({ endpoint: line.url });
    // The newest goes on by itself; the others give up, and go on when the person runs them again.
    const first = await probe<FileDigests>(version, 'file', args, somebody);
    expect('error' in first).toBe(version !== '2.4');
    const got = 'error' in first ? await call<FileDigests>(version, 'file', args, somebody) : first.value;
    line.stop();
    expect(got.sha256).toBe(world.hub.repo('acme/big').file('model.safetensors').content.sha256);
    expect(line.cuts).toBe(1);
    expect(line.ranges).toHaveLength(1);
    expect(line.ranges[0]).toMatch(/^bytes=\d{7,}-$/);
  });
});

it('no signal of Xet leaves the mirror, in no header and in no JSON', async () => {
  const urls = [
    '/api/models/acme/tiny?blobs=true',
    '/api/models/acme/tiny/revision/main?expand=siblings&expand=xetHash',
    '/api/models/acme/tiny/tree/main?recursive=true&expand=true',
    '/api/models/acme/tiny/refs?include_prs=1',
    '/acme/tiny/resolve/main/model.safetensors',
    '/acme/tiny/resolve/main/config.json',
    '/acme/tiny/raw/main/model.safetensors',
    `/api/models/acme/tiny/xet-read-token/${commit}`,
  ];
  const answers: (readonly [string, RawAnswer])[] = [];
  for (const url of urls)
    for (const method of ['GET', 'HEAD']) answers.push([url, await get(url, {}, method)] as const);
  const body = 'paths=model.safetensors&paths=config.json&expand=true';
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const info = await ask(world.mirror.url, '/api/models/acme/tiny/paths-info/main', { method: 'POST', headers, body });
  expect(JSON.parse(info.text)).toHaveLength(2);
  answers.push(['paths-info', info]);
  for (const [url, answer] of answers) {
    const names = Object.keys(answer.headers).filter((name) => name.includes('xet'));
    expect(names, url).toEqual([]);
    expect(String(answer.headers.link ?? ''), url).not.toContain('xet');
    if (!url.includes('xet-read-token')) expect(answer.text, url).not.toMatch(/xet/i);
  }
  const refused = await get(`/api/models/acme/tiny/xet-read-token/${commit}`);
  expect(refused.status).toBe(403);
  expect(refused.text).toContain('HF_HUB_DISABLE_XET=1');
});

it('answers JavaScript clients: paths-info as JSON, one path that exists and one that does not', async () => {
  const answer = await ask(world.mirror.url, '/api/models/acme/tiny/paths-info/main', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ paths: ['sub', 'config.json', 'nope'], expand: true }),
  });
  const entries = JSON.parse(answer.text) as { path: string; type: string }[];
  expect(entries.map((entry) => [entry.type, entry.path]).sort()).toEqual([
    ['directory', 'sub'],
    ['file', 'config.json'],
  ]);
  expect(
    createHash('sha256')
      .update((await get('/acme/tiny/resolve/HEAD/config.json')).body)
      .digest('hex'),
  ).toBe(world.hub.repo('acme/tiny').file('config.json').content.sha256);
});
