// SPDX-License-Identifier: Apache-2.0

/** A download that brings less than this, over so long a time, is as good as none. */
export interface LowestSpeed {
  readonly bytesPerSecond: number;
  readonly overSeconds: number;
}

export const LOWEST_SPEED: LowestSpeed = { bytesPerSecond: 1024, overSeconds: 300 };

/**
 * How a download gets on, over all its tries. The limit on silence is not enough: a byte in each interval, or a cut
 * after each byte, is never silent, and would keep a place for ever.
 */
export interface Pace {
  /** Times in a row that were too slow. */
  readonly slow: number;
  /** Bytes that came, whether or not they are the next ones. */
  add(bytes: number): void;
  /** What to do when a time was too slow; undefined while nothing is being received. */
  cut: (() => void) | undefined;
  stop(): void;
}

export function startPace({ bytesPerSecond, overSeconds }: LowestSpeed): Pace {
  let bytes = 0;
  let slow = 0;
  const timer = setInterval(() => {
    slow = bytes < bytesPerSecond * overSeconds ? slow + 1 : 0;
    bytes = 0;
    if (slow > 0) pace.cut?.();
  }, overSeconds * 1000);
  const pace: Pace = {
    get slow() {
      return slow;
    },
    add(count) {
      bytes += count;
    },
    cut: undefined,
    stop: () => clearInterval(timer),
  };
  return pace;
}
