// SPDX-License-Identifier: Apache-2.0
import { type Dispatcher, EnvHttpProxyAgent, request } from 'undici';
import type { Announcement } from '#src/domain/announcement.ts';
import type { Clock } from '#src/domain/clock.ts';
import { chatText } from './chat.ts';
import type { Attempt, Endpoint } from './endpoint.ts';
import type { Message } from './message.ts';
import { webhookHeaders } from './webhook-signature.ts';

export interface WebhookOptions {
  readonly name: string;
  /** Of a chat tool, a secret by itself: it stands in no log and no answer. */
  readonly url: string;
  readonly events: readonly Announcement['type'][];
  /** `chat`: `{"text": "..."}` alone, for chat tools. */
  readonly format: 'json' | 'chat';
  /** None: not signed. */
  readonly keys: readonly Uint8Array[];
  readonly clock: Clock;
  /** For the whole try. Default: 10 seconds. */
  readonly patienceMilliseconds?: number;
  /** Default: an agent that honours HTTP_PROXY, HTTPS_PROXY and NO_PROXY. */
  readonly dispatcher?: Dispatcher;
}

const PATIENCE_MILLISECONDS = 10_000;
/** Of an answer: read so that the connection can be used again, and dropped. */
const ANSWER_BYTES = 64 * 1024;
/** These say that nobody is there, or ask to wait. */
const AWAY = new Set([408, 425, 429, 502, 503, 504]);

export function createWebhook(options: WebhookOptions): Endpoint {
  const { name, url, format, keys, clock, patienceMilliseconds = PATIENCE_MILLISECONDS } = options;
  const dispatcher = options.dispatcher ?? new EnvHttpProxyAgent();
  return {
    name,
    events: new Set(options.events),
    send: async (id, message, signal) => {
      const body = JSON.stringify(format === 'chat' ? { text: chatText(message.text) } : jsonOf(message));
      const patience = AbortSignal.timeout(patienceMilliseconds);
      try {
        const answer = await request(url, {
          method: 'POST',
          headers: {
            'content-type': 'application/json',
            'user-agent': 'hub-airlock',
            ...webhookHeaders(id, clock.now(), body, keys),
          },
          body,
          dispatcher,
          // undici follows no redirect by itself: a signed message goes where the configuration says, or nowhere.
          signal: AbortSignal.any([signal, patience]),
        });
        void answer.body.dump({ limit: ANSWER_BYTES, signal: patience }).catch(() => {});
        return attemptOf(answer.statusCode, answer.headers['retry-after'], clock.now());
      } catch (error) {
        if (patience.aborted)
          return { type: 'away', answer: `no answer within ${patienceMilliseconds / 1000} seconds` };
        return {
          type: 'away',
          answer: signal.aborted ? 'cut off: the mirror was stopped' : `no connection: ${codeOf(error)}`,
        };
      }
    },
  };
}

function jsonOf({ type, timestamp, text, data }: Message): object {
  return { type, timestamp, text, data };
}

function attemptOf(status: number, retryAfter: string | string[] | undefined, now: Date): Attempt {
  const answer = `HTTP ${status}`;
  if (status >= 200 && status < 300) return { type: 'sent', answer };
  if (status === 410) return { type: 'gone', answer };
  if (status >= 300 && status < 400) return { type: 'refused', answer: `${answer}: redirects are not followed` };
  return AWAY.has(status)
    ? { type: 'away', answer, waitSeconds: secondsOf(retryAfter, now) }
    : { type: 'refused', answer };
}

/** Seconds, or a date. */
function secondsOf(header: string | string[] | undefined, now: Date): number | undefined {
  if (typeof header !== 'string') return undefined;
  if (/^\d{1,9}$/.test(header)) return Number(header);
  const at = header.endsWith(' GMT') ? Date.parse(header) : Number.NaN;
  return Number.isNaN(at) ? undefined : Math.max(0, (at - now.getTime()) / 1000);
}

/** The code alone: messages of connections can hold the address. */
function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return /^[A-Z][A-Z0-9_]{1,60}$/.test(code) ? code : 'unknown';
}
