// SPDX-License-Identifier: Apache-2.0
import type { Clock } from '#src/domain/clock.ts';
import type { Notifications as Table } from '#src/index/notifications.ts';
import type { NotificationRow } from '#src/index/schema.ts';
import type { Attempt, Endpoint } from './endpoint.ts';
import type { Message } from './message.ts';
import type { NotifyLog } from './notifications.ts';
import { nextTry, type Schedule } from './schedule.ts';

export interface DeliveryDeps {
  readonly table: Pick<Table, 'due' | 'nextAt' | 'claim' | 'update' | 'bury'>;
  readonly endpoint: Endpoint;
  readonly schedule: Schedule;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: NotifyLog;
}

/** What delivers to one endpoint. */
export interface Delivery {
  /** There may be something to deliver. */
  wake(): void;
  /** It wants nothing any more; until the mirror starts anew, or `reopen`. */
  readonly gone: boolean;
  /** A person knows better than what it said last: it is asked at once. */
  reopen(): void;
  /** A try under way gets a moment to end. */
  stop(): Promise<void>;
}

/** How long a row belongs to whoever claimed it: well above the longest try. */
const CLAIM_MILLISECONDS = 60_000;
/** When the index does not work. */
const AGAIN_MILLISECONDS = 5000;
const LONGEST_TIMER = 3_600_000;
const STOP_MILLISECONDS = 2000;

/**
 * One message at a time, the oldest that is due first. While the endpoint is away, nothing else is tried: its messages
 * keep their order, and the first of them goes on asking. A message that the endpoint refuses lets the others pass.
 *
 * Crash story: a row is claimed before its try, which counts from then. Killed after the receiver has it and before the
 * row says so: delivered a second time, under the same id, once the claim has run out. Nothing is forgotten.
 */
export function createDelivery(deps: DeliveryDeps): Delivery {
  const { table, endpoint, clock, log } = deps;
  const { name } = endpoint;
  const stopping = new AbortController();
  let stopped = false;
  let gone = false;
  /** Nothing is tried before. */
  let awayUntil = 0;
  let running: Promise<void> | undefined;
  let again = false;
  let timer: NodeJS.Timeout | undefined;

  const inFuture = (seconds: number) => new Date(clock.now().getTime() + seconds * 1000);

  async function run(): Promise<void> {
    while (!stopped && !gone) {
      const now = clock.now();
      if (awayUntil > now.getTime()) return arm(awayUntil);
      const row = await table.due(name, now.toISOString());
      if (row) await deliver(row);
      else {
        const next = await table.nextAt(name);
        return next === undefined ? undefined : arm(Date.parse(next));
      }
    }
  }

  async function deliver(row: NotificationRow): Promise<void> {
    if (!(await table.claim(row, inFuture(CLAIM_MILLISECONDS / 1000).toISOString()))) return;
    const attempt = await endpoint.send(row.id, JSON.parse(row.body) as Message, stopping.signal);
    const { answer } = attempt;
    if (attempt.type === 'sent') {
      if (awayUntil > 0) log.info({ endpoint: name }, 'an endpoint takes notifications again');
      awayUntil = 0;
      return table.update(row.id, { state: 'sent', lastError: null });
    }
    if (attempt.type === 'gone') return close(row, answer);
    await failed(row, attempt);
  }

  async function failed(row: NotificationRow, attempt: Attempt): Promise<void> {
    const { id, event } = row;
    const tried = row.attempts + 1;
    const lastError = attempt.answer;
    const asked = attempt.type === 'away' ? attempt.waitSeconds : undefined;
    const seconds = nextTry(deps.schedule, tried, deps.random(), asked);
    const details = { endpoint: name, id, event, tried, answer: lastError };
    if (seconds === undefined) {
      log.error(details, 'a notification is given up: it is a dead letter');
      return table.update(id, { state: 'dead', lastError });
    }
    const next = inFuture(seconds);
    if (attempt.type === 'away') awayUntil = next.getTime();
    log.warn({ ...details, next: next.toISOString() }, 'a notification was not delivered: tried again');
    await table.update(id, { nextAt: next.toISOString(), lastError });
  }

  async function close(row: NotificationRow, answer: string): Promise<void> {
    gone = true;
    const died = await table.bury(name, answer);
    const text =
      'an endpoint wants no more notifications: it gets none until the mirror starts anew, or a test reaches it';
    log.error({ endpoint: name, id: row.id, answer, died }, text);
  }

  function arm(at: number): void {
    clearTimeout(timer);
    const wait = Math.min(Math.max(at - clock.now().getTime(), 0), LONGEST_TIMER);
    timer = setTimeout(wake, wait).unref();
  }

  function wake(): void {
    if (stopped || gone) return;
    // Whoever wakes it while it looks for the last time must not be overheard.
    if (running) {
      again = true;
      return;
    }
    again = false;
    running = run()
      .catch((error: unknown) => {
        log.error({ err: error, endpoint: name }, 'notifications can not be read or marked: tried again');
        arm(clock.now().getTime() + AGAIN_MILLISECONDS);
      })
      .finally(() => {
        running = undefined;
        if (again) wake();
      });
  }

  return {
    wake,
    get gone() {
      return gone;
    },
    reopen: () => {
      gone = false;
      awayUntil = 0;
      wake();
    },
    stop: async () => {
      stopped = true;
      clearTimeout(timer);
      const cut = setTimeout(() => stopping.abort(), STOP_MILLISECONDS);
      await running;
      clearTimeout(cut);
    },
  };
}
