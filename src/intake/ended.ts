// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';
import type { Ticket } from './progress.ts';

/** When the intake has ended, or the time is over: it goes on by itself then. */
export async function ended(ticket: Ticket, seconds: number): Promise<void> {
  const timer = new AbortController();
  const time = sleep(seconds * 1000, undefined, { signal: timer.signal, ref: false }).catch(() => {});
  await Promise.race([ticket.outcome, time]);
  timer.abort();
}
