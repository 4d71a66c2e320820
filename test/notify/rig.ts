// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { ANNOUNCEMENT_TYPES, type Announcement } from '#src/domain/announcement.ts';
import { parseRepo } from '#src/domain/repo.ts';
import { parseCommitSha } from '#src/domain/revision.ts';
import { openIndex } from '#src/index/index.ts';
import type { Endpoint } from '#src/notify/endpoint.ts';
import { createNotifications, type Notifications, type NotificationsDeps } from '#src/notify/notifications.ts';
import { createWebhook, type WebhookOptions } from '#src/notify/webhook.ts';

export const KEY = Buffer.alloc(32, 7);
const COMMIT = parseCommitSha('a'.repeat(40));

/** The real time, and as far ahead as a test says. */
export function testClock() {
  const clock = { ahead: 0, now: () => new Date(Date.now() + clock.ahead * 1000) };
  return clock;
}

/** Tries that follow each other closely. */
const QUICK = { tries: 3, firstSeconds: 0.05, factor: 1, longestSeconds: 2 };

export function webhookTo(url: string, options: Partial<WebhookOptions> = {}): Endpoint {
  const events = ANNOUNCEMENT_TYPES;
  return createWebhook({ name: 'siem', url, events, format: 'json', keys: [KEY], clock: testClock(), ...options });
}

export interface NotifyRig {
  readonly notifications: Notifications;
  readonly index: Awaited<ReturnType<typeof openIndex>>;
  readonly log: { readonly level: string; readonly details: object; readonly text: string }[];
  stop(): Promise<void>;
}

/** Notifications on a real index, started. */
export async function startNotifications(
  folder: string,
  endpoints: readonly Endpoint[],
  options: Partial<NotificationsDeps> = {},
): Promise<NotifyRig> {
  const index = await openIndex(join(folder, 'index.sqlite'));
  const log: { level: string; details: object; text: string }[] = [];
  const at = (level: string) => (details: object, text: string) => void log.push({ level, details, text });
  const notifications = createNotifications({
    table: index.notifications,
    endpoints,
    linkOf: () => undefined,
    clock: testClock(),
    log: { info: at('info'), warn: at('warn'), error: at('error') },
    perMinute: 30,
    schedule: QUICK,
    ...options,
  });
  await notifications.start();
  let stopped: Promise<void> | undefined;
  const stop = () => {
    stopped ??= notifications.stop().then(() => index.close());
    return stopped;
  };
  onTestFinished(stop);
  return { notifications, index, log, stop };
}

export function quarantined(reason = 'a rule', at = new Date().toISOString()): Announcement {
  return { type: 'quarantined', at, repo: parseRepo('models', 'org/name'), commit: COMMIT, reason };
}

export function opened(number: number): Announcement {
  const repo = parseRepo('models', `org/name-${number}`);
  return { type: 'case-opened', at: new Date().toISOString(), case: number, repo, reasons: ['nobody approved it'] };
}
