// SPDX-License-Identifier: Apache-2.0
import type { IncomingHttpHeaders } from 'node:http';
import { type Dispatcher, EnvHttpProxyAgent, request } from 'undici';
import { AirlockError, messageOf } from '#src/domain/errors.ts';
import { failure, header } from './answers.ts';
import { cancelled, isTimeout, isTransientStatus, type Pacer } from './retry.ts';

/** More than the live hub needs (307 for a rename, then 302 to the CDN). */
const MAX_REDIRECTS = 5;

export interface HubHttpOptions {
  /** Base URL of the hub: the token goes to this origin and to no other. */
  readonly url: string;
  readonly token?: string;
  /** Until the headers of an answer are there. */
  readonly requestTimeoutSeconds: number;
  /** Longest silence inside a body. */
  readonly stallSeconds: number;
  readonly pacer: Pacer;
  /** Defaults to an agent that honours HTTP_PROXY, HTTPS_PROXY and NO_PROXY. */
  readonly dispatcher?: Dispatcher;
}

export interface HubAnswer {
  readonly url: string;
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Dispatcher.ResponseData['body'];
}

interface HubRequest {
  readonly url: string;
  readonly headers?: Record<string, string>;
  readonly signal: AbortSignal;
  /** Sees the headers of every redirect on the way: digests and the commit are on the first answer (hub-api 2.4). */
  readonly onRedirect?: (headers: IncomingHttpHeaders) => void;
}

/** One GET, redirects followed, as a successful answer with an unread body; anything else is thrown. */
export type HubHttp = (asked: HubRequest) => Promise<HubAnswer>;

export function createHubHttp(options: HubHttpOptions): HubHttp {
  const home = new URL(options.url).origin;
  const dispatcher = options.dispatcher ?? new EnvHttpProxyAgent();

  async function once(asked: HubRequest, url: URL): Promise<HubAnswer> {
    await options.pacer.ready(url.origin, asked.signal);
    const withToken = options.token !== undefined && url.origin === home;
    const answer = await send(url, asked.signal, {
      dispatcher,
      signal: asked.signal,
      headersTimeout: options.requestTimeoutSeconds * 1000,
      bodyTimeout: options.stallSeconds * 1000,
      headers: {
        'user-agent': 'hub-airlock',
        'accept-encoding': 'identity',
        ...asked.headers,
        ...(withToken ? { authorization: `Bearer ${options.token}` } : {}),
      },
    });
    if (answer.status < 400) return answer;
    void answer.body.dump({ limit: 64 * 1024 }).catch(() => {});
    const error = failure({ ...answer, fromHub: url.origin === home }, withToken);
    if (isTransientStatus(answer.status) && typeof error.subject.retryAfter === 'number')
      options.pacer.pause(url.origin, error.subject.retryAfter);
    throw error;
  }

  return async (asked) => {
    let url = new URL(asked.url);
    for (let hops = 0; hops <= MAX_REDIRECTS; hops++) {
      const answer = await once(asked, url);
      if (answer.status < 300) return answer;
      // Read to its end, where it is short, so that the connection can be used for the next request.
      void answer.body.dump({ limit: 64 * 1024 }).catch(() => {});
      asked.onRedirect?.(answer.headers);
      url = redirectTarget(url, answer);
    }
    throw new AirlockError('upstream-invalid', `Upstream redirected more than ${MAX_REDIRECTS} times.`, {
      url: asked.url,
    });
  };
}

function redirectTarget(from: URL, answer: HubAnswer): URL {
  const location = header(answer.headers, 'location');
  const target = location === undefined ? null : URL.parse(location, from);
  if (!target || (target.protocol !== 'https:' && target.protocol !== 'http:'))
    throw new AirlockError('upstream-invalid', `Upstream answered ${answer.status} without a usable Location.`, {
      url: from.href,
    });
  // A downgrade would put the bytes, and a signed URL, on the wire in clear text.
  if (from.protocol === 'https:' && target.protocol === 'http:')
    throw new AirlockError('upstream-invalid', 'Upstream redirected from https to http.', { url: from.href });
  return target;
}

async function send(url: URL, signal: AbortSignal, options: Parameters<typeof request>[1]): Promise<HubAnswer> {
  try {
    const { statusCode, headers, body } = await request(url, options);
    return { url: url.href, status: statusCode, headers, body };
  } catch (cause) {
    throw transportError(url.origin, signal, cause);
  }
}

/**
 * Transport failures by undici's codes: time-outs apart from the rest. Whether it was we who gave up, only the signal
 * tells: a proxy that refuses a tunnel is an AbortError of undici's too.
 */
export function transportError(origin: string, signal: AbortSignal, cause: unknown): AirlockError {
  if (signal.aborted && !isTimeout(signal)) return cancelled(cause);
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const timeout = signal.aborted || /TIMEOUT|ETIMEDOUT/.test(code);
  return new AirlockError(
    timeout ? 'upstream-timeout' : 'upstream-unavailable',
    // Where and why is for the log: clients are not told addresses.
    `Upstream ${timeout ? 'did not answer in time' : 'can not be reached'}.`,
    { url: origin, problem: messageOf(cause) || code },
    cause,
  );
}
