// SPDX-License-Identifier: Apache-2.0
import type { Announce } from '#src/domain/announcement.ts';
import type { Clock } from '#src/domain/clock.ts';
import type { NotificationFilter, NotificationLimits, Notifications as Table } from '#src/index/notifications.ts';
import type { NotificationRow } from '#src/index/schema.ts';
import { createDelivery, type Delivery } from './delivery.ts';
import type { Attempt, Endpoint } from './endpoint.ts';
import { createIds } from './ids.ts';
import type { LinkOf, Message } from './message.ts';
import { createOutbox } from './outbox.ts';
import { A_DAY, type Schedule } from './schedule.ts';

export interface NotifyLog {
  info(details: object, text: string): void;
  warn(details: object, text: string): void;
  error(details: object, text: string): void;
}

export interface NotificationsDeps {
  readonly table: Table;
  readonly endpoints: readonly Endpoint[];
  readonly linkOf: LinkOf;
  readonly clock: Clock;
  readonly log: NotifyLog;
  readonly perMinute: number;
  /** Default: one. */
  readonly windowMilliseconds?: number;
  readonly limits?: NotificationLimits;
  readonly schedule?: Schedule;
  /** From 0 to 1, for the spread of tries. */
  readonly random?: () => number;
}

/** Who is told of what happens, and whether they got it. */
export interface Notifications {
  readonly announce: Announce;
  /** Begin to deliver what waits, of earlier runs too. What waits for an endpoint that is configured no more is dead. */
  start(): Promise<void>;
  /** In the order of the configuration. `gone`: it said that it wants nothing any more. */
  endpoints(): readonly { readonly name: string; readonly events: readonly string[]; readonly gone: boolean }[];
  /** Newest first. */
  list(filter: NotificationFilter, limit: number): Promise<NotificationRow[]>;
  /** Dead letters are tried again, at once; of an endpoint that is gone, too. How many there were. */
  retry(filter: NotificationFilter): Promise<number>;
  /** Dead letters are forgotten. How many there were. */
  discard(filter: NotificationFilter): Promise<number>;
  /** Send one message now, and say what came back; undefined where no endpoint has that name. It is not kept. */
  test(endpoint: string): Promise<Attempt | undefined>;
  /** What was announced is written; what waits goes out after the next start. */
  stop(): Promise<void>;
}

/** Above what an endpoint takes for one try by itself. */
const TEST_MILLISECONDS = 30_000;

export function createNotifications(deps: NotificationsDeps): Notifications {
  const { table, endpoints, clock, log, schedule = A_DAY, random = Math.random } = deps;
  const deliveries = new Map<string, Delivery>(
    endpoints.map((endpoint) => [endpoint.name, createDelivery({ table, endpoint, schedule, clock, random, log })]),
  );
  const newId = createIds(clock);
  const wakeAll = () => {
    for (const delivery of deliveries.values()) delivery.wake();
  };
  const outbox = createOutbox({
    ...deps,
    isGone: (name) => deliveries.get(name)?.gone === true,
    onWritten: wakeAll,
  });

  async function retry(filter: NotificationFilter): Promise<number> {
    let revived = 0;
    // Of an endpoint that is configured no more, they stay what they are.
    for (const [endpoint, delivery] of deliveries) {
      if (endpoint !== (filter.endpoint ?? endpoint)) continue;
      const count = await table.revive({ ...filter, endpoint }, clock.now().toISOString());
      if (count > 0) delivery.reopen();
      revived += count;
    }
    return revived;
  }

  async function test(name: string): Promise<Attempt | undefined> {
    const endpoint = endpoints.find((one) => one.name === name);
    if (!endpoint) return undefined;
    const attempt = await endpoint.send(
      newId(),
      testMessage(name, clock.now()),
      AbortSignal.timeout(TEST_MILLISECONDS),
    );
    if (attempt.type === 'sent') deliveries.get(name)?.reopen();
    return attempt;
  }

  return {
    announce: outbox.announce,
    endpoints: () =>
      endpoints.map(({ name, events }) => ({ name, events: [...events], gone: deliveries.get(name)?.gone === true })),
    list: (filter, limit) => table.list(filter, limit),
    retry,
    discard: (filter) => table.discard(filter),
    test,
    start: async () => {
      for (const name of await table.endpoints())
        if (!deliveries.has(name)) await table.bury(name, 'no such endpoint is configured');
      wakeAll();
    },
    stop: async () => {
      await Promise.all([...deliveries.values()].map((delivery) => delivery.stop()));
      await outbox.stop();
    },
  };
}

function testMessage(endpoint: string, now: Date): Message {
  const text = `[airlock] a test of the endpoint "${endpoint}": nothing has happened`;
  return { type: 'test', timestamp: now.toISOString(), text, data: { endpoint } };
}
