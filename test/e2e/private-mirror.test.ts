// SPDX-License-Identifier: Apache-2.0
import { connect } from 'node:net';
import { join } from 'node:path';
import { downloadFile, fileExists, whoAmI } from '@huggingface/hub';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { runCli } from '#test/cli/run-cli.ts';
import { addTiny } from '#test/fake-hub/repos.ts';
import { call, HUB_VERSIONS, type HubVersion, hf, probe, type Snapshot } from '#test/support/clients.ts';
import { filesBelow } from '#test/support/files.ts';
import { ask } from '#test/support/http.ts';
import { airlock } from '#test/support/mirror.ts';
import { run } from '#test/support/run.ts';
import { until } from '#test/support/until.ts';
import { useWorld } from '#test/support/world.ts';

/** Of the public Hub, as people have it in their environment. */
const FOREIGN = 'hf_personalTokenOfTheDataScientist000002';
const world = useWorld({
  config: { access: { anonymous: false }, log: { level: 'debug' } },
  repos: (hub) => {
    hub.accounts.add(FOREIGN);
    addTiny(hub);
    addTiny(hub, 'acme/never-asked-for');
  },
});
let token: string;
beforeAll(async () => {
  token = await create('laptop');
});

async function create(name: string): Promise<string> {
  const { stdout, output } = await airlock(['token', 'create', name, '--owner', 'ann'], world.mirror);
  expect(stdout, output).toMatch(/^hf_airlock\w{49}\n$/);
  return stdout.trim();
}

/** What every person has to see: what is wrong, and what to do. */
const SAYS = /\[airlock\] This mirror needs a token of its own.*airlock token create.*hf auth login --token/;
const login = (version: HubVersion, secret: string) =>
  version === '0.23' ? ['login', '--token', secret] : ['auth', 'login', '--token', secret];
const whoami = (version: HubVersion) => (version === '0.23' ? ['whoami'] : ['auth', 'whoami']);

describe.each(HUB_VERSIONS)('huggingface_hub %s', (version) => {
  it.each([
    ['no token', {}],
    ['the token of another hub', { HF_TOKEN: FOREIGN }],
  ])('with %s is told what to do, by the command and by the library, and starts nothing', async (_, env) => {
    const before = world.hub.stats.requests;
    const repo = 'acme/never-asked-for';
    for (const args of [[repo], [repo, 'config.json']]) {
      const result = await hf(version, ['download', ...args], await world.person({ env }));
      expect(result.status).not.toBe(0);
      expect(result.output).toMatch(SAYS);
    }
    for (const name of ['file', 'info'] as const) {
      const args = { repo_id: repo, ...(name === 'file' ? { filename: 'config.json' } : {}) };
      const raised = await probe(version, name, args, await world.person({ env }));
      expect(raised).toMatchObject({ error: 'GatedRepoError', message: expect.stringMatching(SAYS) });
    }
    expect(world.hub.stats.requests).toBe(before);
  });

  it('logs in with a token of this mirror, knows who it is, and downloads', async () => {
    const person = await world.person();
    const result = await hf(version, login(version, token), person);
    expect(result.status, result.output).toBe(0);
    expect(result.output).toMatch(/permission: read.*Login successful/s);
    if (version !== '0.23') expect(result.output).toContain('The token `laptop` has been saved');
    const who = await hf(version, whoami(version), person);
    expect([who.status, who.stdout]).toEqual([0, expect.stringContaining('ann')]);
    const snapshot = await call<Snapshot>(version, 'snapshot', { repo_id: 'acme/tiny' }, person);
    expect(snapshot.commit).toBe(world.hub.repo('acme/tiny').head().id);
  });

  it('logs in with nothing else', async () => {
    const person = await world.person();
    const result = await hf(version, login(version, FOREIGN), person);
    expect(result.status).not.toBe(0);
    expect(result.output).toMatch(/Invalid (user )?token/);
    if (version === '2.4') expect(result.output).toMatch(SAYS);
    expect((await filesBelow(person.home)).filter(({ bytes }) => bytes.includes(FOREIGN))).toEqual([]);
  });

  it('with the token in HF_TOKEN downloads', async () => {
    const result = await hf(version, ['download', 'acme/tiny'], await world.person({ env: { HF_TOKEN: token } }));
    expect(result.status, result.output).toBe(0);
  });
});

