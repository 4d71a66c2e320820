// SPDX-License-Identifier: Apache-2.0
import type { RequestClass } from './stats.ts';

/** Which requests a fault meets; what is left out matches all. `path` is exact. */
interface FaultTarget {
  readonly class?: RequestClass;
  readonly repo?: string;
  readonly path?: string;
}

/**
 * `latency` waits before the answer. `status` answers with an error. `bandwidth` slows a body. The others strike at a
 * byte of the file (`at`), whether the body is a range or not: `cut` resets the connection, `stall` says nothing more,
 * `wrong-byte` flips its bits, `truncate` ends the body there and says so in Content-Length, as a broken cache does.
 */
export type Fault = FaultTarget & { readonly times?: number } & (
    | { readonly fault: 'latency'; readonly ms: number }
    | { readonly fault: 'status'; readonly status: number; readonly retryAfter?: number }
    | { readonly fault: 'bandwidth'; readonly bytesPerSecond: number }
    | { readonly fault: 'cut'; readonly at: number }
    | { readonly fault: 'stall'; readonly at: number }
    | { readonly fault: 'wrong-byte'; readonly at: number }
    | { readonly fault: 'truncate'; readonly at: number }
  );

export interface FaultedRequest {
  readonly class: RequestClass;
  readonly repo?: string | undefined;
  readonly path?: string | undefined;
}

type Of<K extends Fault['fault']> = Extract<Fault, { fault: K }>;

/** The switches. A fault holds until it has struck `times` times (for ever, where that is left out) or is cleared. */
export class Faults {
  #active: { fault: Fault; left: number }[] = [];

  add(fault: Fault): void {
    this.#active.push({ fault, left: fault.times ?? Number.POSITIVE_INFINITY });
  }

  clear(): void {
    this.#active = [];
  }

  /** The first fault of a kind that meets this request, used up by one. */
  strike<K extends Fault['fault']>(
    kind: K,
    request: FaultedRequest,
    when: (fault: Of<K>) => boolean = () => true,
  ): Of<K> | undefined {
    for (const entry of this.#active) {
      const fault = entry.fault;
      if (fault.fault !== kind || entry.left <= 0 || !meets(fault, request)) continue;
      if (!when(fault as Of<K>)) continue;
      entry.left--;
      return fault as Of<K>;
    }
    return undefined;
  }
}

function meets(target: FaultTarget, request: FaultedRequest): boolean {
  return (
    (target.class === undefined || target.class === request.class) &&
    (target.repo === undefined || target.repo === request.repo) &&
    (target.path === undefined || target.path === request.path)
  );
}
