// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, it } from 'vitest';
import type { Announcement } from '#src/domain/announcement.ts';
import type { Attempt, Endpoint } from '#src/notify/endpoint.ts';
import { useTemp } from '#test/support/temp.ts';
import { until } from '#test/support/until.ts';
import { type Receiver, startReceiver } from './receiver.ts';
import { type NotifyRig, opened, quarantined, startNotifications, webhookTo } from './rig.ts';

const temp = useTemp();

const rows = async ({ index }: Pick<NotifyRig, 'index'>) => (await index.notifications.list({}, 20_000)).reverse();
const allAre = (rig: NotifyRig, state: string) =>
  until(`all are ${state}`, async () => {
    const found = await rows(rig);
    return found.length > 0 && found.every((row) => row.state === state) && found;
  });
const bodies = ({ posts }: Receiver) => posts.map(({ body }) => JSON.parse(body));
const reasons = (receiver: Receiver) => bodies(receiver).map(({ data }) => data.reason);

it('what is announced arrives once, in order, and is kept as sent', async () => {
  const receiver = await startReceiver();
  const rig = await startNotifications(await temp('notify'), [webhookTo(receiver.url)]);
  for (let n = 0; n < 10; n++) rig.notifications.announce(quarantined(`reason ${n}`));
  await allAre(rig, 'sent');
  expect(reasons(receiver)).toEqual(Array.from({ length: 10 }, (_, n) => `reason ${n}`));
  expect(bodies(receiver)[0]).toMatchObject({
    type: 'quarantined',
    text: '[airlock] org/name@aaaaaaa is quarantined and not served any more: reason 0',
    data: { repo: { kind: 'models', id: 'org/name' }, commit: 'a'.repeat(40) },
  });
});

it('an endpoint is told of its events alone', async () => {
  const receiver = await startReceiver();
  const rig = await startNotifications(await temp('notify'), [webhookTo(receiver.url, { events: ['case-opened'] })]);
  rig.notifications.announce(quarantined());
  rig.notifications.announce(opened(1));
  expect((await allAre(rig, 'sent')).map(({ event }) => event)).toEqual(['case-opened']);
});

