// SPDX-License-Identifier: Apache-2.0
import { expect, it, onTestFinished } from 'vitest';
import type { Attempt, Endpoint } from '#src/notify/endpoint.ts';
import { quarantined } from '#test/notify/rig.ts';
import { ADMIN_TOKEN, openHouse, post, send } from '#test/support/house.ts';
import { useTemp } from '#test/support/temp.ts';
import { until } from '#test/support/until.ts';

const temp = useTemp();

/** One that answers what the test says. */
function endpoint(name: string) {
  const sent: string[] = [];
  const one = {
    name,
    sent,
    attempt: { type: 'sent', answer: 'HTTP 204' } as Attempt,
    events: new Set(['quarantined'] as const),
    send: async (id: string) => {
      sent.push(id);
      return one.attempt;
    },
  };
  return one satisfies Endpoint;
}

interface Listed {
  readonly endpoints: { name: string; gone: boolean }[];
  readonly messages: { id: string; state: string; nextAt: string | null; text: string; lastError: string | null }[];
}

async function open() {
  const [siem, chat] = [endpoint('siem'), endpoint('chat')];
  const house = await openHouse({
    folder: await temp('admin'),
    upstream: 'http://127.0.0.1:9',
    endpoints: [siem, chat],
  });
  onTestFinished(house.close);
  const list = async (query = ''): Promise<Listed> => {
    const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
    return (await (await send(house, `/api/airlock/notifications${query}`, { headers })).json()) as Listed;
  };
  return { house, siem, chat, list };
}

it('dead letters are listed, tried again at once, and discarded; each by id, endpoint, or all', async () => {
  const { house, siem, list } = await open();
  siem.attempt = { type: 'gone', answer: 'HTTP 410' };
  house.notifications.announce(quarantined());
  const dead = await until('one is dead', async () => {
    const { messages } = await list('?state=dead');
    return messages.length === 1 && messages[0];
  });
  expect(dead).toMatchObject({
    state: 'dead',
    nextAt: null,
    lastError: 'HTTP 410',
    text: expect.stringContaining('org/name'),
  });
  expect((await list()).endpoints).toMatchObject([
    { name: 'siem', gone: true },
    { name: 'chat', gone: false },
  ]);
  expect((await post(house, 'notifications/retry', { endpoint: 'chat' })).body).toEqual({ retried: 0 });
  siem.attempt = { type: 'sent', answer: 'HTTP 204' };
  expect((await post(house, 'notifications/retry', { id: dead.id })).body).toEqual({ retried: 1 });
  await until('it is sent', async () => (await list('?state=dead')).messages.length === 0 && siem.sent.length === 2);
  expect(new Set(siem.sent)).toEqual(new Set([dead.id]));
  expect((await list()).endpoints[0]).toMatchObject({ gone: false });

  siem.attempt = { type: 'gone', answer: 'HTTP 410' };
  house.notifications.announce(quarantined());
  await until('another is dead', async () => (await list('?state=dead')).messages.length === 1);
  expect((await post(house, 'notifications/discard', { endpoint: 'chat' })).body).toEqual({ discarded: 0 });
  expect((await post(house, 'notifications/discard', { all: true })).body).toEqual({ discarded: 1 });
  expect((await list('?endpoint=siem')).messages.map(({ state }) => state)).toEqual(['sent']);
});

it('what was sent is neither tried again nor discarded', async () => {
  const { house, list } = await open();
  house.notifications.announce(quarantined());
  await until('both are sent', async () => (await list('?state=sent')).messages.length === 2);
  expect((await post(house, 'notifications/retry', { all: true })).body).toEqual({ retried: 0 });
  expect((await post(house, 'notifications/discard', { all: true })).body).toEqual({ discarded: 0 });
});

it('a test goes out at once, says what came back, and opens what was gone', async () => {
  const { house, siem, list } = await open();
  siem.attempt = { type: 'gone', answer: 'HTTP 410' };
  house.notifications.announce(quarantined());
  await until('it is gone', async () => (await list()).endpoints[0]?.gone);
  expect((await post(house, 'notifications/test', { endpoint: 'siem' })).body).toEqual({
    endpoint: 'siem',
    result: 'gone',
    answer: 'HTTP 410',
  });
  siem.attempt = { type: 'sent', answer: 'HTTP 204' };
  expect((await post(house, 'notifications/test', { endpoint: 'siem' })).body).toMatchObject({ result: 'sent' });
  expect((await list()).endpoints[0]?.gone).toBe(false);
});

it.each([
  ['test', { endpoint: 'nobody' }, 404, 'There are: siem, chat'],
  ['test', {}, 400, 'endpoint'],
  ['retry', {}, 400, 'name one of id, endpoint, and all: true'],
  ['discard', { id: 'a', all: true }, 400, 'name one of id'],
  ['discard', { all: false }, 400, 'all'],
  ['retry', undefined, 400, 'Invalid input'],
])('%s with %j is refused with %i', async (verb, body, status, says) => {
  const { house } = await open();
  const answer = await post(house, `notifications/${verb}`, body === undefined ? '' : body);
  expect([answer.status, answer.body.error]).toEqual([status, expect.stringContaining(says)]);
});
