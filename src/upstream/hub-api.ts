// SPDX-License-Identifier: Apache-2.0
import type { Dispatcher } from 'undici';
import type * as z from 'zod';
import { AirlockError, isAirlockError } from '#src/domain/errors.ts';
import { header, withoutQuery } from './answers.ts';
import { createHubHttp, type HubAnswer, type HubHttp, transportError } from './http.ts';
import { createPacer, withRetries } from './retry.ts';

export interface HubApiOptions {
  readonly url: string;
  readonly token?: string;
  readonly requestTimeoutSeconds: number;
  readonly stallSeconds: number;
  /** Tries of one request in all. */
  readonly tries: number;
  readonly dispatcher?: Dispatcher;
  /** Told of every try of a question that fails, others may follow. */
  readonly onFailedTry?: (error: unknown) => void;
}

/** An API answer larger than this is refused: the largest page of a tree (1,000 entries) is well under 1 MiB. */
const MAX_API_BYTES = 64 * 2 ** 20;

/** A million files, the most that an intake takes, in pages of fifty, the smallest that the live hub sends. */
const MAX_PAGES = 20_000;

/** Questions to a hub's API: with patience, retries and bounds. */
export interface HubApi {
  /** Without a slash at the end. */
  readonly base: string;
  readonly http: HubHttp;
  /** An answer that has a shape. @throws AirlockError upstream-invalid where it has not */
  json<T>(path: string, shape: z.ZodType<T>, stop?: AbortSignal): Promise<T>;
  bytes(path: string, stop?: AbortSignal): Promise<Buffer>;
  /** One page after the other, so many at most; `last`: no other follows. */
  eachPage<T>(
    path: string,
    shape: z.ZodType<T>,
    most: number,
    stop?: AbortSignal,
  ): AsyncIterable<{ readonly value: T; readonly last: boolean }>;
  /** For whoever goes from page to page by itself. */
  pages(stop?: AbortSignal): typeof fetch;
}

export function createHubApi(options: HubApiOptions): HubApi {
  const base = options.url.replace(/\/+$/, '');
  const http = createHubHttp({ ...options, url: base, pacer: createPacer() });

  function ask<T>(path: string, read: (answer: HubAnswer, body: Buffer) => T, stop?: AbortSignal): Promise<T> {
    const signal = patience(options, stop);
    return withRetries(options.tries, signal, async () => {
      try {
        const answer = await http({ url: base + path, headers: { accept: 'application/json' }, signal });
        return read(answer, await readBody(answer, signal));
      } catch (error) {
        options.onFailedTry?.(error);
        throw error;
      }
    });
  }

  return {
    base,
    http,
    json: (path, shape, stop) => ask(path, (answer, body) => parseJson(answer, body, shape), stop),
    bytes: (path, stop) => ask(path, (_, body) => body, stop),
    async *eachPage(path, shape, most, stop) {
      let next: string | undefined = path;
      for (let pages = 0; next !== undefined && pages < most; pages++) {
        const page: { value: z.infer<typeof shape>; next: string | undefined } = await ask(
          next,
          (answer, body) => ({ value: parseJson(answer, body, shape), next: nextPath(answer, base) }),
          stop,
        );
        next = page.next;
        yield { value: page.value, last: next === undefined };
      }
    },
    pages: (stop) => pageFetch(http, options, base, stop),
  };
}

/** A question with an answer of bounded size ends: after its retries at the latest, or when `stop` says so. */
function patience(options: HubApiOptions, stop: AbortSignal | undefined): AbortSignal {
  const time = AbortSignal.timeout(options.requestTimeoutSeconds * 1000 * options.tries * 2);
  return stop ? AbortSignal.any([time, stop]) : time;
}

/**
 * `listFiles` follows the `Link` header by itself: each page goes through our own client, so that retries, proxies,
 * limits and the rule on tokens hold for every page. A next page on another origin is refused, and so are more pages
 * than a listing can have: a hub that links in a circle would be followed for ever.
 */
function pageFetch(http: HubHttp, options: HubApiOptions, base: string, stop?: AbortSignal): typeof fetch {
  let pages = 0;
  return async (input) => {
    const url = new URL(input instanceof Request ? input.url : input);
    if (url.origin !== new URL(base).origin)
      throw new AirlockError('upstream-invalid', `Upstream's next page is on another host: ${url.origin}.`);
    if (++pages > MAX_PAGES)
      throw new AirlockError('upstream-invalid', `Upstream's listing has more than ${MAX_PAGES} pages.`);
    const signal = patience(options, stop);
    return withRetries(options.tries, signal, async () => {
      const answer = await http({ url: url.href, headers: { accept: 'application/json' }, signal });
      const next = nextPage(answer);
      const body = await readBody(answer, signal);
      return new Response(body, { headers: next === undefined ? {} : { link: `<${next}>; rel="next"` } });
    });
  };
}

/**
 * The next page in the one spelling that `listFiles` reads (absolute, a space after the semicolon). It takes any other
 * for the end of the listing, and a listing that lacks files would be approved and frozen without them.
 */
function nextPage(answer: HubAnswer): string | undefined {
  const link = header(answer.headers, 'link');
  const target = /<([^<>]*)>[^<]*\brel\s*=\s*"?next\b/i.exec(link ?? '')?.[1];
  if (target === undefined) return undefined;
  const url = URL.parse(target, answer.url);
  if (!url) throw new AirlockError('upstream-invalid', `Upstream's next page has no usable address.`);
  return url.href;
}

/** @throws AirlockError upstream-invalid: it is on another host */
function nextPath(answer: HubAnswer, base: string): string | undefined {
  const next = nextPage(answer);
  if (next === undefined || next.startsWith(`${base}/`)) return next?.slice(base.length);
  throw new AirlockError('upstream-invalid', `Upstream's next page is on another host: ${new URL(next).origin}.`);
}

async function readBody(answer: HubAnswer, signal: AbortSignal): Promise<Buffer<ArrayBuffer>> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of answer.body) {
      size += (chunk as Buffer).length;
      if (size > MAX_API_BYTES)
        throw new AirlockError('upstream-invalid', `Upstream's answer is larger than ${MAX_API_BYTES} bytes.`, {
          url: withoutQuery(answer.url),
        });
      chunks.push(chunk as Buffer);
    }
  } catch (cause) {
    throw isAirlockError(cause) ? cause : transportError(new URL(answer.url).origin, signal, cause);
  }
  return Buffer.concat(chunks);
}

function parseJson<T>(answer: HubAnswer, body: Buffer, shape: z.ZodType<T>): T {
  try {
    return shape.parse(JSON.parse(body.toString('utf8')));
  } catch (cause) {
    throw new AirlockError(
      'upstream-invalid',
      `${withoutQuery(answer.url)} did not answer as a Hugging Face Hub does.`,
      { url: withoutQuery(answer.url) },
      cause,
    );
  }
}
