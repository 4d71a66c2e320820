// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { addBig, addTiny } from '#test/fake-hub/repos.ts';
import { call, type Snapshot } from '#test/support/clients.ts';
import { freePort } from '#test/support/free-port.ts';
import { ask } from '#test/support/http.ts';
import { airlock, startMirror } from '#test/support/mirror.ts';
import { run } from '#test/support/run.ts';
import { until } from '#test/support/until.ts';
import { useWorld } from '#test/support/world.ts';

const TOKEN = 'hf_TheServicesOwnToken0123456789abcdefghij';

const world = useWorld({
  repos: (hub) => {
    hub.accounts.add(TOKEN);
    addTiny(hub);
    addBig(hub, 24, 'acme/slow');
  },
  env: { AIRLOCK_UPSTREAM_TOKEN: TOKEN },
});

const ROOT = join(import.meta.dirname, '../..');

describe('at start', () => {
  it('says what to type, whose signature to expect, and which keys it made', async () => {
    await until('it has greeted', () => world.mirror.logs().includes(`export HF_ENDPOINT=${world.mirror.url}\n`));
    const text = world.mirror.logs();
    const key = await ask(world.mirror.url, '/api/airlock/key');
    expect(key.headers['content-type']).toBe('application/x-pem-file');
    expect(text).toContain(`Approval key: sha256:${createHash('sha256').update(key.body).digest('hex')}`);
    expect(text).toContain(`Created a new signing key: ${join(world.mirror.dataDir, 'keys', 'approval.pem')}`);
  });

  it('prints its configuration, and no secret in it', () => {
    const text = world.mirror.logs();
    expect(text).toContain('policy.licenses.missing: hold');
    expect(text).toContain('AIRLOCK_UPSTREAM_TOKEN');
    expect(text).not.toContain(TOKEN);
  });

  it('keeps keys and token for its owner alone', async () => {
    for (const name of ['approval.pem', 'evidence.pem', 'admin.token']) {
      const { mode } = await stat(join(world.mirror.dataDir, 'keys', name));
      expect(mode & 0o777, name).toBe(0o600);
    }
  });

  it('answers for its health', async () => {
    expect((await ask(world.mirror.url, '/healthz')).status).toBe(200);
    expect((await ask(world.mirror.url, '/readyz')).text).toBe('{"status":"ready"}');
  });

  it('is refused a second time on the same data folder', async () => {
    const second = await airlock(['serve'], world.mirror);
    expect(second.status).toBe(78);
    expect(second.output).toContain('Another mirror runs on the data folder');
  });
});

describe('a configuration that can not work', () => {
  async function serve(config: string, env: Record<string, string> = {}) {
    const folder = await world.temp('config');
    await writeFile(join(folder, 'config.yaml'), config);
    const args = [join(ROOT, 'src', 'cli.ts'), 'serve', '--config', join(folder, 'config.yaml')];
    const set = { PATH: process.env.PATH, AIRLOCK_LISTEN: '127.0.0.1:0', AIRLOCK_DATA: join(folder, 'data'), ...env };
    return { ...(await run(process.execPath, args, { cwd: folder, env: set })), folder };
  }

  it('names an unknown key', async () => {
    const { status, output } = await serve('intake:\n  holdSeconds: 5\n');
    expect(status).toBe(78);
    expect(output).toMatch(/intake\.holdSeconds.*unknown/s);
  });

  it('names the key, the value and what was expected, for every problem at once', async () => {
    const { status, output } = await serve('refs:\n  follow: sometimes\nintake:\n  files: 0\n');
    expect(status).toBe(78);
    expect(output).toMatch(/refs\.follow.*sometimes.*manual/s);
    expect(output).toMatch(/intake\.files.*0/s);
  });

  it('never makes a key that it names', async () => {
    const { status, output, folder } = await serve('keys:\n  approval: { file: a.pem }\n  evidence: { file: e.pem }\n');
    expect(status).toBe(78);
    expect(output).toContain('a.pem');
    expect(await readdir(folder)).not.toContain('a.pem');
  });

  it('names a variable that nobody knows', async () => {
    const { status, output } = await serve('', { AIRLOCK_UPSTREEM: 'http://127.0.0.1:1' });
    expect(status).toBe(78);
    expect(output).toContain('AIRLOCK_UPSTREEM');
  });
});

