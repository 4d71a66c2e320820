// SPDX-License-Identifier: Apache-2.0
import { createTransport } from 'nodemailer';
import type { Announcement } from '#src/domain/announcement.ts';
import type { Attempt, Endpoint } from './endpoint.ts';
import type { Message } from './message.ts';
import { oneLine, shortened } from './words.ts';

export interface MailOptions {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  /** `starttls`: nothing is said before the connection is encrypted. `none`: for the loopback. */
  readonly tls: 'starttls' | 'implicit' | 'none';
  readonly login?: { readonly user: string; readonly password: string };
  /** Addresses alone. */
  readonly from: string;
  readonly to: readonly string[];
  readonly events: readonly Announcement['type'][];
  /** Trusted beside the system's own authorities. */
  readonly ca?: string;
  /** For each step, such as the connection; the whole may take three times as long. Default: 10 seconds. */
  readonly patienceMilliseconds?: number;
}

const PATIENCE_MILLISECONDS = 10_000;
const SUBJECT_CHARACTERS = 150;

/** Plain text by SMTP, a connection for each mail. What belongs to one case, or one waiver, is one thread. */
export function createMail(options: MailOptions): Endpoint {
  const { name, host, port, tls, login, from, to, ca, patienceMilliseconds = PATIENCE_MILLISECONDS } = options;
  const transport = createTransport({
    host,
    port,
    secure: tls === 'implicit',
    requireTLS: tls === 'starttls',
    ignoreTLS: tls === 'none',
    connectionTimeout: patienceMilliseconds,
    greetingTimeout: patienceMilliseconds,
    socketTimeout: patienceMilliseconds,
    // What a mail says is never an address to read from.
    disableFileAccess: true,
    disableUrlAccess: true,
    ...(login && { auth: { user: login.user, pass: login.password } }),
    ...(ca !== undefined && { tls: { ca } }),
  });
  const domain = from.slice(from.indexOf('@') + 1);
  return {
    name,
    events: new Set(options.events),
    send: async (id, message, signal) => {
      const whole = AbortSignal.any([signal, AbortSignal.timeout(3 * patienceMilliseconds)]);
      const sending = transport.sendMail({
        from,
        to: [...to],
        ...headersOf(id, message, domain),
        text: bodyOf(message),
        // The mirror's own mails are no reason to answer by an out-of-office note.
        headers: { 'auto-submitted': 'auto-generated' },
      });
      return Promise.race([
        sending.then(() => ({ type: 'sent', answer: 'SMTP 250' }) as const, failure),
        cutOff(whole),
      ]);
    },
  };
}

/** The same for every try of a message, so that a mail that arrives twice can be known for one. */
function headersOf(id: string, { text, thread }: Message, domain: string) {
  const root = thread === undefined ? undefined : `<${thread}@${domain}>`;
  return {
    subject: shortened(oneLine(text.replace(/ https?:\/\/\S+$/, '')), SUBJECT_CHARACTERS),
    messageId: `<${id}@${domain}>`,
    ...(root === undefined ? {} : { inReplyTo: root, references: [root] }),
  };
}

function bodyOf({ text, timestamp, data }: Message): string {
  const facts = Object.entries(data).flatMap(([key, value]) => linesOf(key, value));
  return [text, '', `time: ${timestamp}`, ...facts, ''].join('\n');
}

function linesOf(key: string, value: unknown): string[] {
  if (Array.isArray(value)) return value.map((item) => `${key}: ${oneLine(String(item))}`);
  if (typeof value === 'object' && value !== null)
    return Object.entries(value).flatMap(([name, item]) => linesOf(`${key}.${name}`, item));
  return [`${key}: ${oneLine(String(value))}`];
}

/** By code alone: what a server or a library says in words may repeat what it was sent. */
function failure(error: unknown): Attempt {
  const { code, responseCode } = error as { code?: unknown; responseCode?: unknown };
  const status = typeof responseCode === 'number' ? responseCode : undefined;
  if (code === 'EAUTH')
    return { type: 'away', answer: `SMTP ${status ?? ''}: the sign-in was refused`.replace(' :', ':') };
  // 5xx about the mail or its recipients: the server is there, and wants another mail.
  if (status !== undefined)
    return {
      type: status >= 500 && (code === 'EENVELOPE' || code === 'EMESSAGE') ? 'refused' : 'away',
      answer: `SMTP ${status}`,
    };
  const word = typeof code === 'string' && /^[A-Z][A-Z0-9_]{1,60}$/.test(code) ? code : 'unknown';
  return { type: 'away', answer: `no connection: ${word}` };
}

function cutOff(signal: AbortSignal): Promise<Attempt> {
  const attempt = { type: 'away', answer: 'cut off: it took too long, or the mirror was stopped' } as const;
  if (signal.aborted) return Promise.resolve(attempt);
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(attempt), { once: true }));
}
