// SPDX-License-Identifier: Apache-2.0
import type { Announce } from '#src/domain/announcement.ts';
import type { Clock } from '#src/domain/clock.ts';
import type { NotificationLimits, Notifications as Table } from '#src/index/notifications.ts';
import type { NotificationRow } from '#src/index/schema.ts';
import { createDigests } from './digests.ts';
import type { Endpoint } from './endpoint.ts';
import { createIds } from './ids.ts';
import { type LinkOf, type Message, messageOf } from './message.ts';
import type { NotifyLog } from './notifications.ts';

export interface OutboxDeps {
  readonly table: Pick<Table, 'put' | 'trim'>;
  readonly endpoints: readonly Endpoint[];
  /** One that wants nothing any more gets no rows. */
  readonly isGone: (endpoint: string) => boolean;
  readonly linkOf: LinkOf;
  readonly clock: Clock;
  readonly log: NotifyLog;
  /** Messages of one type to one endpoint in a minute that go out one by one. */
  readonly perMinute: number;
  readonly windowMilliseconds?: number;
  readonly limits?: NotificationLimits;
  /** Rows were written: there may be something to deliver. */
  readonly onWritten: () => void;
}

export interface Outbox {
  readonly announce: Announce;
  /** Write what is still in memory; what can not be written then is lost, and logged. */
  stop(): Promise<void>;
}

const MINUTE = 60_000;
const LIMITS: NotificationLimits = { pending: 1000, sent: 1000, dead: 1000 };
/** While the index can not be written. */
const IN_MEMORY = 5000;
const AGAIN_MILLISECONDS = 5000;
const LOST = 'notifications are lost: the index does not work';
/** A digest goes out so long after its window, so that what was announced at its end is in it. */
const GRACE_MILLISECONDS = 1000;

/**
 * Announcements become rows, one for each endpoint that wants them, written in batches right after they were emitted: a
 * kill within that moment loses them, as nobody waits for the disk on their account.
 */
export function createOutbox(deps: OutboxDeps): Outbox {
  const { table, endpoints, clock, log, limits = LIMITS } = deps;
  const newId = createIds(clock);
  const place = createDigests({
    most: deps.perMinute,
    windowMilliseconds: deps.windowMilliseconds ?? MINUTE,
    newId,
  });
  // By id, so that a digest that grows is one row.
  let unwritten = new Map<string, NotificationRow>();
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> = Promise.resolve();

  function add(endpoint: Endpoint, message: Message): void {
    const now = clock.now();
    const placed = place(endpoint.name, message, now.getTime());
    const own = placed.type === 'own';
    const id = own ? newId() : placed.id;
    if (unwritten.size >= IN_MEMORY && !unwritten.has(id)) {
      log.error({ endpoint: endpoint.name, type: message.type }, LOST);
      return;
    }
    unwritten.set(id, {
      id,
      endpoint: endpoint.name,
      event: own ? message.type : 'digest',
      body: JSON.stringify(own ? message : placed.message),
      state: 'pending',
      attempts: 0,
      nextAt: (own ? now : new Date(placed.until + GRACE_MILLISECONDS)).toISOString(),
      createdAt: now.toISOString(),
      lastError: null,
    });
    schedule(0);
  }

  function schedule(milliseconds: number): void {
    timer ??= setTimeout(() => {
      timer = undefined;
      writing = writing.then(write);
    }, milliseconds).unref();
  }

  async function write(): Promise<void> {
    const taken = unwritten;
    if (taken.size === 0) return;
    unwritten = new Map();
    try {
      await table.put([...taken.values()]);
    } catch (error) {
      log.error({ err: error, rows: taken.size }, 'notifications could not be written: tried again');
      // What came meanwhile is newer: of a digest, the longer one.
      unwritten = new Map([...taken, ...unwritten]);
      schedule(AGAIN_MILLISECONDS);
      return;
    }
    deps.onWritten();
    await trim(new Set([...taken.values()].map(({ endpoint }) => endpoint)));
  }

  async function trim(touched: ReadonlySet<string>): Promise<void> {
    for (const endpoint of touched)
      try {
        const died = await table.trim(endpoint, limits);
        if (died > 0)
          log.error({ endpoint, died }, 'too many notifications wait for one endpoint: the oldest are given up');
      } catch (error) {
        log.warn({ err: error, endpoint }, 'old notifications could not be removed: tried again later');
      }
  }

  return {
    announce: (announcement) => {
      try {
        const wanting = endpoints.filter(({ name, events }) => events.has(announcement.type) && !deps.isGone(name));
        if (wanting.length === 0) return;
        const message = messageOf(announcement, deps.linkOf);
        for (const endpoint of wanting) add(endpoint, message);
      } catch (error) {
        log.error({ err: error, type: announcement.type }, 'an announcement could not be turned into a notification');
      }
    },
    stop: async () => {
      clearTimeout(timer);
      timer = undefined;
      await writing;
      await write();
      clearTimeout(timer);
      if (unwritten.size > 0) log.error({ rows: unwritten.size }, LOST);
    },
  };
}
