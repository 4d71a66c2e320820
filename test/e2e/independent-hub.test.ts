// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { testCache } from '#test/setup/cache.ts';
import { prepareFolder } from '#test/setup/prepare.ts';
import { freePort } from '#test/support/free-port.ts';
import { type Mirror, startMirror } from '#test/support/mirror.ts';
import { run } from '#test/support/run.ts';
import { useTemp } from '#test/support/temp.ts';
import { until } from '#test/support/until.ts';
import { type CoreHub, coreSuite } from './core-suite.ts';

/*
 * The same suite in front of a hub that other people wrote, in another language, where a checkout has it beside it and
 * Go is there to build it. It guards against a mirror and a fake hub that share one misunderstanding.
 */
const SOURCE = resolve(import.meta.dirname, '../../../shared/bench/fakehub');
const missing = !existsSync(join(SOURCE, 'main.go'))
  ? 'there is no ../shared/bench/fakehub beside the checkout'
  : (await run('go', ['version']).catch(() => undefined))?.status !== 0
    ? 'Go is not installed'
    : undefined;

describe.skipIf(missing !== undefined)('in front of an independent hub', () => {
  const temp = useTemp();
  let hub: { child: ChildProcess; url: string };
  let mirror: Mirror;

  beforeAll(async () => {
    hub = await startIndependentHub();
    mirror = await startMirror({ upstream: hub.url, dataDir: join(await temp('mirror'), 'data') });
  }, 300_000);
  afterAll(async () => {
    await mirror?.stop();
    hub?.child.kill('SIGKILL');
  });

  coreSuite({
    hub: () => coreHub(hub.url),
    mirror: () => mirror,
    person: async (extra = {}) => ({ endpoint: mirror.url, home: await temp('home'), ...extra }),
    tiny: (name) => ({ repo: `bench/tiny-${name.replace('.', '-')}`, fileInFolder: 'sub/f003.json' }),
    big: (name) => `bench/mid-${name}`,
    unknownRepo: 'nobody/no-such-model',
  });
});

if (missing !== undefined) it(`the independent hub is skipped: ${missing}`, (test) => test.skip(missing));

async function startIndependentHub(): Promise<{ child: ChildProcess; url: string }> {
  const folder = await prepareFolder('independent-hub', async (path) => {
    const built = await run('go', ['build', '-o', join(path, 'fakehub'), '.'], {
      cwd: SOURCE,
      env: { ...process.env, GOFLAGS: '-buildvcs=false' },
      timeoutSeconds: 250,
    });
    if (built.status !== 0) throw new Error(built.output);
  });
  const port = await freePort();
  const args = ['-addr', `127.0.0.1:${port}`, '-dir', join(testCache(), 'independent-hub-data')];
  const child = spawn(join(folder, 'fakehub'), args, { stdio: 'ignore' });
  const url = `http://127.0.0.1:${port}`;
  await until('the hub has made its base file', () => fetch(`${url}/__stats`).catch(() => undefined), 240);
  return { child, url };
}

function coreHub(url: string): CoreHub {
  const control = async (query: string) => void (await fetch(`${url}/__ctl?${query}`));
  const stats = async () => (await (await fetch(`${url}/__stats`)).json()) as Record<string, number>;
  return {
    url,
    requests: async () => (await stats()).req ?? 0,
    sent: async (repo) => (await stats())[`cdn_bytes:${repo}`] ?? 0,
    cutAt: (at) => control(`die_after=${at}`),
    wrongByte: () => control('corrupt=1'),
    goAway: () => control('down=1'),
    heal: () => control('die_after=0&corrupt=0&down=0'),
  };
}
