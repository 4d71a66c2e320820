// SPDX-License-Identifier: Apache-2.0
import { isLoopback } from '#src/domain/loopback.ts';
import type { Environment } from './environment.ts';
import type { FileConfig } from './schema.ts';
import type { Secret } from './secret.ts';
import { webhookKeys } from './webhook-secret.ts';

type FileWebhook = FileConfig['notifications']['webhooks'][number];

export interface WebhookConfig extends Omit<FileWebhook, 'url'> {
  /** A secret where it came from the environment: addresses of chat tools are. */
  readonly url: string | Secret;
  /** One or two, with a comma between them. */
  readonly secret?: Secret;
}

type FileSmtp = NonNullable<FileConfig['notifications']['smtp']>;

export interface SmtpConfig extends FileSmtp {
  /** Both or none. */
  readonly user?: Secret;
  readonly password?: Secret;
}

export interface NotificationsConfig extends Omit<FileConfig['notifications'], 'webhooks' | 'smtp'> {
  readonly webhooks: readonly WebhookConfig[];
  readonly smtp: SmtpConfig | null;
}

/** The endpoint that mails are; no webhook has its name. */
export const MAIL = 'mail';

/** Join what the file says of each webhook with its variables. A variable that belongs to none is a problem. */
export function completeNotifications(
  { webhooks, smtp, ...rest }: FileConfig['notifications'],
  { webhooks: variables, secrets }: Pick<Environment, 'webhooks' | 'secrets'>,
  problems: string[],
): NotificationsConfig {
  const names = webhooks.map(({ name }) => name);
  if (names.includes(MAIL))
    problems.push(`notifications.webhooks: "${MAIL}" is the name of notifications.smtp; expected another`);
  for (const name of new Set(names))
    if (names.indexOf(name) !== names.lastIndexOf(name))
      problems.push(`notifications.webhooks: "${name}" is there twice; expected names that differ`);
  const known = names.flatMap((name) => [variableOf('SECRET', name), variableOf('URL', name)]);
  for (const [variable, { from }] of variables)
    if (!known.includes(variable))
      problems.push(
        `${from}: no endpoint of notifications.webhooks has that name; known are ${known.join(', ') || 'none'}`,
      );
  return {
    ...rest,
    smtp: completeSmtp(smtp, secrets, problems),
    webhooks: webhooks.flatMap((webhook) => completeWebhook(webhook, variables, problems)),
  };
}

function completeSmtp(
  smtp: FileSmtp | null,
  { smtpUser: user, smtpPassword: password }: Environment['secrets'],
  problems: string[],
): SmtpConfig | null {
  if (smtp === null) {
    for (const secret of [user, password])
      if (secret) problems.push(`${secret.from}: is set, but notifications.smtp is not; expected both or none`);
    return null;
  }
  if (!user !== !password)
    problems.push('AIRLOCK_SMTP_USER and AIRLOCK_SMTP_PASSWORD: one is set; expected both or none');
  if (smtp.tls === 'none' && !isLoopback(smtp.host))
    problems.push(`notifications.smtp.tls: none is for the loopback alone; expected starttls or implicit`);
  return { ...smtp, ...(user && password && { user, password }) };
}

function variableOf(what: 'SECRET' | 'URL', name: string): string {
  return `AIRLOCK_WEBHOOK_${what}_${name.toUpperCase().replaceAll('-', '_')}`;
}

function completeWebhook(
  { url: written, ...rest }: FileWebhook,
  variables: ReadonlyMap<string, Secret>,
  problems: string[],
): WebhookConfig[] {
  const { name, format } = rest;
  const variable = variables.get(variableOf('URL', name));
  const secret = variables.get(variableOf('SECRET', name));
  const url = written ?? variable;
  const where = variable?.from ?? `notifications.webhooks "${name}": url`;
  if (written !== undefined && variable)
    problems.push(`${where}: is set, and so is url in the file; expected one of them`);
  if (url === undefined) problems.push(`${where}: is missing; expected it there, or in ${variableOf('URL', name)}`);
  else
    problems.push(
      ...urlProblems(typeof url === 'string' ? url : url.reveal(), rest.insecure).map(
        (problem) => `${where}: ${problem}`,
      ),
    );
  if (secret && !webhookKeys(secret.reveal()))
    problems.push(
      `${secret.from}: expected "whsec_" and base64 of 24 to 64 bytes, or two of these with a comma between them`,
    );
  if (!secret && format === 'json')
    problems.push(`${variableOf('SECRET', name)}: is missing; expected for format json`);
  return url === undefined ? [] : [{ ...rest, url, ...(secret && { secret }) }];
}

/** Without the value: it may be a secret. */
function urlProblems(text: string, insecure: boolean): string[] {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '' || url.hash !== '')
    return ['expected an http:// or https:// URL without user name or fragment'];
  if (url.protocol === 'https:' || insecure || isLoopback(url.hostname)) return [];
  return ['plain http to another machine; expected https, or insecure: true'];
}
