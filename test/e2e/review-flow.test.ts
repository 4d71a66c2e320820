// SPDX-License-Identifier: Apache-2.0
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testKeyPem } from '#test/attest/keys.ts';
import { addHeld } from '#test/fake-hub/repos.ts';
import { type FakeHub, startFakeHub } from '#test/fake-hub/server.ts';
import { unknownGlobalPickle } from '#test/fake-hub/weights.ts';
import { type Minio, startMinio } from '#test/setup/minio.ts';
import { call, hf, type Snapshot } from '#test/support/clients.ts';
import { ask } from '#test/support/http.ts';
import { type Mirror, startMirror } from '#test/support/mirror.ts';
import { type RunResult, run } from '#test/support/run.ts';
import { useTemp } from '#test/support/temp.ts';
import { until } from '#test/support/until.ts';

const temp = useTemp();
const minio: Minio | undefined = await startMinio();
afterAll(() => minio?.stop());

const CLI = resolve(import.meta.dirname, '../../src/cli.ts');
const ADMIN = 'airlock_the-token-of-both-processes';
const REPO = 'acme/flow';
/** What the second commit has, and the first has not. */
const NOTES = 'trained for longer\n';

/**
 * The whole day of a security team, with a real client, the real command and two server processes on one S3 store:
 * whatever one of them decides holds on both.
 */
describe.skipIf(!minio)('request, approve, revoke, roll back, affected', () => {
  let hub: FakeHub;
  let one: Mirror;
  let two: Mirror;
  let keys: string;

  beforeAll(async () => {
    hub = await startFakeHub();
    addHeld(hub, REPO);
    keys = await temp('keys');
    for (const role of ['approval', 'evidence'])
      await writeFile(join(keys, `${role}.pem`), testKeyPem(role), { mode: 0o600 });
    one = await start(true);
    two = await start(false);
  });
  afterAll(async () => {
    await Promise.all([one?.stop(), two?.stop()]);
    await hub?.stop();
    expect(hub?.stats.violations).toEqual([]);
  });

  async function start(createBucket: boolean): Promise<Mirror> {
    const { endpoint = '', accessKey = '', secretKey = '' } = minio ?? {};
    const key = (role: string) => ({ file: join(keys, `${role}.pem`) });
    return startMirror({
      upstream: hub.url,
      dataDir: join(await temp('flow'), 'data'),
      config: {
        store: { kind: 's3', endpoint, bucket: 'airlock-flow', prefix: 'hub/', createBucket },
        keys: { approval: key('approval'), evidence: key('evidence') },
        catalog: { refreshSeconds: 1 },
        audit: { writeSeconds: 1 },
      },
      env: { AIRLOCK_S3_ACCESS_KEY: accessKey, AIRLOCK_S3_SECRET_KEY: secretKey, AIRLOCK_ADMIN_TOKEN: ADMIN },
    });
  }

  async function airlock(mirror: Mirror, ...args: string[]): Promise<RunResult> {
    const env = { PATH: process.env.PATH, HOME: await temp('home'), AIRLOCK_URL: mirror.url };
    return run(process.execPath, [CLI, ...args], { env: { ...env, AIRLOCK_ADMIN_TOKEN: ADMIN } });
  }

  async function done(mirror: Mirror, ...args: string[]): Promise<string> {
    const result = await airlock(mirror, ...args);
    expect(result.status, result.output).toBe(0);
    return result.stdout;
  }

  async function download(mirror: Mirror, ...args: string[]): Promise<RunResult> {
    return hf('2.4', ['download', REPO, ...args], { endpoint: mirror.url, home: await temp('home') });
  }

  /** What a new machine gets of the branch. */
  async function commitOnBranch(mirror: Mirror): Promise<string | undefined> {
    const options = { endpoint: mirror.url, home: await temp('home') };
    return (await call<Snapshot>('2.4', 'snapshot', { repo_id: REPO }, options)).commit;
  }

  let first: string;
  let second: string;

  it('what needs a person is held, and the text names the case', async () => {
    first = hub.repo(REPO).head().id;
    const refused = await download(one);
    expect(refused.status).not.toBe(0);
    expect(refused.output).toMatch(/is held.*\(?case \d+/s);
    const shown = await done(one, 'case', 'show', caseIn(refused.output));
    expect(shown).toContain(REPO);
    expect(shown).toContain('pytorch_model.bin');
  });

  it('once the case is approved the same command succeeds, on both processes', async () => {
    const number = caseIn((await download(one)).output);
    await done(one, 'case', 'approve', number, '--reason', 'read the layer by hand', '--by', 'ann');
    const granted = await download(one);
    expect(granted.status, granted.output).toBe(0);
    await until('the other process sees the approval', async () => (await download(two)).status === 0);
  });

  it('a later commit is another case, and the branch moves when that is approved', async () => {
    second = hub.repo(REPO).move('main', { 'notes.txt': NOTES });
    const held = await download(one, '--revision', second);
    const number = caseIn(held.output);
    await done(one, 'case', 'approve', number, '--reason', 'the same layer', '--by', 'ann');
    await done(one, 'pin', `${REPO}@main`, '--commit', second, '--reason', 'it is better', '--by', 'ann');
    expect(await commitOnBranch(one)).toBe(second);
    await until('the other process moves, too', async () => (await commitOnBranch(two)) === second);
  });

  it('after a revocation the next pull of the branch fails with the reason, on both processes', async () => {
    await done(two, 'revoke', `${REPO}@${second}`, '--reason', 'its weights phone home', '--by', 'eve');
    for (const mirror of [two, one])
      await until('the revocation holds', async () => {
        const refused = await download(mirror);
        return refused.status !== 0 && refused.output.includes('its weights phone home');
      });
    const byCommit = await download(one, '--revision', second);
    expect(byCommit.output).toContain('its weights phone home');
  });

  it('a roll-back serves the last good commit on the branch again', async () => {
    const moved = await done(one, 'rollback', REPO, '--reason', 'until it is mended', '--by', 'ann');
    expect(moved).toContain(first);
    expect(await commitOnBranch(one)).toBe(first);
    await until('the other process goes back, too', async () => {
      const got = await hf('2.4', ['download', REPO], { endpoint: two.url, home: await temp('home') });
      return got.status === 0;
    });
    expect(await commitOnBranch(two)).toBe(first);
  });

  it('affected lists who pulled the revoked commit, and the notice lets a cache be swept', async () => {
    const folder = await temp('notice');
    const notice = join(folder, 'notice.json');
    const listed = await done(one, 'affected', `${REPO}@${second}`, '--notice', notice);
    expect(listed).toMatch(/127\.0\.0\.1/);
    const cache = join(folder, 'cache');
    await mkdir(cache);
    await writeFile(join(cache, 'notes.txt'), NOTES);
    // The good commit has the same weights, and serves them: their bytes are no reason to delete a copy.
    await writeFile(join(cache, 'pytorch_model.bin'), unknownGlobalPickle());
    const key = join(folder, 'evidence.pub');
    await writeFile(key, (await ask(one.url, '/api/airlock/key?role=evidence')).text);
    const swept = await airlock(one, 'sweep', cache, '--notice', notice, '--key', key, '--hash');
    expect(swept.status, swept.output).toBe(2);
    expect(swept.stdout).toContain('notes.txt');
    expect(swept.stdout).not.toContain('pytorch_model.bin');
  });
});

function caseIn(output: string): string {
  return /case (\d+)/.exec(output)?.[1] ?? 'none';
}
