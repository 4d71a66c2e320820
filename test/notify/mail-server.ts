// SPDX-License-Identifier: Apache-2.0
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { onTestFinished } from 'vitest';
import { verifier } from '#test/support/clients.ts';

export interface Mail {
  readonly from: string;
  readonly to: readonly string[];
  readonly encrypted: boolean;
  readonly user: string | undefined;
  /** As it was sent, head and body. */
  readonly raw: string;
  /** Names in lower case, folded lines put together. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
  readonly body: string;
}

export interface MailServer {
  readonly port: number;
  readonly mails: Mail[];
}

/** A mail server on the loopback that keeps what it is sent. Closed when the test is done. */
export async function startMailServer(options: SMTPServerOptions = {}): Promise<MailServer> {
  const mails: Mail[] = [];
  const server = new SMTPServer({
    logger: false,
    authOptional: true,
    onData: (stream, session, done) => {
      text(stream).then((raw) => {
        const { mailFrom, rcptTo } = session.envelope;
        const from = mailFrom ? mailFrom.address : '';
        const to = rcptTo.map(({ address }) => address);
        const user = session.user as string | undefined;
        mails.push({ from, to, encrypted: session.secure === true, user, raw, ...parsed(raw) });
        done();
      }, done);
    },
    ...options,
  });
  server.on('error', () => {});
  const port = await new Promise<number>((listening) => {
    const net = server.listen(0, '127.0.0.1', () => listening((net.address() as AddressInfo).port));
  });
  onTestFinished(() => new Promise<void>((closed) => server.close(() => closed())));
  return { port, mails };
}

function parsed(raw: string): Pick<Mail, 'headers' | 'body'> {
  const end = raw.indexOf('\r\n\r\n');
  const headers = new Map<string, string[]>();
  for (const line of raw
    .slice(0, end)
    .replace(/\r\n[ \t]+/g, ' ')
    .split('\r\n')) {
    const name = line.slice(0, line.indexOf(':')).toLowerCase();
    headers.set(name, [...(headers.get(name) ?? []), line.slice(line.indexOf(':') + 1).trim()]);
  }
  return { headers, body: raw.slice(end + 4) };
}

/** A key and a certificate for localhost that signed itself. */
export async function selfSigned(): Promise<{ readonly key: string; readonly cert: string }> {
  const script = resolve(import.meta.dirname, '../support/certificate.py');
  const pem = (await verifier('python', [script])).stdout;
  const at = pem.indexOf('-----BEGIN CERTIFICATE');
  return { key: pem.slice(0, at), cert: pem.slice(at) };
}
