// SPDX-License-Identifier: Apache-2.0
import { MAIL } from '#src/config/notifications.ts';
import { webhookKeys } from '#src/config/webhook-secret.ts';
import type { Config } from '#src/config.ts';
import type { Announcement } from '#src/domain/announcement.ts';
import { systemClock } from '#src/domain/clock.ts';
import type { Index } from '#src/index/index.ts';
import type { Endpoint } from '#src/notify/endpoint.ts';
import { createMail } from '#src/notify/mail.ts';
import { createNotifications, type Notifications } from '#src/notify/notifications.ts';
import { createWebhook } from '#src/notify/webhook.ts';
import type { Log } from '#src/ops/log.ts';

/** `url`: of the mirror, for links. */
export function openNotifications({ notifications }: Config, index: Index, url: string, log: Log): Notifications {
  const { webhooks, smtp, perMinute } = notifications;
  const created = createNotifications({
    table: index.notifications,
    endpoints: [...webhooks.map(webhook), ...(smtp ? [mail(smtp)] : [])],
    linkOf: (announcement) => linkOf(url, announcement),
    clock: systemClock,
    log,
    perMinute,
  });
  return {
    ...created,
    announce: (announcement) => {
      log.info({ announcement }, 'announced');
      created.announce(announcement);
    },
  };
}

function webhook({ name, url, secret, events, format }: Config['notifications']['webhooks'][number]): Endpoint {
  const keys = (secret && webhookKeys(secret.reveal())) ?? [];
  return createWebhook({
    name,
    url: typeof url === 'string' ? url : url.reveal(),
    events,
    format,
    keys,
    clock: systemClock,
  });
}

function mail({ user, password, ...server }: NonNullable<Config['notifications']['smtp']>): Endpoint {
  const login = user && password && { user: user.reveal(), password: password.reveal() };
  return createMail({ name: MAIL, ...server, ...(login && { login }) });
}

/** The case, or what is known about the commit, as the API says it. */
function linkOf(url: string, announcement: Announcement): string | undefined {
  if ('case' in announcement) return `${url}/api/airlock/cases/${announcement.case}`;
  if (!('repo' in announcement) || announcement.repo === undefined || announcement.commit === undefined)
    return undefined;
  const { repo, commit } = announcement;
  return `${url}/api/airlock/${repo.kind}/${repo.id}/revision/${commit}/decision`;
}