it('a store whose key is lost is not given a new one', async () => {
  await call<Snapshot>('2.4', 'snapshot', { repo_id: 'acme/tiny' }, await world.person());
  const { dataDir, options } = world.mirror;
  await world.mirror.stop();
  const path = join(dataDir, 'keys', 'approval.pem');
  const key = await readFile(path);
  await rm(path);
  await expect(startMirror(options)).rejects.toThrow(/approval key .* is missing, and the store holds records/);
  await writeFile(path, key, { mode: 0o600 });
  await world.restart();
  expect((await ask(world.mirror.url, '/api/models/acme/tiny')).status).toBe(200);
});

it('SIGTERM lets a running answer finish, leaves nothing half written, and exits with 0', async () => {
  await call<Snapshot>('2.4', 'snapshot', { repo_id: 'acme/slow' }, await world.person());
  const path = '/acme/slow/resolve/main/model.safetensors';
  const whole = Number((await ask(world.mirror.url, path, { method: 'HEAD' })).headers['content-length']);
  const { mirror } = world;
  const received = await new Promise<number>((done, fail) => {
    const sent = request(`${mirror.url}${path}`, { agent: false }, (answer) => {
      let bytes = 0;
      answer.once('data', () => {
        // The signal arrives while most of the body is still to come: reading stops until it was sent.
        answer.pause();
        void mirror.stop();
        setImmediate(() => answer.resume());
      });
      answer.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
      });
      answer.on('end', () => done(bytes)).on('error', fail);
    });
    sent.on('error', fail).end();
  });
  expect(received).toBe(whole);
  await until('the mirror has ended', () => !mirror.running);
  expect(mirror.exitStatus).toBe(0);
  await until('it says what ran', () => /"running":1,.*running answers may finish/.test(mirror.logs()));
  await until('it says what was cut', () => /"running":1,"cut":0,.*stopped serving/.test(mirror.logs()));
  expect(await readdir(join(mirror.dataDir, 'store', 'tmp'))).toEqual([]);
  await world.restart();
});

