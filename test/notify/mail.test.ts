// SPDX-License-Identifier: Apache-2.0
import { beforeAll, expect, it } from 'vitest';
import { createMail, type MailOptions } from '#src/notify/mail.ts';
import { type Message, messageOf } from '#src/notify/message.ts';
import { useTemp } from '#test/support/temp.ts';
import { until } from '#test/support/until.ts';
import { type MailServer, selfSigned, startMailServer } from './mail-server.ts';
import { opened, startNotifications } from './rig.ts';

const temp = useTemp();
const never = new AbortController().signal;
let tls: Awaited<ReturnType<typeof selfSigned>>;
beforeAll(async () => {
  tls = await selfSigned();
});

const LOGIN = { user: 'airlock', password: 'a-password' };
const signIn: NonNullable<Parameters<typeof startMailServer>[0]>['onAuth'] = (auth, _session, done) => {
  const right = auth.username === LOGIN.user && auth.password === LOGIN.password;
  done(right ? null : new Error('no'), right ? { user: 'airlock' } : undefined);
};

function mailTo(port: number, options: Partial<MailOptions> = {}) {
  return createMail({
    name: 'mail',
    host: 'localhost',
    port,
    tls: 'starttls',
    ca: tls.cert,
    from: 'airlock@mirror.example',
    to: ['security@org.example', 'ml@org.example'],
    events: ['case-opened'],
    ...options,
  });
}

const OPENED = messageOf(opened(12), () => 'https://mirror.example/api/airlock/cases/12');
const send = (server: MailServer, message: Message = OPENED, options: Partial<MailOptions> = {}) =>
  mailTo(server.port, options).send('msg_1', message, never);
const header = (server: MailServer, name: string, at = 0) => server.mails[at]?.headers.get(name);

it('a mail is encrypted, signed in for, and says what happened in plain text', async () => {
  const server = await startMailServer({ ...tls, onAuth: signIn });
  expect(await send(server, OPENED, { login: LOGIN })).toEqual({ type: 'sent', answer: 'SMTP 250' });
  const [mail] = server.mails;
  expect(mail).toMatchObject({
    encrypted: true,
    user: 'airlock',
    from: 'airlock@mirror.example',
    to: ['security@org.example', 'ml@org.example'],
  });
  expect(header(server, 'subject')).toEqual(['[airlock] case 12: org/name-12 needs a person: nobody approved it']);
  expect(header(server, 'content-type')?.[0]).toMatch(/^text\/plain/);
  expect(mail?.body).toContain('https://mirror.example/api/airlock/cases/12');
  expect(mail?.body).toContain('repo.id: org/name-12');
  expect(mail?.raw).not.toContain(LOGIN.password);
});

it('implicit TLS works, and a certificate that nobody signed is no server to talk to', async () => {
  const implicit = await startMailServer({ ...tls, secure: true });
  expect((await send(implicit, OPENED, { tls: 'implicit' })).type).toBe('sent');
  const starttls = await startMailServer(tls);
  const stranger = createMail({ ...mailOptions(starttls.port), events: [] });
  expect(await stranger.send('msg_1', OPENED, never)).toMatchObject({ type: 'away' });
  expect(starttls.mails).toEqual([]);
});

const mailOptions = (port: number) => ({
  ...{ name: 'mail', host: 'localhost', port, tls: 'starttls' as const },
  ...{ from: 'a@mirror.example', to: ['b@org.example'] },
});

it('where a server offers no encryption, nothing is said to it; without tls it is the loopback that is trusted', async () => {
  let asked = false;
  const onAuth: typeof signIn = (auth, session, done) => {
    asked = true;
    signIn(auth, session, done);
  };
  const plain = await startMailServer({
    hideSTARTTLS: true,
    disabledCommands: ['STARTTLS'],
    onAuth,
    allowInsecureAuth: true,
  });
  expect(await send(plain, OPENED, { login: LOGIN })).toMatchObject({ type: 'away' });
  expect([asked, plain.mails]).toEqual([false, []]);
  expect((await send(plain, OPENED, { tls: 'none' })).type).toBe('sent');
  expect(plain.mails[0]?.encrypted).toBe(false);
});

