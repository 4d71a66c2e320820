// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { get, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';

export interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly text: string;
}

export interface Downloaded {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly size: number;
  readonly sha256: string;
}

/** A GET whose body is hashed as it comes, and not kept: for weights. */
export async function download(base: string, path: string): Promise<Downloaded> {
  const answer = await new Promise<IncomingMessage>((done, fail) =>
    get(new URL(path, base), { agent: false }, done).on('error', fail),
  );
  const hash = createHash('sha256');
  let size = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    hash.update(chunk);
    size += chunk.length;
  }
  return { status: answer.statusCode ?? 0, headers: answer.headers, size, sha256: hash.digest('hex') };
}

/**
 * One request with the path exactly as written: `fetch` would resolve `..` before it is sent. No redirect is followed,
 * nothing is retried.
 */
export function ask(
  base: string,
  path: string,
  { method = 'GET', headers = {}, body }: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<RawAnswer> {
  const { hostname, port } = new URL(base);
  const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
  return new Promise((done, fail) => {
    const sent = request(
      { hostname, port, path, method, headers: { ...length, ...headers }, agent: false },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('error', fail);
        answer.on('end', () => {
          const bytes = Buffer.concat(chunks);
          done({
            status: answer.statusCode ?? 0,
            headers: answer.headers,
            body: bytes,
            // Decoded when asked for: weights are no text, and decoding them takes longer than fetching them.
            get text() {
              return bytes.toString('utf8');
            },
          });
        });
      },
    );
    sent.on('error', fail);
    sent.setTimeout(60_000, () => sent.destroy(new Error(`no answer to ${method} ${path} for 60 s`)));
    sent.end(body);
  });
}
