// SPDX-License-Identifier: Apache-2.0
import type { ServerResponse } from 'node:http';
import type { Context } from 'hono';

/**
 * A client that takes not one byte for so long gets its connection closed: it holds a file, buffers and a connection,
 * and clients resume. One that reads slowly, yet does, is never cut: Node looks at what the kernel took, not at pieces.
 * It looks at these intervals, so that a client is cut off after one of them or, having taken something in it, two.
 */
const SILENCE_MILLISECONDS = 45_000;

/** The answer on its socket; undefined without one (`app.request` in tests). */
export function outgoingOf(c: Context): ServerResponse | undefined {
  return (c.env as { outgoing?: ServerResponse } | undefined)?.outgoing;
}

/**
 * Wait until this answer is the next one on its connection; false when the client is gone. Requests may be sent many at
 * a time, without waiting for answers: those that wait behind another must hold no file.
 */
export async function hasTurn(outgoing: ServerResponse): Promise<boolean> {
  if (!outgoing.socket && !outgoing.destroyed)
    await new Promise<void>((done) => {
      outgoing.once('socket', () => done()).once('close', done);
    });
  return !outgoing.destroyed;
}

/** Send status and headers of an answer whose bytes follow; from here on a silent client is cut off. */
export function beginAnswer(
  c: Context,
  outgoing: ServerResponse,
  status: 200 | 206,
  headers: Record<string, string>,
): void {
  for (const [name, value] of c.res.headers) outgoing.setHeader(name, value);
  outgoing.setTimeout(SILENCE_MILLISECONDS, () => outgoing.destroy());
  outgoing.writeHead(status, headers);
}