it('while an endpoint is away its messages keep their order, and nothing else is tried', async () => {
  const receiver = await startReceiver(503);
  const schedule = { tries: 1000, firstSeconds: 0.05, factor: 1, longestSeconds: 1 };
  const rig = await startNotifications(await temp('notify'), [webhookTo(receiver.url)], { schedule });
  for (let n = 0; n < 5; n++) rig.notifications.announce(quarantined(`reason ${n}`));
  await until('three tries', () => receiver.posts.length >= 3);
  expect(new Set(reasons(receiver))).toEqual(new Set(['reason 0']));
  expect(new Set(receiver.posts.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
  receiver.posts.length = 0;
  receiver.answer = 204;
  await allAre(rig, 'sent');
  const seen = reasons(receiver);
  expect(seen.slice(seen.lastIndexOf('reason 0'))).toEqual(Array.from({ length: 5 }, (_, n) => `reason ${n}`));
});

it('a message that is refused lets the others pass, and is a dead letter after the last try', async () => {
  const receiver = await startReceiver((response, { body }) =>
    response.writeHead(body.includes('bad') ? 400 : 204).end(),
  );
  const rig = await startNotifications(await temp('notify'), [webhookTo(receiver.url)]);
  rig.notifications.announce(quarantined('bad'));
  rig.notifications.announce(quarantined('good'));
  const found = await until('one is dead', async () => {
    const all = await rows(rig);
    return all.some(({ state }) => state === 'dead') && all;
  });
  expect(found).toMatchObject([
    { state: 'dead', attempts: 3, lastError: 'HTTP 400' },
    { state: 'sent', attempts: 1, lastError: null },
  ]);
  expect(reasons(receiver).sort()).toEqual(['bad', 'bad', 'bad', 'good']);
  expect(rig.log.at(-1)).toMatchObject({ level: 'error', details: { endpoint: 'siem', answer: 'HTTP 400', tried: 3 } });
});

it('410 closes an endpoint: what waits is dead, and nothing more is written for it', async () => {
  const receiver = await startReceiver(410);
  const rig = await startNotifications(await temp('notify'), [webhookTo(receiver.url)]);
  for (let n = 0; n < 3; n++) rig.notifications.announce(quarantined());
  const found = await allAre(rig, 'dead');
  expect(found.map(({ lastError }) => lastError)).toEqual(['HTTP 410', 'HTTP 410', 'HTTP 410']);
  expect(receiver.posts).toHaveLength(1);
  rig.notifications.announce(quarantined());
  await rig.notifications.stop();
  expect(await rows(rig)).toHaveLength(3);
});

it('a Retry-After is waited for, within what is bearable', async () => {
  const endpoint = scripted([{ type: 'away', answer: 'HTTP 429', waitSeconds: 1e9 }]);
  const rig = await startNotifications(await temp('notify'), [endpoint]);
  rig.notifications.announce(quarantined());
  const row = await until('one try', async () => (await rows(rig)).find(({ lastError }) => lastError !== null));
  const wait = Date.parse(row.nextAt) - Date.parse(row.createdAt);
  expect(wait).toBeGreaterThan(1900);
  expect(wait).toBeLessThan(60_000);
});

it('ten thousand cases are a few messages and one digest, and bury nothing else', async () => {
  const receiver = await startReceiver();
  const options = { perMinute: 5, windowMilliseconds: 1000 };
  const rig = await startNotifications(await temp('notify'), [webhookTo(receiver.url)], options);
  const before = performance.now();
  for (let n = 1; n <= 10_000; n++) rig.notifications.announce(opened(n));
  rig.notifications.announce(quarantined());
  const spent = performance.now() - before;
  const found = await allAre(rig, 'sent');
  const told = bodies(receiver);
  const digests = told.filter(({ type }) => type === 'digest');
  const singles = told.filter(({ type }) => type === 'case-opened');
  expect(singles.length + digests.reduce((sum, { data }) => sum + data.count, 0)).toBe(10_000);
  expect(told.length).toBe(found.length);
  // One window on a quick machine; a slow one may need some.
  expect(found.length).toBeLessThan(6 * (spent / 1000 + 2));
  expect(told.filter(({ type }) => type === 'quarantined')).toHaveLength(1);
  expect(digests[0].data.examples).toHaveLength(20);
  expect(digests[0].data.examples[0]).toContain('case 6: org/name-6');
});

it('what waits is bounded: the oldest are given up', async () => {
  const limits = { pending: 10, sent: 5, dead: 4 };
  const receiver = await startReceiver(503);
  const schedule = { tries: 9, firstSeconds: 1000, factor: 1, longestSeconds: 1000 };
  const options = { perMinute: 1000, limits, schedule };
  const rig = await startNotifications(await temp('notify'), [webhookTo(receiver.url)], options);
  for (let n = 0; n < 30; n++) rig.notifications.announce(quarantined(`reason ${n}`));
  await rig.notifications.stop();
  const found = await rows(rig);
  const of = (state: string) =>
    found.filter((row) => row.state === state).map(({ body }) => JSON.parse(body).data.reason);
  expect(of('pending')).toEqual(Array.from({ length: 10 }, (_, n) => `reason ${n + 20}`));
  expect(of('dead')).toEqual(['reason 16', 'reason 17', 'reason 18', 'reason 19']);
});

it('what was announced before a stop goes out after the next start, and of a removed endpoint is dead', async () => {
  const folder = await temp('notify');
  const receiver = await startReceiver(503);
  const slow = { schedule: { tries: 9, firstSeconds: 0.5, factor: 1, longestSeconds: 1 } };
  const both = [webhookTo(receiver.url), webhookTo(receiver.url, { name: 'other' })];
  const first = await startNotifications(folder, both, slow);
  first.notifications.announce(quarantined());
  await first.stop();
  receiver.answer = 204;
  const second = await startNotifications(folder, [webhookTo(receiver.url)], slow);
  const found = await until('nothing waits', async () => {
    const all = await rows(second);
    return all.every(({ state }) => state !== 'pending') && all;
  });
  expect(found.map(({ endpoint, state, lastError }) => [endpoint, state, lastError]).sort()).toEqual([
    ['other', 'dead', 'no such endpoint is configured'],
    ['siem', 'sent', null],
  ]);
});

it('killed after the receiver has a message and before its row says so, it arrives again under the same id', async () => {
  const folder = await temp('notify');
  const receiver = await startReceiver(() => {});
  const child = spawn(process.execPath, [`${import.meta.dirname}/children/announce.ts`, folder, receiver.url]);
  await until('it has the message', () => receiver.posts.length === 1);
  child.kill('SIGKILL');
  await once(child, 'exit');
  receiver.answer = 204;
  const clock = { now: () => new Date(Date.now() + 61_000) };
  const rig = await startNotifications(folder, [webhookTo(receiver.url)], { clock });
  const [row] = await allAre(rig, 'sent');
  expect(receiver.posts.map(({ headers }) => headers['webhook-id'])).toEqual([row?.id, row?.id]);
});

it('announcing never throws, whatever it is given and wherever the index is', async () => {
  const receiver = await startReceiver();
  const rig = await startNotifications(await temp('notify'), [webhookTo(receiver.url)]);
  rig.notifications.announce({ type: 'case-opened' } as Announcement);
  expect(rig.log.at(-1)?.text).toBe('an announcement could not be turned into a notification');
  await rig.index.close();
  rig.notifications.announce(quarantined());
  await until('it says so', () => rig.log.some(({ text }) => text.startsWith('notifications could not be written')));
  await rig.notifications.stop();
  expect(rig.log.at(-1)?.text).toBe('notifications are lost: the index does not work');
});

/** One that answers as told, and then takes everything. */
function scripted(attempts: Attempt[]): Endpoint {
  const left = [...attempts];
  return {
    name: 'siem',
    events: new Set(['quarantined']),
    send: async () => left.shift() ?? { type: 'sent', answer: 'taken' },
  };
}
