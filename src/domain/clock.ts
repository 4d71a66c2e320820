// SPDX-License-Identifier: Apache-2.0

/** The time, as a dependency. */
export interface Clock {
  now(): Date;
}

export const systemClock: Clock = { now: () => new Date() };
