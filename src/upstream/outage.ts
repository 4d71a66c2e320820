// SPDX-License-Identifier: Apache-2.0
import type { Clock } from '#src/domain/clock.ts';
import { AirlockError, isAirlockError } from '#src/domain/errors.ts';

/** How long nobody else tries, once a question with all its tries has failed. Short: a hub that is back is found soon. */
const PAUSE_SECONDS = 5;

/**
 * Whether upstream can be reached at all. Each question waits for its own time-out, and tries again: with upstream gone,
 * everybody who asks for something new would hang for minutes. So after one has failed that way, the others are told at
 * once, and every few seconds one of them finds out whether it is over.
 */
export interface Outage {
  /**
   * Before a question waits for its turn.
   * @throws AirlockError the failure that is remembered, with the seconds until somebody tries again
   */
  refuse(): void;
  /** When its turn has come: whoever is let through says with `note` or `over` how it ended. @throws as {@link refuse} */
  check(): void;
  /**
   * A try has failed and others follow. One that waited for its whole time-out is enough to stop the rest for a while:
   * all its tries take minutes. Whoever is let through next finds out whether upstream is silent, or was for that one.
   */
  suspect(error: unknown): void;
  /** How a question ended. */
  note(error: unknown): void;
  over(): void;
}

export function createOutage(clock: Clock): Outage {
  let known: { readonly error: AirlockError; readonly until: number } | undefined;
  /** Somebody is finding out. Against a hub that is silent this takes all its tries, and minutes. */
  let trying = false;
  const now = () => clock.now().getTime();

  function refuse(): void {
    if (!known) return;
    const left = known.until - now();
    if (trying) throw again(known.error, PAUSE_SECONDS * 1000);
    if (left > 0 && left <= PAUSE_SECONDS * 1000) throw again(known.error, left);
  }

  return {
    refuse,
    check() {
      refuse();
      trying = known !== undefined;
    },
    suspect(error) {
      if (!known && isAirlockError(error, 'upstream-timeout') && isUnreachable(error))
        known = { error, until: now() + PAUSE_SECONDS * 1000 };
    },
    note(error) {
      trying = false;
      if (isUnreachable(error)) known = { error, until: now() + PAUSE_SECONDS * 1000 };
      // An answer of any kind is one.
      else if (!isAirlockError(error, 'shutting-down')) known = undefined;
    },
    over() {
      trying = false;
      known = undefined;
    },
  };
}

/** Nobody answered: an answer, whatever it says, has a status. */
function isUnreachable(error: unknown): error is AirlockError {
  return isAirlockError(error, 'upstream-unavailable', 'upstream-timeout') && error.subject.status === undefined;
}

function again(error: AirlockError, left: number): AirlockError {
  return new AirlockError(error.code, error.message, { ...error.subject, retryAfter: Math.ceil(left / 1000) }, error);
}
