// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { addBig } from '#test/fake-hub/repos.ts';
import { type FakeHub, startFakeHub } from '#test/fake-hub/server.ts';
import { hf } from '#test/support/clients.ts';
import { type ForwardProxy, startForwardProxy } from '#test/support/forward-proxy.ts';
import { startMirror } from '#test/support/mirror.ts';
import { useTemp } from '#test/support/temp.ts';

const temp = useTemp();
let hub: FakeHub;
let proxy: ForwardProxy;
beforeAll(async () => {
  hub = await startFakeHub();
  for (const name of ['through', 'around']) addBig(hub, 2, `acme/${name}`);
  // A name that resolves nowhere but at the proxy: a mirror that went around it would find nothing.
  proxy = await startForwardProxy({ 'hub.invalid': new URL(hub.url).host });
});
afterAll(async () => {
  await proxy.stop();
  await hub.stop();
});

async function downloadWith(env: Record<string, string>, upstream: string, repo: string) {
  const mirror = await startMirror({ upstream, env, dataDir: join(await temp('mirror'), 'data') });
  const result = await hf('2.4', ['download', repo], { endpoint: mirror.url, home: await temp('home') });
  await mirror.stop();
  expect(result.status, `${result.output}\n${mirror.logs()}`).toBe(0);
}

it('goes through the proxy that the environment names, to the hub and to its CDN', async () => {
  await downloadWith({ HTTP_PROXY: proxy.url, HTTPS_PROXY: proxy.url }, 'http://hub.invalid', 'acme/through');
  expect(new Set(proxy.hosts)).toEqual(new Set(['hub.invalid', new URL(hub.cdnUrl).host]));
});

it('goes around it for the hosts of NO_PROXY', async () => {
  proxy.hosts.length = 0;
  const env = { HTTP_PROXY: proxy.url, HTTPS_PROXY: proxy.url, NO_PROXY: '127.0.0.1,127.0.0.2' };
  await downloadWith(env, hub.url, 'acme/around');
  expect(proxy.hosts).toEqual([]);
});
