// SPDX-License-Identifier: Apache-2.0
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { airlock } from '#test/support/mirror.ts';
import { run } from '#test/support/run.ts';
import { useWorld } from '#test/support/world.ts';
import { addRepo, CLIENTS, repoOf } from './clients/all.ts';
import type { Seen } from './clients/client.ts';

const OURS = /\[airlock\] This mirror needs a token of its own.*hf auth login --token/;
/** The clients on top of huggingface_hub and beside it, and what each shows of a 401. */
const SHOWN: Readonly<Record<string, Seen>> = {
  transformers: [OURS],
  'datasets, csv': [OURS],
  'datasets, parquet': [OURS],
  'hf-hub, sync': [/request error: http status: 401/],
  'hf-hub, tokio': [/HTTP status client error \(401 /],
};
const clients = CLIENTS.filter(({ name, missing }) => name in SHOWN && missing === undefined);
const world = useWorld({
  config: { access: { anonymous: false } },
  repos: (hub) => {
    for (const client of CLIENTS) addRepo(hub, client, 'cold');
  },
});
let token: string;
beforeAll(async () => {
  token = (await airlock(['token', 'create', 'ci', '--owner', 'ann'], world.mirror)).stdout.trim();
  expect(clients.length).toBeGreaterThan(2);
});

describe.each(clients)('$name on a private mirror', (client) => {
  it('without a token shows what is missing, starts nothing, and has nothing', async () => {
    const before = world.hub.stats.requests;
    const { ok, seen, files } = await client.get(repoOf('cold', client), 'main', await world.person());
    expect(ok).toBe(false);
    for (const text of SHOWN[client.name] ?? []) expect(seen).toMatch(text);
    expect(files).toEqual({});
    expect(world.hub.stats.requests).toBe(before);
  });

  it('downloads when its person has logged in', async () => {
    const person = await world.person();
    // What `hf auth login` leaves behind; hf-hub reads no environment variable.
    await writeFile(join(person.home, 'token'), token);
    const { ok, seen, files } = await client.get(repoOf('cold', client), 'main', person);
    expect(ok, seen).toBe(true);
    expect(Object.keys(files).length).toBeGreaterThan(0);
  });
});

describe('@huggingface/transformers', () => {
  // It gives its token to the public Hub alone, whatever its environment says.
  const script = (fetching: string) => `
    import { AutoConfig, env } from '@huggingface/transformers';
    const [repo, remoteHost, cacheDir, token] = process.argv.slice(1);
    Object.assign(env, { remoteHost, cacheDir });
    ${fetching}
    console.log((await AutoConfig.from_pretrained(repo)).model_type);`;
  const load = async (fetching: string) => {
    const [client] = CLIENTS.filter(({ name }) => name === '@huggingface/transformers');
    if (!client) throw new Error('there is no such client');
    const args = [repoOf('cold', client), world.mirror.url, await world.temp('js'), token];
    return run(process.execPath, ['--input-type=module', '--eval', script(fetching), ...args], {
      cwd: inject('javascript'),
      env: { PATH: process.env.PATH, HF_TOKEN: token },
    });
  };

  it('reads with a fetch that sends the token', async () => {
    expect((await load('')).output).toMatch(/Unauthorized access to file/);
    const read = await load(`env.fetch = (url, init) => {
      const headers = new Headers(init?.headers);
      headers.set('authorization', 'Bearer ' + token);
      return fetch(url, { ...init, headers });
    };`);
    expect(read.status, read.output).toBe(0);
  });
});
