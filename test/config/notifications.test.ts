// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { webhookKeys } from '#src/config/webhook-secret.ts';
import { explainConfig, loadConfig } from '#src/config.ts';
import { messageOf } from '#src/domain/errors.ts';
import { useTemp } from '#test/support/temp.ts';

const temp = useTemp();
const SECRET = `whsec_${randomBytes(32).toString('base64')}`;
const OPS = { AIRLOCK_WEBHOOK_SECRET_OPS: SECRET };

async function load(webhooks: object[], env: Record<string, string> = {}) {
  const file = join(await temp('config'), 'airlock.yaml');
  await writeFile(file, JSON.stringify({ notifications: { webhooks } }));
  return loadConfig({ file, env });
}

const refusal = async (webhooks: object[], env: Record<string, string> = {}) =>
  load(webhooks, env).then(() => 'accepted', messageOf);

test('a webhook has its url from the file or from a variable, its secret from a variable, and all events', async () => {
  const url = 'https://chat.example/T000/hidden?sig=hidden';
  const env = { ...OPS, AIRLOCK_WEBHOOK_URL_CHAT_2: url };
  const { notifications } = await load(
    [
      { name: 'ops', url: 'https://siem.example/in' },
      { name: 'chat-2', format: 'chat' },
    ],
    env,
  );
  const [ops, chat] = notifications.webhooks;
  expect(ops).toMatchObject({ url: 'https://siem.example/in', format: 'json', insecure: false });
  expect(ops?.events).toContain('revoked');
  expect(ops?.secret?.reveal()).toBe(SECRET);
  expect(chat?.url).toMatchObject({ from: 'AIRLOCK_WEBHOOK_URL_CHAT_2' });
  expect(chat?.secret).toBeUndefined();
});

test('what is printed at start shows neither a secret nor an address from the environment', async () => {
  const env = { AIRLOCK_WEBHOOK_SECRET_OPS: SECRET, AIRLOCK_WEBHOOK_URL_OPS: 'https://chat.example/hidden' };
  const config = await load([{ name: 'ops' }], env);
  const shown = explainConfig(config);
  expect(shown).toContain('notifications.webhooks[0].url: set (from AIRLOCK_WEBHOOK_URL_OPS)');
  expect(shown).toContain('notifications.webhooks[0].secret: set (from AIRLOCK_WEBHOOK_SECRET_OPS)');
  for (const text of [shown, JSON.stringify(config)]) {
    expect(text).not.toContain('hidden');
    expect(text).not.toContain(SECRET);
  }
});

const HTTPS = 'https://siem.example';

test.each<[object, Record<string, string>, string]>([
  [{ name: 'ops', url: HTTPS }, {}, 'AIRLOCK_WEBHOOK_SECRET_OPS: is missing; expected for format json'],
  [{ name: 'ops' }, OPS, 'url: is missing; expected it there, or in AIRLOCK_WEBHOOK_URL_OPS'],
  [{ name: 'ops', url: HTTPS }, { ...OPS, AIRLOCK_WEBHOOK_URL_OPS: HTTPS }, 'expected one of them'],
  [{ name: 'ops', url: 'http://siem.example' }, OPS, 'plain http to another machine'],
  [{ name: 'ops', url: 'http://127.0.0.1.example' }, OPS, 'plain http to another machine'],
  [{ name: 'ops', url: 'http://localhost.example' }, OPS, 'plain http to another machine'],
  [{ name: 'ops' }, { ...OPS, AIRLOCK_WEBHOOK_URL_OPS: 'ftp://siem.example' }, 'expected an http:// or https:// URL'],
  [{ name: 'ops' }, { ...OPS, AIRLOCK_WEBHOOK_URL_OPS: 'https://a:b@siem.example' }, 'without user name'],
  [{ name: 'ops', url: `${HTTPS}/?sig=x` }, OPS, 'without slash at the end, user name, query'],
  [{ name: 'ops', url: HTTPS }, { AIRLOCK_WEBHOOK_SECRET_OPS: 'whsec_c2hvcnQ=' }, 'base64 of 24 to 64 bytes'],
  [{ name: 'ops', url: HTTPS, secret: SECRET }, OPS, 'unknown key'],
  [{ name: 'ops', url: HTTPS, events: ['opened'] }, OPS, 'expected one of case-opened'],
  [{ name: 'ops', url: HTTPS, events: [] }, OPS, 'at least one event'],
  [
    { name: 'ops', url: HTTPS },
    { ...OPS, AIRLOCK_WEBHOOK_SECRET_OTHER: SECRET },
    'no endpoint of notifications.webhooks has that name',
  ],
  [{ name: 'a-file', url: HTTPS }, {}, 'does not end in "-file"'],
  [{ name: 'Ops', url: HTTPS }, {}, 'lower-case letters'],
  [{ name: 'a--b', url: HTTPS }, {}, 'lower-case letters'],
])('%j is refused', async (webhook, env, expected) => {
  const message = await refusal([webhook], env);
  expect(message).toContain(expected);
  expect(message).not.toContain(SECRET);
});

