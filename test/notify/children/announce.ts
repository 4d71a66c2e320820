// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import { openIndex } from '#src/index/index.ts';
import { createNotifications } from '#src/notify/notifications.ts';
import { createWebhook } from '#src/notify/webhook.ts';

// A process to be killed: it announces one thing to the endpoint, and waits for the answer.
const [folder = '', url = ''] = process.argv.slice(2);
const clock = { now: () => new Date() };
const log = { info: () => {}, warn: () => {}, error: () => {} };
const index = await openIndex(join(folder, 'index.sqlite'));
const endpoint = createWebhook({ name: 'siem', url, events: ['upstream-alert'], format: 'json', keys: [], clock });
const notifications = createNotifications({
  table: index.notifications,
  endpoints: [endpoint],
  linkOf: () => undefined,
  clock,
  log,
  perMinute: 30,
});
await notifications.start();
const repo = { kind: 'models', id: 'org/name' } as const;
notifications.announce({ type: 'upstream-alert', at: '', alert: 1, kind: 'force-push', repo, message: 'gone' });
setInterval(() => {}, 1000);
