// SPDX-License-Identifier: Apache-2.0
import { cp, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addBig, addHostile, addTiny } from '#test/fake-hub/repos.ts';
import { type FakeHub, startFakeHub } from '#test/fake-hub/server.ts';
import { type Minio, startMinio } from '#test/setup/minio.ts';
import { call, hf, type Snapshot } from '#test/support/clients.ts';
import { ask } from '#test/support/http.ts';
import { airlock, type Mirror, startMirror } from '#test/support/mirror.ts';
import { useTemp } from '#test/support/temp.ts';

const temp = useTemp();
const minio: Minio | undefined = await startMinio();
afterAll(() => minio?.stop());

const BUCKET = 'airlock-e2e';

// Without Go nobody can build the server here; with CI=true startMinio has thrown already.
describe.skipIf(!minio)('with an S3 store (a real MinIO server)', () => {
  let hub: FakeHub;
  let mirror: Mirror;

  async function start(createBucket: boolean, dataDir: string): Promise<Mirror> {
    const { endpoint = '', accessKey = '', secretKey = '' } = minio ?? {};
    return startMirror({
      upstream: hub.url,
      dataDir,
      config: { store: { kind: 's3', endpoint, bucket: BUCKET, prefix: 'hub/', createBucket } },
      env: { AIRLOCK_S3_ACCESS_KEY: accessKey, AIRLOCK_S3_SECRET_KEY: secretKey },
    });
  }

  beforeAll(async () => {
    hub = await startFakeHub();
    addTiny(hub);
    addHostile(hub);
    addBig(hub, 40);
  });
  afterAll(async () => {
    await mirror?.stop();
    await hub?.stop();
  });

  it('a bucket that is not there stops the start, and says how to make it', async () => {
    await expect(start(false, join(await temp('s3'), 'data'))).rejects.toThrow(
      /no bucket "airlock-e2e".*create-bucket/s,
    );
  });

  it('serves a model of several parts byte for byte, and again without upstream', async () => {
    mirror = await start(true, join(await temp('s3'), 'data'));
    const home = await temp('home');
    const first = await call<Snapshot>('2.4', 'snapshot', { repo_id: 'acme/big-40' }, { endpoint: mirror.url, home });
    const expected = hub.repo('acme/big-40').head();
    expect(first.commit).toBe(expected.id);
    const tree = JSON.parse((await ask(hub.url, '/api/models/acme/big-40/tree/main?recursive=true')).text) as {
      type: string;
      path: string;
      lfs?: { oid: string };
    }[];
    for (const { type, path, lfs } of tree)
      if (type === 'file' && lfs) expect(first.files[path]?.sha256, path).toBe(lfs.oid);
    const before = hub.stats.requests;
    await call<Snapshot>(
      '2.4',
      'snapshot',
      { repo_id: 'acme/big-40' },
      { endpoint: mirror.url, home: await temp('home') },
    );
    expect(hub.stats.requests).toBe(before);
    // No blob on the local disk: neither in quarantine, nor in a folder store.
    expect(await readdir(mirror.dataDir)).not.toContain('store');
  });

  it('answers ranges from the store', async () => {
    const path = '/acme/big-40/resolve/main/model.safetensors';
    const part = await ask(mirror.url, path, { headers: { range: 'bytes=20000000-20000099' } });
    expect(part.status).toBe(206);
    expect(part.body).toHaveLength(100);
    const direct = await fetch(`${hub.url}${path}`, { headers: { range: 'bytes=20000000-20000099' } });
    expect(part.body.equals(Buffer.from(await direct.arrayBuffer()))).toBe(true);
  });

  it('refuses what is dangerous, and none of it is in the bucket', async () => {
    const refused = await hf('2.4', ['download', 'acme/hostile'], { endpoint: mirror.url, home: await temp('home') });
    expect(refused.status).not.toBe(0);
    expect(refused.output).toContain('os.system');
  });

  it('a second mirror with the same keys serves what the first one published, and sees its revocation', async () => {
    const dataDir = join(await temp('s3'), 'data');
    await cp(join(mirror.dataDir, 'keys'), join(dataDir, 'keys'), { recursive: true });
    const second = await start(false, dataDir);
    try {
      await call<Snapshot>(
        '2.4',
        'snapshot',
        { repo_id: 'acme/tiny' },
        { endpoint: mirror.url, home: await temp('home') },
      );
      const before = hub.stats.requests;
      const url = '/api/models/acme/tiny/revision/main';
      expect((await ask(second.url, url)).status).toBe(200);
      expect(hub.stats.requests).toBe(before);
      const revoked = await airlock(['revoke', 'acme/tiny@main', '--reason', 'a test of two mirrors'], mirror);
      expect(revoked.status, revoked.output).toBe(0);
      expect((await ask(mirror.url, url)).status).toBe(404);
      await expect.poll(async () => (await ask(second.url, url)).status, { timeout: 15_000 }).toBe(404);
    } finally {
      await second.stop();
    }
  });
});