test('two webhooks of one name are refused', async () => {
  const webhook = { name: 'ops', url: HTTPS };
  expect(await refusal([webhook, webhook], OPS)).toContain('"ops" is there twice');
});

test.each(['http://localhost:1', 'http://127.0.0.1:1/x', 'http://127.9.9.9:1', 'http://[::1]:1'])(
  '%s is the loopback, and needs no https',
  async (url) => {
    expect(await refusal([{ name: 'ops', url }], OPS)).toBe('accepted');
  },
);

test('insecure: true allows plain http', async () => {
  expect(await refusal([{ name: 'ops', url: 'http://siem.example', insecure: true }], OPS)).toBe('accepted');
});

const SMTP = { host: 'mail.example', from: 'airlock@mirror.example', to: ['ann@org.example'] };
const LOGIN = { AIRLOCK_SMTP_USER: 'airlock', AIRLOCK_SMTP_PASSWORD: 'a-hidden-one' };

async function loadSmtp(smtp: object | null, env: Record<string, string>) {
  const file = join(await temp('config'), 'airlock.yaml');
  await writeFile(file, JSON.stringify({ notifications: { smtp } }));
  return loadConfig({ file, env });
}

test('mail has user and password from variables, and shows neither', async () => {
  const config = await loadSmtp(SMTP, LOGIN);
  expect(config.notifications.smtp).toMatchObject({ ...SMTP, port: 587, tls: 'starttls' });
  expect(config.notifications.smtp?.password?.reveal()).toBe('a-hidden-one');
  expect(explainConfig(config)).not.toContain('a-hidden-one');
});

test.each<[object | null, Record<string, string>, string]>([
  [null, LOGIN, 'AIRLOCK_SMTP_USER: is set, but notifications.smtp is not'],
  [SMTP, { AIRLOCK_SMTP_USER: 'airlock' }, 'one is set; expected both or none'],
  [{ ...SMTP, tls: 'none' }, {}, 'none is for the loopback alone'],
  [{ ...SMTP, to: [] }, {}, 'at least one address'],
  [{ ...SMTP, to: ['ann@org.example\r\nBcc: x@org.example'] }, {}, 'a mail address'],
  [{ ...SMTP, from: 'Airlock <a@org.example>' }, {}, 'a mail address'],
  [{ ...SMTP, host: 'mail.example:25' }, {}, 'the name or the address of a mail server'],
  [{ ...SMTP, password: 'x' }, {}, 'unknown key'],
])('smtp %j is refused', async (smtp, env, expected) => {
  expect(await loadSmtp(smtp, env).then(() => 'accepted', messageOf)).toContain(expected);
});

test('no webhook has the name of mail', async () => {
  const env = { AIRLOCK_WEBHOOK_SECRET_MAIL: SECRET };
  expect(await refusal([{ name: 'mail', url: HTTPS }], env)).toContain('is the name of notifications.smtp');
});

test('a secret is one key, or two during a rotation', () => {
  const of = (bytes: number) => `whsec_${randomBytes(bytes).toString('base64')}`;
  for (const [text, keys] of [
    [of(24), 1],
    [of(64), 1],
    [`${of(32)},${of(32)}`, 2],
    [of(23), undefined],
    [of(65), undefined],
    [`${of(32)},${of(32)},${of(32)}`, undefined],
    [`${of(32)},`, undefined],
    [of(32).slice(6), undefined],
    ['whsec_', undefined],
    [`whsec_${'!'.repeat(40)}`, undefined],
  ] as const)
    expect(webhookKeys(text)?.length, text).toBe(keys);
});
