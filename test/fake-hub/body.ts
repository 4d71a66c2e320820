// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Content } from './content.ts';
import type { Fault, FaultedRequest, Faults } from './faults.ts';
import { parseRange } from './request.ts';
import type { Stats } from './stats.ts';

export interface BodyRequest extends FaultedRequest {
  readonly repo: string;
  readonly path: string;
}

/** Answer with a file's bytes, whole or a range, with whatever fault is switched on. Headers set before are kept. */
export async function sendBody(
  req: IncomingMessage,
  res: ServerResponse,
  content: Content,
  request: BodyRequest,
  { faults, stats }: { faults: Faults; stats: Stats },
): Promise<void> {
  res.setHeader('Accept-Ranges', 'bytes');
  res.setHeader('Content-Type', 'application/octet-stream');
  const range = parseRange(req.headers.range, content.size);
  if (range === 'unsatisfiable') {
    res.writeHead(416, { 'Content-Range': `bytes */${content.size}`, 'Content-Length': 0 });
    res.end();
    return;
  }
  const start = range?.start ?? 0;
  const inside = (fault: { at: number }) => fault.at >= start && fault.at < (range?.end ?? content.size);
  const get = req.method === 'GET';
  const truncate = get ? faults.strike('truncate', request, inside) : undefined;
  const end = truncate?.at ?? range?.end ?? content.size;
  if (range) res.setHeader('Content-Range', `bytes ${start}-${end - 1}/${content.size}`);
  res.writeHead(range ? 206 : 200, { 'Content-Length': end - start });
  if (!get) {
    res.end();
    return;
  }
  const strikes = {
    cut: faults.strike('cut', request, inside)?.at,
    stall: faults.strike('stall', request, inside)?.at,
    wrongByte: faults.strike('wrong-byte', request, inside)?.at,
    bandwidth: faults.strike('bandwidth', request),
  };
  const name = `${request.repo}/${request.path}`;
  await stream(res, content, start, end, strikes, (bytes) => stats.add(name, bytes));
}

interface Strikes {
  readonly cut: number | undefined;
  readonly stall: number | undefined;
  readonly wrongByte: number | undefined;
  readonly bandwidth: Extract<Fault, { fault: 'bandwidth' }> | undefined;
}

async function stream(
  res: ServerResponse,
  content: Content,
  start: number,
  end: number,
  strikes: Strikes,
  sent: (bytes: number) => void,
): Promise<void> {
  const stop = Math.min(strikes.cut ?? end, strikes.stall ?? end);
  let at = start;
  for (const piece of content.read(start, stop)) {
    if (res.destroyed) return;
    const bytes = withWrongByte(piece, at, strikes.wrongByte);
    for (const slice of slices(bytes, strikes.bandwidth?.bytesPerSecond)) {
      if (!res.write(slice)) await drained(res);
      if (res.destroyed) return;
      sent(slice.length);
      if (strikes.bandwidth) await sleep((slice.length / strikes.bandwidth.bytesPerSecond) * 1000);
    }
    at += piece.length;
  }
  if (strikes.cut === stop && stop < end) {
    // Let what was written reach the other side first: the test counts on it.
    await new Promise<void>((done) => res.write('', () => done()));
    res.socket?.destroy();
  } else if (strikes.stall === stop && stop < end) await once(res, 'close');
  else res.end();
}

async function drained(res: ServerResponse): Promise<void> {
  const done = new AbortController();
  const either = ['drain', 'close'].map((event) => once(res, event, { signal: done.signal }));
  await Promise.race(either).catch(() => {});
  done.abort();
  await Promise.allSettled(either);
}

function withWrongByte(piece: Buffer, at: number, wrongByte: number | undefined): Buffer {
  if (wrongByte === undefined || wrongByte < at || wrongByte >= at + piece.length) return piece;
  const copy = Buffer.from(piece);
  copy.writeUInt8(copy.readUInt8(wrongByte - at) ^ 0xff, wrongByte - at);
  return copy;
}

/** Twenty slices a second at most, so that a slow body is slow all along. */
function* slices(piece: Buffer, bytesPerSecond: number | undefined): Iterable<Buffer> {
  const length = bytesPerSecond === undefined ? piece.length : Math.max(1, Math.floor(bytesPerSecond / 20));
  for (let at = 0; at < piece.length; at += length) yield piece.subarray(at, at + length);
}
