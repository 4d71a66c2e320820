// SPDX-License-Identifier: Apache-2.0
import type { Announce } from '#src/domain/announcement.ts';
import type { Clock } from '#src/domain/clock.ts';
import type { NotificationLimits, Notifications as Table } from '#src/index/notifications.ts';
import { createDelivery, type Delivery } from './delivery.ts';
import type { Endpoint } from './endpoint.ts';
import type { LinkOf } from './message.ts';
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
  /** What was announced is written; what waits goes out after the next start. */
  stop(): Promise<void>;
}

export function createNotifications(deps: NotificationsDeps): Notifications {
  const { table, endpoints, clock, log, schedule = A_DAY, random = Math.random } = deps;
  const deliveries = new Map<string, Delivery>(
    endpoints.map((endpoint) => [endpoint.name, createDelivery({ table, endpoint, schedule, clock, random, log })]),
  );
  const wakeAll = () => {
    for (const delivery of deliveries.values()) delivery.wake();
  };
  const outbox = createOutbox({
    ...deps,
    isGone: (name) => deliveries.get(name)?.gone === true,
    onWritten: wakeAll,
  });

  return {
    announce: outbox.announce,
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