it('huggingface-cli of 0.36, the old name of the command, logs in and downloads', async () => {
  const { home, endpoint } = await world.person();
  const env = { PATH: process.env.PATH, HOME: home, HF_HOME: home, HF_ENDPOINT: endpoint };
  const command = join(inject('python')['hub-0.36'], 'huggingface-cli');
  const result = await run(command, ['login', '--token', token], { env });
  expect(result.status, result.output).toBe(0);
  expect((await run(command, ['whoami'], { env })).output).toContain('ann');
  expect((await run(command, ['download', 'acme/tiny', 'config.json'], { env })).status).toBe(0);
});

it('@huggingface/hub shows the reason, and reads with the token', async () => {
  const target = { repo: 'acme/tiny', hubUrl: world.mirror.url };
  await expect(downloadFile({ ...target, path: 'config.json' })).rejects.toThrow(SAYS);
  await expect(downloadFile({ ...target, path: 'config.json', accessToken: FOREIGN })).rejects.toThrow(SAYS);
  // A HEAD has no body to read a reason from.
  await expect(fileExists({ ...target, path: 'config.json' })).rejects.toThrow(/status 401/);
  expect((await downloadFile({ ...target, path: 'config.json', accessToken: token }))?.size).toBeGreaterThan(0);
  expect(await fileExists({ ...target, path: 'config.json', accessToken: token })).toBe(true);
  const who = await whoAmI({ hubUrl: world.mirror.url, accessToken: token });
  expect(who).toMatchObject({ type: 'user', name: 'ann', orgs: [], auth: { accessToken: { displayName: 'laptop' } } });
  expect(who.auth.accessToken?.createdAt).toBeInstanceOf(Date);
  await expect(whoAmI({ hubUrl: world.mirror.url, accessToken: FOREIGN })).rejects.toThrow('Invalid username');
});

it('curl shows the reason, and reads with the token', async () => {
  const url = `${world.mirror.url}/acme/tiny/resolve/main/config.json`;
  const refused = await run('curl', ['-sS', '--fail-with-body', url]);
  expect([refused.status, refused.stdout]).toEqual([22, expect.stringMatching(SAYS)]);
  const served = await run('curl', ['-sS', '--fail-with-body', '-H', `Authorization: Bearer ${token}`, url]);
  expect([served.status, served.stdout]).toEqual([0, expect.stringContaining('model_type')]);
});

it('airlock pull fetches ahead with the token of a reader, and with nothing else', async () => {
  const cwd = await world.temp('cli');
  const env = { HF_ENDPOINT: world.mirror.url, AIRLOCK_DATA: cwd };
  for (const more of [{}, { HF_TOKEN: FOREIGN }]) {
    const before = world.hub.stats.requests;
    const refused = await runCli(['pull', 'acme/never-asked-for'], cwd, { ...env, ...more });
    expect([refused.status, refused.output]).toEqual([70, expect.stringMatching(/private\. To read, .*HF_TOKEN/)]);
    expect(world.hub.stats.requests).toBe(before);
  }
  const pulled = await runCli(['pull', 'acme/tiny'], cwd, { ...env, HF_TOKEN: token });
  expect([pulled.status, pulled.stdout], pulled.output).toEqual([0, expect.stringContaining('approved')]);
});

it('git is not asked for a password, and shows the way that works', async () => {
  const env = {
    PATH: process.env.PATH,
    HOME: await world.temp('git'),
    GIT_TERMINAL_PROMPT: '1',
    GIT_ASKPASS: '/bin/false',
  };
  const result = await run('git', ['clone', `${world.mirror.url}/acme/tiny`], { env, cwd: env.HOME });
  expect(result.status).toBe(128);
  expect(result.output).toMatch(/remote: \[airlock\] .*hf download acme\/tiny/);
  expect(result.output).not.toMatch(/password|askpass|Authentication/i);
});

