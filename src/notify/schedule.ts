// SPDX-License-Identifier: Apache-2.0

/** When a message that failed is tried again, and when it is given up. */
export interface Schedule {
  /** In all. */
  readonly tries: number;
  readonly firstSeconds: number;
  readonly factor: number;
  readonly longestSeconds: number;
}

/** 5 s, 15 s, 45 s, ... 20 minutes, then every hour: the thirtieth try comes about a day after the first. */
export const A_DAY: Schedule = { tries: 30, firstSeconds: 5, factor: 3, longestSeconds: 3600 };

/**
 * Seconds until the next try after so many, or undefined after the last. `random` from 0 to 1 spreads them over a fifth,
 * so that what failed together does not come back together. A wait that the endpoint asks for counts where it is longer,
 * up to the longest of ours.
 */
export function nextTry(schedule: Schedule, tried: number, random: number, askedSeconds = 0): number | undefined {
  const { tries, firstSeconds, factor, longestSeconds } = schedule;
  if (tried >= tries) return undefined;
  const own = Math.min(firstSeconds * factor ** (tried - 1), longestSeconds) * (0.9 + random / 5);
  return Math.max(own, Math.min(askedSeconds, longestSeconds));
}
