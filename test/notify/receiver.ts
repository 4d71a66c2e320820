// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';

/** What somebody posted. */
export interface Post {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly path: string;
}

export interface Receiver {
  readonly url: string;
  readonly posts: Post[];
  /** What it answers from now on: a status, or whatever the function does. */
  answer: number | ((response: ServerResponse, post: Post) => void);
}

/** A web server that keeps what it is sent. Closed when the test is done, or whatever `atEnd` stands for. */
export async function startReceiver(
  answer: Receiver['answer'] = 204,
  atEnd: (close: () => void) => void = onTestFinished,
): Promise<Receiver> {
  const posts: Post[] = [];
  const server = createServer(async (request, response) => {
    const post = { headers: request.headers, body: await text(request), path: request.url ?? '' };
    posts.push(post);
    if (typeof receiver.answer === 'number') response.writeHead(receiver.answer).end();
    else receiver.answer(response, post);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  atEnd(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
  const receiver: Receiver = { url, posts, answer };
  return receiver;
}
