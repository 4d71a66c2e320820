// SPDX-License-Identifier: Apache-2.0
import { comparePlaces, type Order, type Place, placeOf } from './order.ts';
import type { Summary } from './summary.ts';

/** What is known of a repo as of an entry of its journal. */
interface Entry {
  readonly seq: number;
  /** Undefined: nothing of it is listed. */
  readonly summary: Summary | undefined;
}

/** Repos of one kind in memory: about a kilobyte each. Those beyond are served, and not listed. */
export const MAX_ENTRIES = 50_000;

/** The repos of a kind that may be listed, and in which order. It says where to look; `catalog` says what is shown. */
export class Shelf {
  readonly #entries = new Map<string, Entry>();
  /** Sorted when somebody asks, until something changes. */
  readonly #orders = new Map<string, readonly Summary[]>();

  get isFull(): boolean {
    return this.#entries.size >= MAX_ENTRIES;
  }

  ids(): IterableIterator<string> {
    return this.#entries.keys();
  }

  seqOf(id: string): number | undefined {
    return this.#entries.get(id)?.seq;
  }

  /** False when there is no room. */
  put(id: string, seq: number, summary: Summary | undefined): boolean {
    if (!this.#entries.has(id) && this.isFull) return false;
    this.#entries.set(id, { seq, summary });
    this.#orders.clear();
    return true;
  }

  remove(id: string): void {
    if (this.#entries.delete(id)) this.#orders.clear();
  }

  /** In order, from the first behind `after` on. */
  *from(order: Order, after: Place | undefined): Iterable<Summary> {
    const sorted = this.#sorted(order);
    for (let i = after ? firstBehind(sorted, after, order) : 0; i < sorted.length; i++) {
      const summary = sorted[i];
      if (summary) yield summary;
    }
  }

  #sorted(order: Order): readonly Summary[] {
    const name = `${order.key} ${order.descending}`;
    const known = this.#orders.get(name);
    if (known) return known;
    const listed = [...this.#entries.values()].flatMap(({ summary }) => summary ?? []);
    const sorted = listed
      .map((summary) => ({ summary, place: placeOf(summary, order) }))
      .sort((a, b) => comparePlaces(a.place, b.place, order))
      .map(({ summary }) => summary);
    this.#orders.set(name, sorted);
    return sorted;
  }
}

function firstBehind(sorted: readonly Summary[], place: Place, order: Order): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const summary = sorted[middle];
    if (summary && comparePlaces(placeOf(summary, order), place, order) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
