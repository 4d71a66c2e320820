// SPDX-License-Identifier: Apache-2.0
import * as z from 'zod';
import type { MalwareAge } from '#src/scan/malware-answers.ts';

/** One pass over everything that was released. Names are those of the journal, `models/org/name@commit`. */
export interface RescanReport {
  /** Of the pass; one that a stop cut off goes on under the same one. */
  readonly id: string;
  /** `broken`: it did not come to its end, and another pass follows by itself. */
  readonly state: 'waiting' | 'running' | 'finished' | 'broken';
  readonly rulesVersion: string;
  readonly startedAt: string;
  readonly finishedAt?: string;
  readonly releases: number;
  readonly files: number;
  /** Of files that an extractor of another version had read, whose facts were lost, or that clamd was asked about. */
  readonly bytesRead: number;
  readonly quarantined: readonly string[];
  readonly released: readonly string[];
  /** Could not be judged: they stay as they are, and another pass follows by itself. */
  readonly failed: readonly { readonly release: string; readonly error: string }[];
  /** Lists above are cut at 1,000 entries; the counts are whole. */
  readonly counts: { readonly quarantined: number; readonly released: number; readonly failed: number };
  /** Why it broke off. */
  readonly error?: string;
}

/** What a pass is to do. It is kept with the pass, so that another process can go on with it. */
export interface PassOrder {
  readonly id: string;
  readonly malwareAge: MalwareAge;
  /**
   * What it may let out of quarantine without a person's yes. Two replicas that know different rules would undo each
   * other's work for ever: so a pass that somebody asked for may, and one that comes back to what could not be judged
   * may for that alone.
   */
  readonly mayRelease: 'all' | readonly string[];
}

const orderShape = z.object({
  id: z.string(),
  malwareAge: z.object({ since: z.string(), all: z.boolean().optional() }),
  mayRelease: z.union([z.literal('all'), z.array(z.string())]),
});

/** What the index keeps of a pass. */
export function passRecord(order: PassOrder, report: RescanReport): string {
  return JSON.stringify({ order, report });
}

export function orderOf(record: string): PassOrder | undefined {
  try {
    const order = z.object({ order: orderShape }).safeParse(JSON.parse(record)).data?.order;
    if (order === undefined) return undefined;
    const { since, all } = order.malwareAge;
    return { ...order, malwareAge: all === undefined ? { since } : { since, all } };
  } catch {
    return undefined;
  }
}
