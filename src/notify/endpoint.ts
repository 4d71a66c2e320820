// SPDX-License-Identifier: Apache-2.0
import type { Announcement } from '#src/domain/announcement.ts';
import type { Message } from './message.ts';

/** Somebody who is told: a webhook, or a list of people who get mail. */
export interface Endpoint {
  readonly name: string;
  readonly events: ReadonlySet<Announcement['type']>;
  /**
   * One try. Never throws, and ends soon after the signal says so. The same id means the same message: a receiver that
   * has it already may drop it.
   */
  send(id: string, message: Message, signal: AbortSignal): Promise<Attempt>;
}

/**
 * What came back; `answer` is for people, and holds no secret.
 * - `away`: nobody is there, or asks to wait. The next message would fare no better.
 * - `refused`: this message was not taken. Others may be.
 * - `gone`: wants no more, ever.
 */
export type Attempt =
  | { readonly type: 'sent' | 'refused' | 'gone'; readonly answer: string }
  | { readonly type: 'away'; readonly answer: string; readonly waitSeconds?: number | undefined };
