// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { get, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { addBig } from '#test/fake-hub/repos.ts';
import { call, type Snapshot } from '#test/support/clients.ts';
import { download } from '#test/support/http.ts';
import { until } from '#test/support/until.ts';
import { useWorld } from '#test/support/world.ts';

const CLIENTS = 200;
const PATH = '/acme/big/resolve/main/model.safetensors';
const REQUEST = `GET ${PATH} HTTP/1.1\r\nHost: mirror.test\r\n\r\n`;

const world = useWorld({ repos: (hub) => void addBig(hub, 24, 'acme/big') });

// Linux tells what a process holds; elsewhere nobody can say without tools of the system.
describe.skipIf(process.platform !== 'linux')('clients that do not read', () => {
  const sockets: Socket[] = [];
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy();
  });

  const descriptors = async (): Promise<number> => (await readdir(`/proc/${world.mirror.pid}/fd`)).length;

  async function residentMegabytes(): Promise<number> {
    const status = await readFile(`/proc/${world.mirror.pid}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
  }

  /** Asks, and never reads an answer: a socket without a listener for data takes nothing from the kernel. */
  async function stall(request: string): Promise<Socket> {
    const socket = connect(Number(new URL(world.mirror.url).port), '127.0.0.1');
    await new Promise<void>((done, fail) => socket.once('connect', done).once('error', fail));
    socket.on('error', () => undefined).write(request);
    sockets.push(socket);
    return socket;
  }

  let whole: { size: number; sha256: string };
  let base: number;

  beforeAll(async () => {
    await call<Snapshot>('2.4', 'snapshot', { repo_id: 'acme/big' }, await world.person());
    // A process that has not talked to upstream: connections that are kept for a while would be counted, too.
    await world.restart();
    const { size, sha256 } = await download(world.mirror.url, PATH);
    whole = { size, sha256 };
    let before = 0;
    base = await until('descriptors settle', async () => {
      const now = await descriptors();
      await sleep(300);
      const settled = now === before;
      before = now;
      return settled && now;
    });
  });

  it('cost little, are cut off in the end, and nobody else waits for them', async () => {
    const slow = readSlowly(`${world.mirror.url}${PATH}`, 75_000);
    for (let i = 0; i < CLIENTS; i++) await stall(REQUEST);
    await until('every answer has begun', async () => (await descriptors()) >= base + 2 * CLIENTS);
    expect(await download(world.mirror.url, PATH)).toMatchObject(whole);
    expect(await residentMegabytes()).toBeLessThan(250);

    for (const socket of sockets.splice(0, CLIENTS / 2)) socket.destroy();
    await until('what those held who went away is free', async () => (await descriptors()) <= base + CLIENTS + 2);
    expect(await download(world.mirror.url, PATH)).toMatchObject(whole);
    // The others stay, and stay silent. One connection and one file are left for the client that reads slowly.
    await until('the silent ones are cut off', async () => (await descriptors()) <= base + 2, 110);
    expect(await slow).toEqual(whole);
    await until('everything is free', async () => (await descriptors()) <= base);
  }, 180_000);

  it('cannot open files by the hundred with requests that wait behind each other', async () => {
    const before = await descriptors();
    const greedy = await stall(REQUEST.repeat(300));
    await until('the first answer has begun', async () => (await descriptors()) >= before + 2);
    await sleep(500);
    expect(await descriptors()).toBeLessThanOrEqual(before + 2);
    greedy.destroy();
    await until('everything is free', async () => (await descriptors()) <= base);
  });

  it('leave nothing open when they go at any moment', async () => {
    for (let i = 0; i < 60; i++) {
      const socket = await stall(i % 3 === 0 ? REQUEST.replace('GET', 'HEAD') : REQUEST);
      // Before the file is opened, while it is, and after.
      if (i % 4 > 0) await sleep(i % 5);
      socket.destroy();
    }
    await until('everything is free', async () => (await descriptors()) <= base);
  });
});

/** 32 KiB a second, and after `milliseconds` as fast as it goes. */
async function readSlowly(url: string, milliseconds: number): Promise<{ size: number; sha256: string }> {
  const answer = await new Promise<IncomingMessage>((done, fail) => get(url, { agent: false }, done).on('error', fail));
  const hash = createHash('sha256');
  const begun = performance.now();
  let size = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    hash.update(chunk);
    size += chunk.length;
    if (performance.now() - begun < milliseconds) await sleep((chunk.length / (32 * 1024)) * 1000);
  }
  return { size, sha256: hash.digest('hex') };
}
