// SPDX-License-Identifier: Apache-2.0
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { clientOptions, createApiClient, readerOptions } from '#src/cli/api-client.ts';
import { freePort } from '#test/support/free-port.ts';
import { useTemp } from '#test/support/temp.ts';

const temp = useTemp();
let close = () => {};
afterEach(() => close());

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  close = () => {
    server.closeAllConnections();
    server.close();
  };
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('the mirror to talk to', () => {
  it.each([
    [{}, 'http://127.0.0.1:8080'],
    [{ AIRLOCK_LISTEN: '127.0.0.1:99' }, 'http://127.0.0.1:99'],
    [{ AIRLOCK_LISTEN: '0.0.0.0:8080' }, 'http://127.0.0.1:8080'],
    [{ AIRLOCK_LISTEN: '[::]:8081' }, 'http://[::1]:8081'],
    [{ AIRLOCK_LISTEN: '[0:0:0:0:0:0:0:0]:8081' }, 'http://[::1]:8081'],
    [{ AIRLOCK_LISTEN: '0.0.0.0:80' }, 'http://127.0.0.1:80'],
    [{ AIRLOCK_LISTEN: '[::1]:8080' }, 'http://[::1]:8080'],
    [{ AIRLOCK_LISTEN: 'mirror.lan:8080' }, 'http://mirror.lan:8080'],
    [{ AIRLOCK_LISTEN: '0.0.0.0:8080', AIRLOCK_URL: 'https://mirror.example/' }, 'https://mirror.example'],
  ])('%j is %s', async (env, url) => {
    expect((await clientOptions({ AIRLOCK_ADMIN_TOKEN: 't', ...env })).url).toBe(url);
  });
});

it.each([
  [
    { HF_ENDPOINT: 'https://m.example/airlock/', HF_TOKEN: 'hf_r', AIRLOCK_ADMIN_TOKEN: 'admin' },
    { url: 'https://m.example/airlock', token: 'hf_r' },
  ],
  [{ HF_ENDPOINT: 'https://m.example', AIRLOCK_ADMIN_TOKEN: 'admin' }, { url: 'https://m.example' }],
  [
    { HF_ENDPOINT: 'https://m.example', HF_TOKEN: 'hf_r', AIRLOCK_URL: 'http://a', AIRLOCK_ADMIN_TOKEN: 'admin' },
    { url: 'http://a', token: 'admin' },
  ],
])('a reader with %j asks as %j: no administrative token goes where downloads go', async (env, options) => {
  const home = await temp('nobody');
  expect(await readerOptions({ HOME: home, ...env })).toEqual(options);
});

it('a reader who logged in with hf asks with that token, where downloads go and nowhere else', async () => {
  const [home, url] = [await temp('home'), 'https://m.example'];
  await mkdir(join(home, '.cache/huggingface'), { recursive: true });
  await writeFile(join(home, '.cache/huggingface/token'), 'hf_login\n');
  const env = { HOME: home, HF_ENDPOINT: url };
  expect(await readerOptions(env)).toEqual({ url, token: 'hf_login' });
  expect(await readerOptions({ ...env, HF_TOKEN: 'hf_r' })).toEqual({ url, token: 'hf_r' });
  expect(await readerOptions({ ...env, HOME: '/', HF_HOME: join(home, '.cache/huggingface') })).toEqual({
    url,
    token: 'hf_login',
  });
  expect(await readerOptions({ ...env, AIRLOCK_URL: 'http://a', INIT_CWD: home })).toEqual({ url: 'http://a' });
});

describe('the token of the data folder', () => {
  it('is found from where npm was called', async () => {
    const folder = await temp('caller');
    await mkdir(join(folder, 'data/keys'), { recursive: true });
    await writeFile(join(folder, 'data/keys/admin.token'), 'airlock_here\n');
    const env = { INIT_CWD: folder, npm_lifecycle_event: 'airlock' };
    expect((await clientOptions(env)).token).toBe('airlock_here');
    expect((await clientOptions({ ...env, AIRLOCK_DATA: 'data' })).token).toBe('airlock_here');
    expect((await clientOptions({ ...env, AIRLOCK_DATA: join(folder, 'data') })).token).toBe('airlock_here');
    // Another script of another package runs where it says, wherever its caller was.
    expect((await clientOptions({ ...env, npm_lifecycle_event: 'test' })).token).not.toBe('airlock_here');
  });
});

describe('no answer', () => {
  it('nobody listens: says how to start a mirror', async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    await expect(createApiClient({ url }).get('intakes')).rejects.toThrow(/^No mirror answers at .*npm start/);
  });

  it.each([
    ['a slow answer', (() => {}) satisfies RequestListener],
    ['a connection that breaks', ((request) => request.socket.destroy()) satisfies RequestListener],
  ])('%s is not a mirror that does not run', async (_name, listener) => {
    const url = await serve(listener);
    const asked = createApiClient({ url, patienceMilliseconds: 300 }).post('approve', {});
    await expect(asked).rejects.toThrow(/^The mirror at .* gave no answer .*airlock status/);
  });

  it.each([
    ['{"error": "[airlock] No.", "code": "EntryNotFound"}', 'No.', 'EntryNotFound'],
    ['not JSON', 'The mirror answered 404.', undefined],
    ['null', 'The mirror answered 404.', undefined],
    ['{"error": 7}', 'The mirror answered 404.', undefined],
  ])('an error with the body %s', async (body, message, code) => {
    const url = await serve((_, response) => response.writeHead(404).end(body));
    const error: unknown = await createApiClient({ url })
      .get('x')
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ message, subject: { status: 404, code } });
  });
});
