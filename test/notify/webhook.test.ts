// SPDX-License-Identifier: Apache-2.0
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { expect, inject, it } from 'vitest';
import type { Message } from '#src/notify/message.ts';
import { type Post, type Receiver, startReceiver } from './receiver.ts';
import { KEY, testClock, webhookTo } from './rig.ts';

/** Other people's verifier: what a receiver uses. */
interface Verifier {
  verify(body: string, headers: Record<string, string>): unknown;
}
const { Webhook } = createRequire(join(inject('javascript'), 'package.json'))('standardwebhooks') as {
  Webhook: new (secret: string) => Verifier;
};

const MESSAGE: Message = {
  type: 'quarantined',
  timestamp: '2026-03-01T12:00:00.000Z',
  text: '[airlock] org/name@aaaaaaa is quarantined',
  thread: 'case-1',
  data: { reason: 'käse' },
};
const OTHER = Buffer.alloc(32, 8);
const never = new AbortController().signal;

function verified(post: Post | undefined, key: Uint8Array, body = post?.body ?? ''): unknown {
  const verifier = new Webhook(`whsec_${Buffer.from(key).toString('base64')}`);
  return verifier.verify(body, post?.headers as Record<string, string>);
}

const answering = async (answer: Receiver['answer']) =>
  webhookTo((await startReceiver(answer)).url).send('msg_1', MESSAGE, never);

it('a receiver with the secret verifies a message, and reads what happened', async () => {
  const receiver = await startReceiver();
  expect(await webhookTo(receiver.url).send('msg_1', MESSAGE, never)).toEqual({ type: 'sent', answer: 'HTTP 204' });
  const [post] = receiver.posts;
  expect(post?.headers).toMatchObject({ 'webhook-id': 'msg_1', 'content-type': 'application/json' });
  const { thread: _, ...body } = MESSAGE;
  expect(verified(post, KEY)).toEqual(body);
});

it('another secret, another body, another id and an old message do not verify', async () => {
  const receiver = await startReceiver();
  await webhookTo(receiver.url).send('msg_1', MESSAGE, never);
  const clock = testClock();
  clock.ahead = -600;
  await webhookTo(receiver.url, { clock }).send('msg_2', MESSAGE, never);
  const [post, old] = receiver.posts as [Post, Post];
  expect(() => verified(post, OTHER)).toThrow('No matching signature');
  expect(() => verified(post, KEY, post.body.replace('aaaaaaa', 'bbbbbbb'))).toThrow('No matching signature');
  const renamed = { ...post, headers: { ...post.headers, 'webhook-id': 'msg_3' } };
  expect(() => verified(renamed, KEY)).toThrow('No matching signature');
  expect(() => verified(old, KEY)).toThrow('too old');
  expect(verified(post, KEY)).toBeDefined();
});

it('during a rotation a message verifies with the old secret and with the new one', async () => {
  const receiver = await startReceiver();
  await webhookTo(receiver.url, { keys: [OTHER, KEY] }).send('msg_1', MESSAGE, never);
  const [post] = receiver.posts;
  expect(verified(post, OTHER)).toEqual(verified(post, KEY));
  expect(() => verified(post, Buffer.alloc(32, 9))).toThrow('No matching signature');
});

it('a chat tool gets the text alone, in which nothing calls a channel or hides a link', async () => {
  const receiver = await startReceiver(200);
  const text = '[airlock] <!channel> @here [click](http://x.example) a@b';
  await webhookTo(receiver.url, { format: 'chat', keys: [] }).send('msg_1', { ...MESSAGE, text }, never);
  const [post] = receiver.posts;
  expect(JSON.parse(post?.body ?? '')).toEqual({
    text: '[airlock] &lt;!channel&gt; @\u200bhere [click]\u200b(http://x.example) a@b',
  });
  expect(post?.headers['webhook-signature']).toBeUndefined();
});

it.each([
  [200, { type: 'sent', answer: 'HTTP 200' }],
  [299, { type: 'sent', answer: 'HTTP 299' }],
  [302, { type: 'refused', answer: 'HTTP 302: redirects are not followed' }],
  [400, { type: 'refused', answer: 'HTTP 400' }],
  [404, { type: 'refused', answer: 'HTTP 404' }],
  [410, { type: 'gone', answer: 'HTTP 410' }],
  [429, { type: 'away', answer: 'HTTP 429', waitSeconds: undefined }],
  [500, { type: 'refused', answer: 'HTTP 500' }],
  [503, { type: 'away', answer: 'HTTP 503', waitSeconds: undefined }],
])('HTTP %i is understood as what it says', async (status, expected) => {
  expect(await answering(status)).toEqual(expected);
});

it('Retry-After counts in seconds and as a date, and nonsense does not', async () => {
  const after = (value: string) => answering((response) => response.writeHead(429, { 'retry-after': value }).end());
  expect(await after('120')).toMatchObject({ waitSeconds: 120 });
  const { waitSeconds } = (await after(new Date(Date.now() + 90_000).toUTCString())) as { waitSeconds: number };
  expect(Math.abs(waitSeconds - 89)).toBeLessThan(5);
  for (const nonsense of ['-1', 'soon', '9'.repeat(40)])
    expect(await after(nonsense)).toMatchObject({ type: 'away', waitSeconds: undefined });
});

it('a redirect is not followed', async () => {
  const elsewhere = await startReceiver();
  const attempt = await answering((response) => response.writeHead(307, { location: elsewhere.url }).end());
  expect(attempt.type).toBe('refused');
  expect(elsewhere.posts).toEqual([]);
});

it('silence, an endless answer and a refused connection end within the time', async () => {
  const silent = await startReceiver(() => {});
  const impatient = webhookTo(silent.url, { patienceMilliseconds: 200 });
  expect(await impatient.send('msg_1', MESSAGE, never)).toEqual({
    type: 'away',
    answer: 'no answer within 0.2 seconds',
  });
  expect(await answering(endless)).toEqual({ type: 'sent', answer: 'HTTP 200' });
  const nobody = webhookTo('http://127.0.0.1:1/secret-path');
  expect(await nobody.send('msg_1', MESSAGE, never)).toEqual({ type: 'away', answer: 'no connection: ECONNREFUSED' });
});

const endless: Receiver['answer'] = (response) => {
  response.writeHead(200);
  const timer = setInterval(() => response.write('x'.repeat(1024)), 1);
  response.on('close', () => clearInterval(timer));
};
