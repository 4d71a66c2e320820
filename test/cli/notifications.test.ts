// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addTiny } from '#test/fake-hub/repos.ts';
import { type Receiver, startReceiver } from '#test/notify/receiver.ts';
import { airlock } from '#test/support/mirror.ts';
import { until } from '#test/support/until.ts';
import { useWorld } from '#test/support/world.ts';

const world = useWorld({ repos: (hub) => void addTiny(hub) });
const ends: (() => void)[] = [];
let receiver: Receiver;
// Once the hub and the mirror of the line above are there.
beforeAll(async () => {
  receiver = await startReceiver(204, (close) => void ends.push(close));
  const webhook = { name: 'siem', url: receiver.url, events: ['revoked'] };
  const env = { AIRLOCK_WEBHOOK_SECRET_SIEM: `whsec_${Buffer.alloc(32, 7).toString('base64')}` };
  await world.restart({ config: { notifications: { webhooks: [webhook] } }, env });
});
afterAll(() => {
  for (const end of ends) end();
});
const notifications = (...args: string[]) => airlock(['notifications', ...args], world.mirror);
const act = (...args: string[]) => airlock([...args, '--by', 'ann', '--reason', 'a new advisory'], world.mirror);

describe('airlock notifications', () => {
  it('test says what the endpoint answered', async () => {
    const sent = await notifications('test', 'siem');
    expect([sent.status, sent.stdout]).toEqual([0, 'siem: sent (HTTP 204)\n']);
    expect(JSON.parse(receiver.posts[0]?.body ?? '')).toMatchObject({ type: 'test', data: { endpoint: 'siem' } });
    receiver.answer = 500;
    const refused = await notifications('test', 'siem');
    expect([refused.status, refused.stdout]).toEqual([70, 'siem: refused (HTTP 500)\n']);
    const unknown = await notifications('test', 'nobody');
    expect([unknown.status, unknown.output]).toEqual([70, expect.stringContaining('There are: siem.')]);
  });

  it('a revocation is told at once, a dead letter is listed, tried again, and discarded', async () => {
    const pulled = await airlock(['pull', 'acme/tiny'], world.mirror);
    expect(pulled.status, pulled.output).toBe(0);
    receiver.answer = 410;
    receiver.posts.length = 0;
    expect((await act('revoke', 'acme/tiny')).status).toBe(0);
    const dead = await until('it is dead', async () => {
      const { stdout } = await notifications('list', '--state', 'dead');
      const found =
        /^(msg_\w+) .* to siem: dead, tried 1x: HTTP 410: \[airlock\] acme\/tiny@\w{7} is revoked by ann/m.exec(stdout);
      return found ?? undefined;
    });
    expect(JSON.parse(receiver.posts[0]?.body ?? '')).toMatchObject({
      type: 'revoked',
      data: { repo: { kind: 'models', id: 'acme/tiny' }, by: 'ann', reason: 'a new advisory' },
    });
    expect((await notifications('list')).stdout).toContain('endpoint siem: wants nothing any more (HTTP 410)\n');
    receiver.answer = 204;
    expect((await notifications('retry', dead[1] ?? '')).stdout).toBe('1 to be tried again\n');
    await until('it is sent', async () => {
      const { messages } = JSON.parse((await notifications('list', '--json')).stdout);
      return messages[0].state === 'sent';
    });
    expect((await notifications('discard', '--all')).stdout).toBe('0 discarded\n');
  });

  it.each([
    [['list', '--state', 'lost'], 64, 'Give one of pending, sent, dead.'],
    [['list', '--limit', '0'], 64, 'from 1 to 1000'],
    [['retry'], 70, 'name one of id, endpoint, and all'],
    [['test'], 64, 'endpoint'],
  ])('%j ends with %i and says why', async (args, status, says) => {
    const result = await notifications(...args);
    expect([result.status, result.stdout]).toEqual([status, '']);
    expect(result.output).toContain(says);
  });
});
