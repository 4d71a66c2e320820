// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { downloadFile, snapshotDownload } from '@huggingface/hub';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addBig } from '#test/fake-hub/repos.ts';
import { type FakeHub, startFakeHub } from '#test/fake-hub/server.ts';
import { type Minio, startMinio } from '#test/setup/minio.ts';
import { call, HUB_VERSIONS, type Snapshot } from '#test/support/clients.ts';
import { filesBelow } from '#test/support/files.ts';
import { freePort } from '#test/support/free-port.ts';
import { ask, download } from '#test/support/http.ts';
import { airlock, type Mirror, startMirror } from '#test/support/mirror.ts';
import { run } from '#test/support/run.ts';
import { useTemp } from '#test/support/temp.ts';
import { until } from '#test/support/until.ts';

const temp = useTemp();
const minio: Minio | undefined = await startMinio();
afterAll(() => minio?.stop());

const REPO = 'acme/big-4';
const weights = `/${REPO}/resolve/main/model.safetensors`;
const SECONDS = 2;

// Without Go nobody can build the server here; with CI=true startMinio has thrown already.
describe.skipIf(!minio)('with redirects to an S3 store on another host name', () => {
  let hub: FakeHub;
  let mirror: Mirror;
  /** What clients call the mirror: another name than the store's. */
  let url: string;

  beforeAll(async () => {
    hub = await startFakeHub();
    addBig(hub, 4);
    const { endpoint = '', accessKey = '', secretKey = '' } = minio ?? {};
    const port = await freePort();
    url = `http://localhost:${port}`;
    const redirect = { endpoint, minBytes: '1 MiB', seconds: SECONDS };
    const store = { kind: 's3', endpoint, bucket: 'airlock-redirects', createBucket: true, redirect };
    mirror = await startMirror({
      ...{ upstream: hub.url, port, dataDir: join(await temp('s3'), 'data') },
      // What is an audit is written whatever the level.
      config: { publicUrl: url, store, log: { level: 'error' } },
      env: { AIRLOCK_S3_ACCESS_KEY: accessKey, AIRLOCK_S3_SECRET_KEY: secretKey },
    });
    expect((await ask(mirror.url, `/api/models/${REPO}`)).status).toBe(200);
  });
  afterAll(async () => {
    await mirror?.stop();
    await hub?.stop();
  });

  const content = () => hub.repo(REPO).file('model.safetensors').content;
  const issued = () =>
    mirror
      .logs()
      .split('\n')
      .filter((line) => line.includes('a URL of the store was issued'));

  it('GET of many bytes leads there, and says commit, digest and size on the way', async () => {
    const before = issued().length;
    const answer = await ask(mirror.url, weights);
    expect(answer.status).toBe(302);
    expect(answer.headers).toMatchObject({
      'x-repo-commit': hub.repo(REPO).head().id,
      'x-linked-etag': `"${content().sha256}"`,
      'x-linked-size': String(content().size),
      'content-length': '0',
      'cache-control': 'no-store',
    });
    const location = answer.headers.location ?? '';
    expect(new URL(location).origin).toBe(minio?.endpoint);
    expect((await download(location, location)).sha256).toBe(content().sha256);
    await until('it is in the log', () => issued().length > before);
    const lines = issued().slice(before);
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      ...{ audit: true, repo: REPO, path: 'model.safetensors', sha256: content().sha256, seconds: SECONDS },
      address: '127.0.0.1',
    });
    expect(mirror.logs()).not.toContain('X-Amz-Signature');
  });

  it('HEAD, small files and small ranges are answered by the mirror', async () => {
    const head = await ask(mirror.url, weights, { method: 'HEAD' });
    expect([head.status, head.headers['content-length']]).toEqual([200, String(content().size)]);
    const probed = await ask(mirror.url, weights, { headers: { range: 'bytes=0-0' } });
    expect([probed.status, probed.body.length]).toEqual([206, 1]);
    expect((await ask(mirror.url, `/${REPO}/resolve/main/README.md`)).status).toBe(200);
    expect((await ask(mirror.url, weights, { headers: { range: 'bytes=1024-' } })).status).toBe(302);
  });

  it('a URL is good for seconds, for its own object, and for reading', async () => {
    const location = (await ask(mirror.url, weights)).headers.location ?? '';
    const other = location.replace(content().sha256, '0'.repeat(64));
    expect((await fetch(other)).status).toBe(403);
    expect((await fetch(location, { method: 'DELETE' })).status).toBe(403);
    const ended = await until('it has expired', async () => {
      const { status } = await fetch(location, { headers: { range: 'bytes=0-0' } });
      return status === 206 ? undefined : status;
    });
    expect(ended).toBe(403);
  });

  it.each(HUB_VERSIONS)('huggingface_hub %s follows', async (version) => {
    const before = issued().length;
    const token = 'hf_personalTokenOfTheDataScientist000002';
    const person = { endpoint: url, home: await temp('home'), env: { HF_TOKEN: token } };
    const got = await call<Snapshot>(version, 'snapshot', { repo_id: REPO }, person);
    expect(got.files['model.safetensors']?.sha256).toBe(content().sha256);
    await until('it is in the log', () => issued().length > before);
  });

  it('@huggingface/hub follows', async () => {
    const before = issued().length;
    const blob = await downloadFile({ repo: REPO, path: 'model.safetensors', hubUrl: url });
    const bytes = Buffer.from((await blob?.arrayBuffer()) ?? new ArrayBuffer(0));
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(content().sha256);
    const cacheDir = await temp('js');
    await snapshotDownload({ repo: REPO, hubUrl: url, cacheDir });
    expect((await filesBelow(cacheDir)).map(({ sha256 }) => sha256)).toContain(content().sha256);
    await until('it is in the log', () => issued().length > before);
  });

  it('curl -L follows', async () => {
    const file = join(await temp('curl'), 'weights');
    const got = await run('curl', ['-fsSL', '-o', file, `${url}${weights}`], { env: { PATH: process.env.PATH } });
    expect(got.status, got.output).toBe(0);
    expect((await filesBelow(join(file, '..')))[0]?.sha256).toBe(content().sha256);
  });

  it('after a revocation no more URLs are issued', async () => {
    const revoked = await airlock(['revoke', `${REPO}@main`, '--by', 'ann', '--reason', 'a test'], mirror);
    expect(revoked.status, revoked.output).toBe(0);
    const before = issued().length;
    expect((await ask(mirror.url, weights)).status).toBe(404);
    expect(issued()).toHaveLength(before);
  });
});
