// SPDX-License-Identifier: Apache-2.0
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addHostile, addTiny } from '#test/fake-hub/repos.ts';
import { HUB_VERSIONS, hf, probe, verifier } from '#test/support/clients.ts';
import { ask } from '#test/support/http.ts';
import { type ReverseProxy, startReverseProxy } from '#test/support/reverse-proxy.ts';
import { run } from '#test/support/run.ts';
import { until } from '#test/support/until.ts';
import { useWorld } from '#test/support/world.ts';

const SCRIPT = resolve(import.meta.dirname, '../support/certificate.py');
let authority: string;
const proxies = {} as Record<'kept' | 'stripped', ReverseProxy>;

/** The proxy is on the loopback, which is trusted; the address in front of it is what clients know. */
const world = useWorld({
  config: { trustedProxies: ['127.0.0.1'] },
  repos: (hub) => {
    addTiny(hub);
    addHostile(hub);
  },
});

beforeAll(async () => {
  const pem = (await verifier('python', [SCRIPT])).stdout;
  const at = pem.indexOf('-----BEGIN CERTIFICATE');
  const tls = { key: pem.slice(0, at), cert: pem.slice(at) };
  authority = join(await world.temp('tls'), 'authority.pem');
  await writeFile(authority, tls.cert);
  for (const [name, strip] of [
    ['kept', false],
    ['stripped', true],
  ] as const)
    proxies[name] = await startReverseProxy({ target: world.mirror.url, tls, path: '/airlock', strip });
});
afterAll(() => {
  for (const proxy of Object.values(proxies)) proxy.stop();
});

/** A client that trusts the organisation's own certificate, as its users have it. */
const person = (endpoint: string) =>
  world.person({
    endpoint,
    env: { SSL_CERT_FILE: authority, REQUESTS_CA_BUNDLE: authority, CURL_CA_BUNDLE: authority },
  });

describe.each([
  ['takes it off and says so', 'stripped'],
  ['passes it on', 'kept'],
] as const)('below a path of a TLS host, where the proxy %s', (_, name) => {
  beforeAll(async () => {
    // A proxy that passes the path on says nothing of it: the mirror has to know.
    const config = name === 'kept' ? { publicUrl: proxies[name].url } : {};
    await world.restart({ config: { trustedProxies: ['127.0.0.1'], ...config } });
  });

  it.each(HUB_VERSIONS)('huggingface_hub %s downloads', async (version) => {
    const { url } = proxies[name];
    const result = await hf(version, ['download', 'acme/tiny'], await person(url));
    expect(result.status, result.output).toBe(0);
  });

  it.each(HUB_VERSIONS)(
    'huggingface_hub %s shows a refusal whose link leads back through the proxy',
    async (version) => {
      const { url } = proxies[name];
      const args = { repo_id: 'acme/hostile', filename: 'pytorch_model.bin' };
      const answer = await probe(version, 'file', args, await person(url));
      expect('error' in answer && answer.error).toBe('GatedRepoError');
      const link = /Details: (\S+)/.exec('message' in answer ? answer.message : '')?.[1] ?? '';
      expect(link.startsWith(`${url}/api/airlock/models/acme/hostile/revision/`)).toBe(true);
      const details = await run('curl', ['-fsS', '--cacert', authority, link], { env: { PATH: process.env.PATH } });
      expect(JSON.parse(details.stdout)).toMatchObject({ state: 'denied' });
    },
  );

  it('the log has the address of the client, and not of the proxy', async () => {
    const path = `/acme/tiny/resolve/main/missing-${name}.txt`;
    await ask(world.mirror.url, path, { headers: { 'x-forwarded-for': '203.0.113.7' } });
    await ask(world.mirror.url, '/api/models/a..b/c', { headers: { 'x-forwarded-for': '203.0.113.7' } });
    await until('the log has the address', () => world.mirror.logs().includes('"address":"203.0.113.7"'));
  });
});
