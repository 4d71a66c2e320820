// SPDX-License-Identifier: Apache-2.0
import { connect, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pino } from 'pino';
import { afterEach, describe, expect, test } from 'vitest';
import { type Door, listen } from '#src/ops/door.ts';
import { until } from '#test/support/until.ts';

const open: { door?: Door; sockets: Socket[] } = { sockets: [] };
const lines: Record<string, unknown>[] = [];
const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(JSON.parse(line)) });

async function newDoor(drainMilliseconds = 30_000): Promise<Door> {
  lines.length = 0;
  open.door = await listen('127.0.0.1', 0, log, drainMilliseconds);
  return open.door;
}

async function dial(door: Door, request = ''): Promise<Socket> {
  const socket = connect(door.port, '127.0.0.1');
  open.sockets.push(socket);
  await new Promise<void>((done, fail) => socket.once('connect', done).once('error', fail));
  socket.on('error', () => undefined).write(request);
  return socket;
}

afterEach(async () => {
  for (const socket of open.sockets.splice(0)) socket.destroy();
  await open.door?.close();
});

const GET = 'GET / HTTP/1.1\r\nHost: mirror.test\r\n\r\n';

/** An answer that goes on until it is told to end. */
function endless(): { body: Response; end: () => void } {
  const stream = new Readable({ read: () => undefined });
  stream.push('begun,');
  const body = new Response(Readable.toWeb(stream) as ReadableStream);
  return {
    body,
    end: () => {
      stream.push('ended');
      stream.push(null);
    },
  };
}

test('until it is opened it answers 503 and says when to come again', async () => {
  const door = await newDoor();
  const url = `http://127.0.0.1:${door.port}/`;
  const early = await fetch(url);
  expect(early.status).toBe(503);
  expect(early.headers.get('retry-after')).toBe('1');
  expect(await early.text()).toContain('starting');
  door.open(() => new Response('here'));
  expect(await (await fetch(url)).text()).toBe('here');
});

test('a port that is taken is refused with its number and what to set', async () => {
  const door = await newDoor();
  const second = listen('127.0.0.1', door.port, log);
  await expect(second).rejects.toMatchObject({ code: 'config-invalid', cause: { code: 'EADDRINUSE' } });
  await expect(second).rejects.toThrow(new RegExp(`127.0.0.1:${door.port}.*AIRLOCK_LISTEN`));
});

describe('closing', () => {
  test('lets a running answer end, and closes its connection then', async () => {
    const door = await newDoor();
    const { body, end } = endless();
    door.open(() => body);
    const client = await dial(door, GET);
    await new Promise((done) => client.once('data', done));
    const closed = door.close();
    expect(door.close()).toBe(closed);
    end();
    expect(await text(client)).toContain('ended');
    await closed;
    expect(lines).toMatchObject([{ running: 1 }, { running: 1, cut: 0 }]);
  });

  test('does not wait for connections that ask nothing: new ones, kept ones, and half a request', async () => {
    const door = await newDoor();
    door.open(() => new Response('done'));
    const kept = await dial(door, GET);
    const silent = await dial(door);
    const half = await dial(door, GET.slice(0, 20));
    await new Promise((done) => kept.once('data', done));
    const ends = [kept, silent, half].map((socket) => new Promise((done) => socket.resume().once('close', done)));
    await Promise.all([door.close(), ...ends]);
    expect(lines).toMatchObject([{ running: 0 }, { running: 0, cut: 0 }]);
  });

  test('cuts what has not ended in time, and says how many', async () => {
    const door = await newDoor(100);
    door.open(() => endless().body);
    const clients = [await dial(door, GET), await dial(door, GET)];
    for (const client of clients) await new Promise((done) => client.once('data', done));
    await door.close();
    await until('both are cut', () => clients.every(({ closed }) => closed));
    expect(lines).toMatchObject([{ running: 2 }, { running: 2, cut: 2, level: 40 }]);
  });
});