describe('without an address or a data folder', () => {
  /** `serve` as a person types it; ended by force when it stays. */
  async function serve(env: Record<string, string>): Promise<{ status: number | undefined; output: string }> {
    const args = [join(ROOT, 'src', 'cli.ts'), 'serve'];
    const set = { PATH: process.env.PATH, AIRLOCK_UPSTREAM: world.hub.url, AIRLOCK_LISTEN: '127.0.0.1:0', ...env };
    return run(process.execPath, args, { cwd: ROOT, env: set, timeoutSeconds: 20 });
  }

  it('a taken port ends it before it downloads anything, and its data folder is free again', async () => {
    const id = 'acme/unfinished';
    addBig(world.hub, 24, id);
    world.hub.faults.add({ fault: 'bandwidth', bytesPerSecond: 1_000_000, repo: id });
    const dataDir = join(await world.temp('busy'), 'data');
    const options = { ...world.mirror.options, dataDir, port: await freePort() };
    const first = await startMirror(options);
    const waiting = ask(first.url, `/api/models/${id}`).catch(() => undefined);
    await until('bytes arrive', async () => {
      const { running } = JSON.parse((await ask(first.url, '/api/airlock/intakes')).text) as {
        running: { bytesDone: number }[];
      };
      return running.some(({ bytesDone }) => bytesDone > 0);
    });
    await first.kill9();
    await waiting;
    const before = world.hub.stats.requests;
    const taken = new URL(world.mirror.url).host;
    const { status, output } = await serve({ AIRLOCK_DATA: options.dataDir, AIRLOCK_LISTEN: taken });
    expect(output).toContain(`Can not listen on ${taken}`);
    expect(output).toContain('EADDRINUSE');
    expect(output).toContain('AIRLOCK_LISTEN');
    expect(status).toBe(78);
    expect(world.hub.stats.requests).toBe(before);
    world.hub.faults.clear();
    const again = await startMirror(options);
    await until('the intake is taken up', () => again.logs().includes('unfinished intakes taken up'));
    await again.stop();
    expect(again.exitStatus).toBe(0);
  });

  it('a start that fails later lets go of port and data folder, too', async () => {
    const dataDir = join(await world.temp('later'), 'data');
    await mkdir(join(dataDir, 'index.sqlite'), { recursive: true });
    const port = await freePort();
    const { status, output } = await serve({ AIRLOCK_DATA: dataDir, AIRLOCK_LISTEN: `127.0.0.1:${port}` });
    expect([70, 78], output).toContain(status);
    expect(output).toContain('index.sqlite');
    await rm(join(dataDir, 'index.sqlite'), { recursive: true });
    const mirror = await startMirror({ ...world.mirror.options, dataDir, port });
    await mirror.stop();
  });

  it('a file in the place of the data folder, or above it, is named', async () => {
    const file = join(await world.temp('file'), 'data');
    await writeFile(file, '');
    for (const data of [file, join(file, 'below')]) {
      const { status, output } = await serve({ AIRLOCK_DATA: data });
      expect(status, output).toBe(78);
      expect(output).toMatch(/AIRLOCK_DATA.*data.*(is a file|not a directory)/);
      expect(output).not.toContain('Another mirror');
    }
  });

  it('a lock that can not be had is no other mirror', async () => {
    const dataDir = await world.temp('locked');
    await mkdir(join(dataDir, 'mirror.lock'));
    const inTheWay = await serve({ AIRLOCK_DATA: dataDir });
    expect(inTheWay.status, inTheWay.output).toBe(78);
    expect(inTheWay.output).toMatch(/can not lock .*mirror\.lock.*EISDIR/);
    await rm(join(dataDir, 'mirror.lock'), { recursive: true });
    await writeFile(join(dataDir, 'mirror.lock'), 'somebody wrote a note into this file\n'.repeat(100));
    const noLock = await serve({ AIRLOCK_DATA: dataDir });
    expect(noLock.status, noLock.output).toBe(78);
    expect(noLock.output).toContain('file is not a database');
    for (const { output } of [inTheWay, noLock]) expect(output).not.toContain('Another mirror');
  });

  it.skipIf(process.platform !== 'linux')(
    'a place where nobody can make folders is refused, not tried for ever',
    async () => {
      const { status, output } = await serve({ AIRLOCK_DATA: '/proc/nope/data' });
      expect(status, output).toBe(78);
      expect(output).toMatch(/AIRLOCK_DATA.*\/proc\/nope.*ENOENT/);
    },
  );
});

it('SIGTERM in mid-intake answers the client at once, and the next start finishes the intake by itself', async () => {
  const id = 'acme/interrupted';
  addBig(world.hub, 24, id);
  world.hub.faults.add({ fault: 'bandwidth', bytesPerSecond: 2_000_000, repo: id });
  const waiting = ask(world.mirror.url, `/api/models/${id}`);
  await until('bytes arrive', async () => {
    const { running } = JSON.parse((await ask(world.mirror.url, '/api/airlock/intakes')).text) as {
      running: { bytesDone: number }[];
    };
    return running.some(({ bytesDone }) => bytesDone > 1_000_000);
  });
  const { mirror } = world;
  await mirror.stop();
  expect((await waiting).status).toBe(503);
  expect(mirror.exitStatus).toBe(0);
  world.hub.faults.clear();
  await world.restart();
  await until('the intake is taken up and ends', async () => {
    const commit = world.hub.repo(id).head().id;
    const answer = await ask(world.mirror.url, `/api/airlock/models/${id}/revision/${commit}/decision`);
    return (JSON.parse(answer.text) as { state: string }).state === 'approved';
  });
});
