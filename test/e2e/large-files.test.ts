// SPDX-License-Identifier: Apache-2.0
import { mkdir, readdir, stat, truncate, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gitOidOf, parseSha256, sha256Of } from '#src/domain/digest.ts';
import { parseRepoPath } from '#src/domain/path.ts';
import { blobKey } from '#src/store/keys.ts';
import { commitOf, draft, MAIN, model } from '#test/catalog/drafts.ts';
import { hf } from '#test/support/clients.ts';
import { openHouse } from '#test/support/house.ts';
import { ask } from '#test/support/http.ts';
import { type Mirror, startMirror } from '#test/support/mirror.ts';
import { run } from '#test/support/run.ts';
import { useTemp } from '#test/support/temp.ts';
import { until } from '#test/support/until.ts';

/** One byte more than huggingface_hub takes over plain HTTP. On the disk it is a hole: it takes no space. */
const SIZE = 50_000_000_001;
const CONFIG = '{"model_type": "gpt2"}';
const COMMIT = commitOf('5');
const WEIGHTS = parseSha256('5'.repeat(64));
const temp = useTemp();
let mirror: Mirror;

beforeAll(async () => {
  const dataDir = join(await temp('large'), 'data');
  await mkdir(dataDir, { recursive: true });
  await publishLarge(dataDir);
  // Nobody answers there: what is approved needs no upstream.
  mirror = await startMirror({ upstream: 'http://127.0.0.1:9', dataDir });
});
afterAll(() => mirror?.stop());

/** A signed release whose weights are a hole: 50 GB need not come from anywhere to be served. */
async function publishLarge(folder: string): Promise<void> {
  const house = await openHouse({ folder, upstream: 'http://127.0.0.1:9' });
  const repo = model('acme/large');
  const base = draft(repo, COMMIT);
  const common = { format: 'json', verdict: 'pass' as const };
  const files = [
    {
      ...common,
      path: parseRepoPath('config.json'),
      size: CONFIG.length,
      sha256: sha256Of(CONFIG),
      gitOid: gitOidOf(Buffer.from(CONFIG)),
    },
    {
      ...common,
      path: parseRepoPath('model.safetensors'),
      size: SIZE,
      sha256: WEIGHTS,
      gitOid: gitOidOf(Buffer.from('pointer')),
      lfs: { pointerSize: 135 },
    },
  ];
  expect(await house.publisher.publish({ ...base, files, withheld: [], excluded: [], reasons: [] })).toBe(true);
  await house.publisher.pin(repo, { ref: MAIN, kind: 'branch', commit: COMMIT }, { by: 'ann', reason: 'large' });
  await house.close();
  for (const { sha256, size } of files) {
    const place = join(folder, 'store', blobKey(sha256));
    await mkdir(dirname(place), { recursive: true });
    await writeFile(place, size === SIZE ? '' : CONFIG);
    if (size === SIZE) await truncate(place, size);
  }
}

/** Sizes alone: what is still growing is not to be read. */
async function sizesBelow(folder: string): Promise<number[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Promise.all(files.map(async (file) => (await stat(file).catch(() => undefined))?.size ?? 0));
}

const weights = '/acme/large/resolve/main/model.safetensors';
const as = (version: string) => ({ headers: { 'user-agent': `unknown/None; hf_hub/${version}; python/3.11.7` } });

describe('a file above 50 GB', () => {
  it('begins to arrive with huggingface_hub 2.4', async () => {
    const home = await temp('home');
    const enough = new AbortController();
    const download = hf('2.4', ['download', 'acme/large'], { endpoint: mirror.url, home, signal: enough.signal });
    await until('some MiB have arrived', async () => {
      return (await sizesBelow(home)).some((size) => size > 8 * 2 ** 20);
    }).finally(() => enough.abort());
    // Ended by us, and not by itself.
    expect((await download).status).toBeUndefined();
  });

  it('is refused with the way out to huggingface_hub 0.36, before anything is downloaded', async () => {
    const home = await temp('home');
    const result = await hf('0.36', ['download', 'acme/large'], { endpoint: mirror.url, home });
    expect(result.status).not.toBe(0);
    expect(result.output).toMatch(/\[airlock\] acme\/large@5555555: model\.safetensors has 50\.0 GB/);
    expect(result.output).toContain('pip install -U "huggingface_hub>=1.31"');
    expect(await sizesBelow(join(home, 'hub', 'models--acme--large', 'blobs'))).toEqual([]);
  });

  it('does not keep huggingface_hub 0.36 from the other files', async () => {
    const home = await temp('home');
    const result = await hf('0.36', ['download', 'acme/large', 'config.json'], { endpoint: mirror.url, home });
    expect(result.status, result.output).toBe(0);
  });

  it('gets to curl as any other file, to its last byte', async () => {
    const url = `${mirror.url}${weights}`;
    const head = await run('curl', ['-fsSI', url], { env: { PATH: process.env.PATH } });
    expect(head.stdout).toMatch(new RegExp(`content-length: ${SIZE}`, 'i'));
    const tail = await run('curl', ['-fsS', '-C', String(SIZE - 3), '-w', '%{size_download}', '-o', '/dev/null', url], {
      env: { PATH: process.env.PATH },
    });
    expect([tail.status, tail.stdout]).toEqual([0, '3']);
  });
});

describe.each([
  ['0.30.2', 200, String(SIZE)],
  ['0.31.0', 403, undefined],
  ['0.36.0', 403, undefined],
  ['1.0.1', 403, undefined],
  ['1.30.0', 403, undefined],
  ['1.31.0', 200, undefined],
  ['2.4.0', 200, undefined],
])('huggingface_hub %s', (version, status, length) => {
  it(`gets a ${status} for HEAD, ${length ? 'with' : 'without'} the size`, async () => {
    const head = await ask(mirror.url, weights, { method: 'HEAD', ...as(version) });
    expect(head.status).toBe(status);
    if (status === 403) return expect(head.headers['x-error-code']).toBe('GatedRepo');
    expect(head.headers['content-length']).toBe(length);
    expect(head.headers['x-linked-size']).toBe(length);
    expect(head.headers.etag).toBe(`"${WEIGHTS}"`);
    const part = await ask(mirror.url, weights, { headers: { ...as(version).headers, range: 'bytes=0-0' } });
    expect([part.status, part.headers['content-range']]).toEqual([206, `bytes 0-0/${SIZE}`]);
  });

  it(`gets a ${status} where a download of the whole snapshot begins`, async () => {
    for (const path of ['revision/main', `tree/${COMMIT}?recursive=true`])
      expect((await ask(mirror.url, `/api/models/acme/large/${path}`, as(version))).status).toBe(status);
    for (const path of ['', '/tree/main', '/refs'])
      expect((await ask(mirror.url, `/api/models/acme/large${path}`, as(version))).status).toBe(200);
    expect((await ask(mirror.url, '/acme/large/resolve/main/config.json', as(version))).status).toBe(200);
  });
});