describe('bytes that no client sends as a header', () => {
  const lines: [name: string, header: string][] = [
    ['a huge one', `Authorization: Bearer ${'a'.repeat(15_000)}`],
    ['one that no server reads', `Authorization: Bearer ${'a'.repeat(100_000)}`],
    ['a huge one of spaces', `Authorization: Bearer ${' '.repeat(15_000)}x`],
    ['two', `Authorization: Bearer x\r\nAuthorization: Bearer y`],
    ['two, one of them empty', `Authorization:\r\nAuthorization: Bearer y`],
    ['UTF-8', 'Authorization: Bearer t\u00f6k\u20acn'],
    ['raw bytes', 'Authorization: Bearer \u00ff\u00fe\u0080'],
    ['tabs', `Authorization:\tBearer\tT`],
    ['a tab before the token', `Authorization: Bearer \tT`],
    ['a fold', `Authorization: Bearer\r\n T`],
    ['a zero', 'Authorization: Bearer T\u0000'],
    ['Basic', 'Authorization: Basic dDp0'],
    ['nothing', 'Authorization:'],
    ['spaces before the colon', 'Authorization : Bearer T'],
  ];
  it.each(lines)('%s is refused, and the mirror goes on', async (_, header) => {
    for (const path of ['/api/models/acme/tiny', '/api/whoami-v2', '/api/airlock/intakes']) {
      const answer = await raw(`GET ${path} HTTP/1.1\r\nHost: x\r\n${header.replaceAll('T', token)}\r\n\r\n`);
      expect(answer, path).toMatch(/^HTTP\/1\.1 4\d\d /);
      expect(answer).not.toContain(token);
    }
  });

  it('in lower case, and with spaces around, it opens', async () => {
    for (const header of [`authorization: bearer ${token}`, `AUTHORIZATION:    BEARER   ${token}   `])
      expect(await raw(`GET /api/models/acme/tiny HTTP/1.1\r\nHost: x\r\n${header}\r\n\r\n`)).toMatch(
        /^HTTP\/1\.1 200 /,
      );
  });
});

/** The first line of the answer, and its headers. */
function raw(request: string): Promise<string> {
  const { hostname, port } = new URL(world.mirror.url);
  return new Promise((done, fail) => {
    let seen = '';
    const socket = connect(Number(port), hostname, () => socket.write(request, 'latin1'));
    socket.setTimeout(20_000, () => socket.destroy(new Error('no answer')));
    socket.on('data', (bytes) => {
      seen += bytes.toString('latin1');
      if (seen.includes('\r\n\r\n')) socket.destroy();
    });
    socket.on('error', (error) => (seen === '' ? fail(error) : undefined));
    socket.on('close', () => done(seen));
  });
}

it('a token that is revoked opens nothing from that moment on', async () => {
  const other = await create('lost');
  const headers = { authorization: `Bearer ${other}` };
  const path = '/acme/tiny/resolve/main/config.json';
  expect((await ask(world.mirror.url, path, { headers })).status).toBe(200);
  const listed = JSON.parse((await airlock(['token', 'list', '--json'], world.mirror)).stdout);
  const { id, lastUsedAt } = listed.find(({ name }: { name: string }) => name === 'lost');
  expect(Date.now() - Date.parse(lastUsedAt)).toBeLessThan(60_000);
  expect((await airlock(['token', 'revoke', id], world.mirror)).status).toBe(0);
  expect((await ask(world.mirror.url, path, { headers })).status).toBe(401);
  await until('the log says why', () => world.mirror.logs().includes(`"tokenId":"${id}","why":"revoked"`));
  expect(world.mirror.logs()).not.toContain(other);
});

it('tokens, and when they were last used, outlive the process; no file and no log line has one', async () => {
  const fresh = await create('fresh');
  const headers = { authorization: `Bearer ${fresh}` };
  expect((await ask(world.mirror.url, '/api/models/acme/tiny', { headers })).status).toBe(200);
  await world.mirror.stop();
  const logs = world.mirror.logs();
  await world.restart();
  const listed = JSON.parse((await airlock(['token', 'list', '--json'], world.mirror)).stdout);
  expect(listed.find(({ name }: { name: string }) => name === 'fresh').lastUsedAt).not.toBeNull();
  expect((await ask(world.mirror.url, '/api/models/acme/tiny', { headers })).status).toBe(200);
  const files = await filesBelow(world.mirror.dataDir);
  expect(files.length).toBeGreaterThan(0);
  for (const secret of [token, fresh]) {
    expect(logs + world.mirror.logs()).not.toContain(secret);
    expect(files.filter(({ bytes }) => bytes.includes(secret.slice(10)))).toEqual([]);
    expect(world.hub.stats.tokens.has(secret)).toBe(false);
  }
  expect([...world.hub.stats.tokens]).toEqual([]);
});
