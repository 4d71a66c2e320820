// SPDX-License-Identifier: Apache-2.0
import type { Message } from './message.ts';

/** Of the messages that a digest stands for. */
const EXAMPLES = 20;

/** Where a message goes: a row of its own, or the digest of its minute, which grows. */
export type Place =
  | { readonly type: 'own' }
  | { readonly type: 'digest'; readonly id: string; readonly until: number; readonly message: Message };

interface Window {
  readonly until: number;
  readonly since: string;
  count: number;
  id?: string;
  readonly examples: string[];
}

export interface DigestOptions {
  /** Messages of one type to one endpoint in a window that go out one by one. */
  readonly most: number;
  readonly windowMilliseconds: number;
  readonly newId: () => string;
}

/**
 * So that ten thousand new cases are not ten thousand posts: of one type and for one endpoint, the first `most` of a
 * window go out by themselves, and all others of it in one digest at its end. By type, so that a flood of cases does
 * not bury a revocation.
 */
export function createDigests({ most, windowMilliseconds, newId }: DigestOptions) {
  const windows = new Map<string, Window>();

  return (endpoint: string, message: Message, now: number): Place => {
    const key = `${endpoint} ${message.type}`;
    let window = windows.get(key);
    if (window === undefined || window.until <= now) {
      window = { until: now + windowMilliseconds, since: message.timestamp, count: 0, examples: [] };
      windows.set(key, window);
    }
    window.count++;
    if (window.count <= most) return { type: 'own' };
    window.id ??= newId();
    if (window.examples.length < EXAMPLES) window.examples.push(message.text);
    return { type: 'digest', id: window.id, until: window.until, message: digestOf(window, message, most) };
  };
}

function digestOf({ since, count, examples }: Window, { type, timestamp }: Message, most: number): Message {
  const more = count - most;
  return {
    type: 'digest',
    timestamp,
    text: `[airlock] ${more} more of ${type} since ${since}, together in this message. The first: ${examples[0]}`,
    data: { event: type, count: more, since, until: timestamp, examples: [...examples] },
  };
}
