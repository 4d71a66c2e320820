// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';
import { AirlockError, isAirlockError } from '#src/domain/errors.ts';

/** Longest pause that a `Retry-After` can impose on us, in seconds. */
const LONGEST_PAUSE = 120;

/** Statuses that are worth asking again: RFC 9110 15.5.9, 15.6 and RFC 6585 4. */
const TRANSIENT: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504]);

export function isTransientStatus(status: number): boolean {
  return TRANSIENT.has(status);
}

/**
 * A rate limit belongs to the whole process and to one origin: one 429 makes every request to that origin wait, so that
 * twenty downloads do not each learn it on their own; and a CDN that is busy is no reason to leave the hub unasked.
 */
export interface Pacer {
  /** Resolves when requests may go out to this origin again. */
  ready(origin: string, signal: AbortSignal): Promise<void>;
  /** Nothing goes out to this origin for so many seconds from now. */
  pause(origin: string, seconds: number): void;
}

export function createPacer(now: () => number = Date.now): Pacer {
  const pauses = new Map<string, number>();
  const left = (origin: string) => (pauses.get(origin) ?? 0) - now();
  return {
    async ready(origin, signal) {
      for (let wait = left(origin); wait > 0; wait = left(origin))
        await sleep(wait, undefined, { signal }).catch((cause: unknown) => {
          throw isTimeout(signal) ? pausedTooLong(wait / 1000) : cancelled(cause);
        });
    },
    pause(origin, seconds) {
      // Upstream chooses the hosts that it redirects to: those that are over must not pile up.
      for (const known of pauses.keys()) if (left(known) <= 0) pauses.delete(known);
      const until = now() + Math.min(seconds, LONGEST_PAUSE) * 1000;
      pauses.set(origin, Math.max(pauses.get(origin) ?? 0, until));
    },
  };
}

/** Whether a signal fired because our own time was up, and not because somebody wants no answer any more. */
export function isTimeout({ reason }: AbortSignal): boolean {
  return reason instanceof DOMException && reason.name === 'TimeoutError';
}

/** Only for a signal that fired, and not by its time limit: the mirror is stopping, or the rest of the work failed. */
export function cancelled(cause: unknown): AirlockError {
  return new AirlockError('shutting-down', 'The request to upstream was cancelled.', {}, cause);
}

function pausedTooLong(retryAfter: number): AirlockError {
  return new AirlockError('upstream-rate-limited', 'Upstream asks for a longer pause than this request may take.', {
    retryAfter,
  });
}

/** Seconds to wait before try `attempt` (from 1): 0.5, 1, 2, 4, ... up to 15, with a quarter of jitter. */
export function backoffSeconds(attempt: number, random: () => number = Math.random): number {
  const base = Math.min(15, 0.5 * 2 ** (attempt - 1));
  return base * (0.75 + random() * 0.5);
}

/** `Retry-After` in seconds: digits or an HTTP date (RFC 9110 10.2.3); undefined where it says neither. */
export function retryAfterSeconds(value: string | undefined, now: number = Date.now()): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d{1,9}$/.test(value.trim())) return Number(value);
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, (date - now) / 1000);
}

const RETRIED = ['upstream-unavailable', 'upstream-timeout', 'upstream-rate-limited'] as const;

/** Run `attempt` again while it fails in a way that time may mend: at most `tries` times in all. */
export async function withRetries<T>(tries: number, signal: AbortSignal, attempt: () => Promise<T>): Promise<T> {
  for (let n = 1; ; n++) {
    try {
      return await attempt();
    } catch (error) {
      if (n >= tries || signal.aborted || !isAirlockError(error, ...RETRIED)) throw error;
      const asked = error.subject.retryAfter;
      const pause = typeof asked === 'number' ? Math.min(asked, LONGEST_PAUSE) : backoffSeconds(n);
      await sleep(pause * 1000, undefined, { signal }).catch((cause: unknown) => {
        throw isTimeout(signal) ? error : cancelled(cause);
      });
    }
  }
}
