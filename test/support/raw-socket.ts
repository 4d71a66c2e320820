// SPDX-License-Identifier: Apache-2.0
import { connect } from 'node:net';

/**
 * Write bytes to a server, and read the statuses of its answers until it closes the connection, or has been silent for
 * so long: it may wait for more than there is. Nothing in between knows what HTTP is.
 */
export function dial(base: string, bytes: string | Buffer, silenceMilliseconds: number): Promise<number[]> {
  const { hostname, port } = new URL(base);
  return new Promise((done) => {
    const chunks: Buffer[] = [];
    const socket = connect(Number(port), hostname);
    const ended = () => {
      socket.destroy();
      done(statusesOf(Buffer.concat(chunks)));
    };
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    // A server that refuses what it has not read resets the connection: what it said before counts.
    socket.on('error', ended).on('close', ended).setTimeout(silenceMilliseconds, ended);
    socket.write(bytes);
  });
}

function statusesOf(bytes: Buffer): number[] {
  return [...bytes.toString('latin1').matchAll(/^HTTP\/1\.[01] (\d{3}) /gm)].map((match) => Number(match[1]));
}