it('mails about one case are a thread, and every try of one has the same id', async () => {
  const server = await startMailServer(tls);
  const decided = messageOf(
    { ...opened(12), type: 'case-decided', case: 12, outcome: 'approved', by: 'ann', reason: 'fine' } as never,
    () => undefined,
  );
  const mail = mailTo(server.port);
  for (const [id, message] of [
    ['msg_1', OPENED],
    ['msg_1', OPENED],
    ['msg_2', decided],
  ] as const)
    await mail.send(id, message, never);
  const ids = [0, 1, 2].map((at) => header(server, 'message-id', at)?.[0]);
  expect(ids).toEqual(['<msg_1@mirror.example>', '<msg_1@mirror.example>', '<msg_2@mirror.example>']);
  for (const at of [0, 1, 2]) {
    expect(header(server, 'references', at)).toEqual(['<case-12@mirror.example>']);
    expect(header(server, 'in-reply-to', at)).toEqual(['<case-12@mirror.example>']);
  }
});

it.each(['\r\nBcc: everybody@org.example', '\nBcc: x@org.example\n\nA body', '\r\n.\r\nQUIT', '\u2028Bcc: x', '\0'])(
  'a text with %j begins no header, no body and no command',
  async (hostile) => {
    const server = await startMailServer(tls);
    const message = messageOf({ ...opened(1), reasons: [`a reason${hostile}`] } as never, () => undefined);
    const raw: Message = { ...message, text: `${message.text}${hostile}` };
    expect((await send(server, raw)).type).toBe('sent');
    expect(server.mails).toHaveLength(1);
    expect([...(server.mails[0]?.headers.keys() ?? [])]).not.toContain('bcc');
    expect(header(server, 'subject')).toHaveLength(1);
    expect(server.mails[0]?.to).toEqual(['security@org.example', 'ml@org.example']);
  },
);

it('a long subject is cut, and its text is whole in the mail', async () => {
  const server = await startMailServer(tls);
  const text = `[airlock] ${'x'.repeat(900)} end`;
  await send(server, { ...OPENED, text });
  expect(header(server, 'subject')?.[0]).toMatch(/^\[airlock\] x{137}\.\.\.$/);
  expect(server.mails[0]?.body.replace(/=\r\n/g, '')).toContain(text);
});

it('what a server answers is understood, and neither its words nor a password are repeated', async () => {
  const wrong = await startMailServer({ ...tls, onAuth: signIn });
  const attempt = await send(wrong, OPENED, { login: { user: 'airlock', password: 'wrong-secret' } });
  expect(attempt).toMatchObject({ type: 'away', answer: 'SMTP 535: the sign-in was refused' });
  const refusing = (responseCode: number) =>
    startMailServer({
      ...tls,
      onRcptTo: (_to, _session, done) => done(Object.assign(new Error('secret words'), { responseCode })),
    });
  expect(await send(await refusing(550))).toEqual({ type: 'refused', answer: 'SMTP 550' });
  expect(await send(await refusing(451))).toEqual({ type: 'away', answer: 'SMTP 451' });
  expect(await mailTo(1).send('msg_1', OPENED, never)).toMatchObject({
    type: 'away',
    answer: 'no connection: ESOCKET',
  });
});

it('a server that says nothing is given up in time', async () => {
  const silent = await startMailServer({ ...tls, onConnect: () => {} });
  const attempt = await send(silent, OPENED, { patienceMilliseconds: 200 });
  expect(attempt.type).toBe('away');
});

it('mails come out of the same outbox, with its tries', async () => {
  let busy = 2;
  const server = await startMailServer({
    ...tls,
    onMailFrom: (_from, _session, done) =>
      busy-- > 0 ? done(Object.assign(new Error('busy'), { responseCode: 421 })) : done(),
  });
  const rig = await startNotifications(await temp('mail'), [mailTo(server.port)]);
  rig.notifications.announce(opened(1));
  const row = await until('it is sent', async () => {
    const [found] = await rig.index.notifications.list({ state: 'sent' }, 1);
    return found;
  });
  expect(row).toMatchObject({ endpoint: 'mail', attempts: 3 });
  expect(server.mails).toHaveLength(1);
  expect(header(server, 'message-id')).toEqual([`<${row.id}@mirror.example>`]);
});
