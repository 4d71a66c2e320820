// SPDX-License-Identifier: Apache-2.0
import { createReadStream } from 'node:fs';
import { connect, type Socket } from 'node:net';

/** Where `clamd` listens: a Unix socket's path, or a host and port. */
export type ClamdAddress = { readonly socket: string } | { readonly host: string; readonly port: number };

export interface ClamdOptions {
  readonly address: ClamdAddress;
  /** Longest silence that is borne, in milliseconds: of a connection, and of the scan once all bytes are there. */
  readonly patienceMilliseconds: number;
}

/** What clamd said of one stream. `tooLarge`: more bytes than its StreamMaxLength, so that it looked at none. */
export type ClamdVerdict =
  | { readonly type: 'clean' }
  | { readonly type: 'found'; readonly signature: string }
  | { readonly type: 'tooLarge' };

/** clamd is away, silent, or answers something that is no verdict. Nothing is known of the bytes then. */
class ClamdError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'ClamdError';
  }
}

/** INSTREAM of clamd(8): `z` commands end with NUL, chunks follow a 4-byte big-endian length, a length of 0 ends them. */
const COMMAND = 'zINSTREAM\0';
const CHUNK_BYTES = 256 * 1024;
/** A verdict is one short line; more is no answer of clamd's. */
const ANSWER_BYTES = 4096;
const SIGNATURE_CHARACTERS = 200;

/**
 * Stream a local file to clamd and wait for its verdict.
 * @throws ClamdError when there is none; what `signal` was aborted with
 */
export async function scanWithClamd(file: string, options: ClamdOptions, signal?: AbortSignal): Promise<ClamdVerdict> {
  const answer = await exchange(options, signal, COMMAND, (socket) => send(socket, file));
  return verdictOf(answer);
}

/** The engine's and the signatures' version, such as `ClamAV 1.4.3/27500/Mon Nov 23 2026`. @throws ClamdError */
export async function clamdVersion(options: ClamdOptions, signal?: AbortSignal): Promise<string> {
  return (await exchange(options, signal, 'zVERSION\0')).trim();
}

/** One command, what belongs to it, and the answer up to its NUL. clamd may answer and close before all is sent. */
function exchange(
  { address, patienceMilliseconds }: ClamdOptions,
  signal: AbortSignal | undefined,
  command: string,
  body?: (socket: Socket) => Promise<void>,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect('socket' in address ? { path: address.socket } : address);
    const parts: Buffer[] = [];
    let bytes = 0;
    const settle = (end: () => void) => {
      signal?.removeEventListener('abort', aborted);
      socket.destroy();
      end();
    };
    const fail = (error: unknown) => settle(() => reject(error));
    const aborted = () => fail(signal?.reason);
    if (signal?.aborted) return aborted();
    signal?.addEventListener('abort', aborted, { once: true });
    socket.setTimeout(patienceMilliseconds, () => fail(away(address, `was silent for ${patienceMilliseconds} ms`)));
    socket.on('error', (error) => fail(away(address, error.message, error)));
    socket.on('close', () => fail(away(address, 'closed the connection without an answer')));
    socket.on('data', (chunk: Buffer) => {
      parts.push(chunk);
      bytes += chunk.length;
      const end = chunk.indexOf(0);
      if (bytes > ANSWER_BYTES) fail(away(address, 'answered more than a verdict'));
      else if (end >= 0) settle(() => resolve(Buffer.concat(parts).toString('latin1').split('\0', 1)[0] ?? ''));
    });
    socket.on('connect', () => {
      socket.write(command);
      // What breaks while sending shows on the socket too, unless the file itself could not be read.
      body?.(socket).catch((error: unknown) => {
        if (!socket.destroyed) fail(error);
      });
    });
  });
}

async function send(socket: Socket, file: string): Promise<void> {
  const length = Buffer.alloc(4);
  for await (const chunk of createReadStream(file, { highWaterMark: CHUNK_BYTES }) as AsyncIterable<Buffer>) {
    length.writeUInt32BE(chunk.length);
    socket.write(Buffer.from(length));
    if (!socket.write(chunk)) await drained(socket);
    if (socket.destroyed) return;
  }
  socket.write(Buffer.alloc(4));
}

function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      socket.off('drain', done).off('close', done);
      resolve();
    };
    socket.on('drain', done).on('close', done);
  });
}

/** `stream: OK`, `stream: <signature> FOUND`, `INSTREAM size limit exceeded. ERROR`. */
function verdictOf(answer: string): ClamdVerdict {
  if (answer === 'stream: OK') return { type: 'clean' };
  const signature = /^stream: (.+) FOUND$/s.exec(answer)?.[1];
  if (signature !== undefined) return { type: 'found', signature: signature.slice(0, SIGNATURE_CHARACTERS) };
  if (/^INSTREAM size limit exceeded/.test(answer)) return { type: 'tooLarge' };
  throw new ClamdError(`clamd gave no verdict: ${JSON.stringify(answer.slice(0, 100))}`);
}

function away(address: ClamdAddress, why: string, cause?: unknown): ClamdError {
  const where = 'socket' in address ? address.socket : `${address.host}:${address.port}`;
  return new ClamdError(`clamd at ${where} ${why}`, cause);
}
