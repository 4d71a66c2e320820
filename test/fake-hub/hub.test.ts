// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { downloadFile, listFiles, modelInfo } from '@huggingface/hub';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { addBig, addMany, addTiny, tinyFiles } from './repos.ts';
import { type FakeHub, startFakeHub } from './server.ts';

let hub: FakeHub;
beforeAll(async () => {
  hub = await startFakeHub();
  addTiny(hub);
  addMany(hub);
  addBig(hub, 2);
});
afterAll(() => hub.stop());
beforeEach(() => {
  hub.faults.clear();
  hub.stats.reset();
});

const WEIGHTS = '/acme/big-2/resolve/main/model.safetensors';
const get = (path: string, init: RequestInit = {}) => fetch(hub.url + path, { redirect: 'manual', ...init });
const follow = (path: string, init: RequestInit = {}) => fetch(hub.url + path, init);
const sha256 = (bytes: ArrayBuffer) => createHash('sha256').update(Buffer.from(bytes)).digest('hex');

describe('as the live hub', () => {
  it('computes the commit id that git computes', () => {
    const repo = hub.repo('acme/golden');
    const id = repo.commit({ 'b.txt': 'b\n', 'a/z.txt': 'z\n', 'a.txt': 'a\n' }, 'main', 'Update');
    // git hash-object, git mktree and git commit-tree over the same files, person and time.
    expect(repo.file('b.txt').oid).toBe('61780798228d17af2d34fce4cfbdf35556832472');
    expect(repo.head().folders.get('')).toBe('8eecbe41ca04c83004e485790f1396492a07f351');
    expect(id).toBe('6b5c9e8c0c90333942c4261adb31aae788ec532d');
  });

  it('is understood by @huggingface/hub, page by page', async () => {
    hub.pageSize = 7;
    const repo = 'acme/tiny';
    const paths: string[] = [];
    for await (const entry of listFiles({ repo, hubUrl: hub.url, recursive: true }))
      if (entry.type === 'file') paths.push(entry.path);
    hub.pageSize = 1000;
    expect(paths.sort()).toEqual(Object.keys(tinyFiles()).sort());
    expect(hub.stats.count('tree')).toBe(2);
    const info = await modelInfo({ name: repo, hubUrl: hub.url, additionalFields: ['sha'] });
    expect(info.sha).toBe(hub.repo(repo).head().id);
    const file = await downloadFile({ repo, path: 'config.json', hubUrl: hub.url, xet: false });
    expect(await file?.text()).toContain('bert');
  });

  it('lists 2,500 files on three pages', async () => {
    let next: string | undefined = `${hub.url}/api/models/acme/many/tree/main?recursive=true`;
    let files = 0;
    while (next) {
      const page: Response = await fetch(next);
      files += ((await page.json()) as { type: string }[]).filter((entry) => entry.type === 'file').length;
      next = /<([^>]+)>; rel="next"/.exec(page.headers.get('link') ?? '')?.[1];
    }
    expect(files).toBe(2500);
    expect(hub.stats.count('tree')).toBe(3);
  });

  it('sends a small file by a relative 307 and an LFS file by a 302 to another host', async () => {
    const small = await get('/acme/tiny/resolve/main/config.json');
    expect(small.status).toBe(307);
    expect(small.headers.get('location')).toMatch(/^\/api\/resolve-cache\/models\/acme\/tiny\//);
    const large = await get(WEIGHTS);
    const { content } = hub.repo('acme/big-2').file('model.safetensors');
    expect(large.status).toBe(302);
    expect(large.headers.get('x-linked-etag')).toBe(`"${content.sha256}"`);
    expect(large.headers.get('x-linked-size')).toBe(String(2 * 2 ** 20));
    expect(large.headers.get('x-repo-commit')).toBe(hub.repo('acme/big-2').head().id);
    expect(large.headers.get('x-xet-hash')).toMatch(/^[0-9a-f]{64}$/);
    expect(new URL(large.headers.get('location') ?? '').origin).toBe(hub.cdnUrl);
    expect(hub.cdnUrl).not.toBe(hub.url);
  });

  it('serves generated weights that have the promised digest, whole and in ranges', async () => {
    const { content } = hub.repo('acme/big-2').file('model.safetensors');
    const whole = await (await follow(WEIGHTS)).arrayBuffer();
    expect(sha256(whole)).toBe(content.sha256);
    for (const [start, end] of [
      [0, 0],
      [250, 300],
      [255, 262_500],
      [1_000_003, 2 * 2 ** 20 - 1],
    ] as const) {
      const part = await follow(WEIGHTS, { headers: { range: `bytes=${start}-${end}` } });
      expect(part.status).toBe(206);
      expect(Buffer.from(await part.arrayBuffer()).equals(Buffer.from(whole).subarray(start, end + 1))).toBe(true);
    }
    expect((await follow(WEIGHTS, { headers: { range: 'bytes=9999999-' } })).status).toBe(416);
  });

  it('answers errors with the codes of the live hub', async () => {
    const code = async (path: string, init?: RequestInit) => {
      const answer = await get(path, init);
      return [answer.status, answer.headers.get('x-error-code')];
    };
    hub.accounts.add('hf_somebody');
    const login = { headers: { authorization: 'Bearer hf_somebody' } };
    expect(await code('/api/models/acme/nope')).toEqual([401, null]);
    expect(await code('/api/models/acme/nope', login)).toEqual([404, 'RepoNotFound']);
    expect(await code('/acme/tiny/resolve/nope/config.json')).toEqual([404, 'RevisionNotFound']);
    expect(await code('/acme/tiny/resolve/main/nope.json')).toEqual([404, 'EntryNotFound']);
    hub.repo('acme/gated').commit(tinyFiles());
    hub.repo('acme/gated').gated = 'manual';
    expect(await code('/acme/gated/resolve/main/config.json')).toEqual([401, 'GatedRepo']);
    expect(await code('/acme/gated/resolve/main/config.json', login)).toEqual([403, 'GatedRepo']);
    hub.repo('acme/gated').grants.add('hf_somebody');
    expect(await code('/acme/gated/resolve/main/config.json', login)).toEqual([307, null]);
    hub.repo('acme/secret').commit(tinyFiles());
    hub.repo('acme/secret').private = true;
    expect(await code('/api/models/acme/secret', login)).toEqual([404, 'RepoNotFound']);
  });

  it('redirects a renamed repo and knows refs by name, full name, sha and prefix', async () => {
    hub.repo('acme/before').commit(tinyFiles());
    const sha = hub.repo('acme/before').head().id;
    hub.rename('acme/before', 'acme/after');
    const moved = await get('/api/models/acme/before/revision/main');
    expect([moved.status, moved.headers.get('location')]).toEqual([307, '/api/models/acme/after/revision/main']);
    const ids = ['main', 'HEAD', 'refs%2Fheads%2Fmain', sha, sha.slice(0, 8)].map(async (revision) => {
      const info = await get(`/api/models/acme/after/revision/${revision}`);
      return ((await info.json()) as { sha: string }).sha;
    });
    expect(new Set(await Promise.all(ids))).toEqual(new Set([sha]));
  });

  it('remembers a token that reached the CDN as a violation', async () => {
    const location = (await get(WEIGHTS)).headers.get('location') ?? '';
    await (await fetch(location, { headers: { authorization: 'Bearer hf_leaked' } })).arrayBuffer();
    expect(hub.stats.violations).toHaveLength(1);
  });
});

describe('faults', () => {
  const path = 'model.safetensors';

  it('cuts the connection at a byte, once', async () => {
    hub.faults.add({ fault: 'cut', path, at: 300_000, times: 1 });
    await expect(follow(WEIGHTS).then((answer) => answer.arrayBuffer())).rejects.toThrow();
    expect(hub.stats.sent('acme/big-2/model.safetensors')).toBe(300_000);
    expect((await (await follow(WEIGHTS)).arrayBuffer()).byteLength).toBe(2 * 2 ** 20);
  });

  it('flips one byte', async () => {
    const right = Buffer.from(await (await follow(WEIGHTS)).arrayBuffer());
    hub.faults.add({ fault: 'wrong-byte', path, at: 1_000_000 });
    const wrong = Buffer.from(await (await follow(WEIGHTS)).arrayBuffer());
    const different = [...right.keys()].filter((at) => right[at] !== wrong[at]);
    expect(different).toEqual([1_000_000]);
  });

  it('truncates a body and says so', async () => {
    hub.faults.add({ fault: 'truncate', path, at: 1000 });
    const answer = await follow(WEIGHTS);
    expect([answer.headers.get('content-length'), (await answer.arrayBuffer()).byteLength]).toEqual(['1000', 1000]);
  });

  it('stalls in mid-body', async () => {
    hub.faults.add({ fault: 'stall', path, at: 5000 });
    const signal = AbortSignal.timeout(1000);
    await expect(follow(WEIGHTS, { signal }).then((answer) => answer.arrayBuffer())).rejects.toThrow();
    expect(hub.stats.sent('acme/big-2/model.safetensors')).toBe(5000);
  });

  it('slows a body down and delays an answer', async () => {
    hub.faults.add({ fault: 'bandwidth', path, bytesPerSecond: 4 * 2 ** 20 });
    hub.faults.add({ fault: 'latency', class: 'info', ms: 200 });
    const times: number[] = [];
    for (const url of [WEIGHTS, '/api/models/acme/tiny']) {
      const start = performance.now();
      await (await follow(url)).arrayBuffer();
      times.push(performance.now() - start);
    }
    expect(times[0]).toBeGreaterThan(400);
    expect(times[1]).toBeGreaterThan(195);
  });

  it('answers errors for the next two requests, told over HTTP', async () => {
    const fault = { fault: 'status', status: 429, retryAfter: 3, class: 'info', times: 2 };
    await get('/__faults', { method: 'POST', body: JSON.stringify(fault) });
    const answers = [];
    for (let i = 0; i < 3; i++) answers.push(await get('/api/models/acme/tiny'));
    expect(answers.map((answer) => answer.status)).toEqual([429, 429, 200]);
    expect(answers[0]?.headers.get('retry-after')).toBe('3');
  });

  it('goes away, and comes back on the same address', async () => {
    await hub.goAway();
    await expect(get('/api/models/acme/tiny')).rejects.toThrow();
    await hub.comeBack();
    expect((await get('/api/models/acme/tiny')).status).toBe(200);
  });
});
