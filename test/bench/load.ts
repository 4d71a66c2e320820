// SPDX-License-Identifier: Apache-2.0
import { connect, type Socket } from 'node:net';

// A load generator as a process of its own: node load.ts METHOD URL CONNECTIONS SECONDS, one JSON object as answer.
// Kept connections, one request at a time on each. Raw sockets, because it must cost less than the server it measures,
// and because it has to know that the answer to HEAD has no body.

export interface LoadResult {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  /** Answers other than 2xx and 3xx. */
  readonly failed: number;
}

const HEADERS_END = Buffer.from('\r\n\r\n');

interface Tally {
  readonly milliseconds: number[];
  failed: number;
}

async function load(method: string, url: URL, connections: number, seconds: number): Promise<LoadResult> {
  const tally: Tally = { milliseconds: [], failed: 0 };
  const started = performance.now();
  const deadline = started + seconds * 1000;
  await Promise.all(Array.from({ length: connections }, () => lane(method, url, deadline, tally)));
  const took = (performance.now() - started) / 1000;
  const sorted = tally.milliseconds.sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
  return { perSecond: sorted.length / took, p50: at(0.5), p99: at(0.99), failed: tally.failed };
}

/** One connection that asks, waits for the whole answer, and asks again, until the time is over. */
function lane(method: string, url: URL, deadline: number, tally: Tally): Promise<void> {
  const request = `${method} ${url.pathname}${url.search} HTTP/1.1\r\nHost: ${url.host}\r\n\r\n`;
  const socket = connect(Number(url.port), url.hostname);
  socket.setNoDelay(true);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let sent = 0;
  let read: AnswerReader;
  const ask = (): void => {
    read = answerReader(method === 'HEAD');
    sent = performance.now();
    socket.write(request);
  };
  socket.on('data', (chunk) => {
    const status = read(chunk as Buffer);
    if (status === undefined) return;
    const now = performance.now();
    tally.milliseconds.push(now - sent);
    if (status < 200 || status > 399) tally.failed++;
    if (now < deadline) ask();
    else finish(socket, resolve);
  });
  socket.on('connect', ask);
  socket.on('error', reject);
  socket.on('close', () => reject(new Error('the server closed a kept connection')));
  return promise;
}

function finish(socket: Socket, resolve: () => void): void {
  resolve();
  socket.destroy();
}

/** Takes pieces of an answer; the status once it is whole. */
type AnswerReader = (chunk: Buffer) => number | undefined;

function answerReader(head: boolean): AnswerReader {
  let seen: Buffer = Buffer.alloc(0);
  let status = 0;
  let left = -1;
  return (chunk) => {
    if (left >= 0) left -= chunk.length;
    else {
      seen = seen.length === 0 ? chunk : Buffer.concat([seen, chunk]);
      const end = seen.indexOf(HEADERS_END);
      if (end < 0) return undefined;
      const text = seen.toString('latin1', 0, end);
      status = Number(text.slice(9, 12));
      left = (head ? 0 : bodyLength(text, status)) - (seen.length - end - HEADERS_END.length);
    }
    return left <= 0 ? status : undefined;
  };
}

function bodyLength(headers: string, status: number): number {
  if (status === 204 || status === 304) return 0;
  const length = /\r\ncontent-length: *(\d+)/i.exec(headers)?.[1];
  if (length === undefined) throw new Error(`an answer without a length:\n${headers}`);
  return Number(length);
}

const [method = '', url = '', connections = '', seconds = ''] = process.argv.slice(2);
const result = await load(method, new URL(url), Number(connections), Number(seconds));
process.stdout.write(JSON.stringify(result));
