// SPDX-License-Identifier: Apache-2.0
import { within } from './budgets.ts';
import { cutTo } from './cut.ts';
import type { Facts, Use } from './facts.ts';

const NAME_CHARACTERS = 200;
const PLACE_CHARACTERS = 300;

/** Collects the uses of one node of the facts: equal ones are counted, and their number is bounded. */
export class UseList {
  private readonly known = new Map<string, Use>();
  private readonly uses: Use[];

  constructor(facts: Facts) {
    facts.uses ??= [];
    this.uses = facts.uses;
    for (const use of this.uses) this.known.set(keyOf(use.scheme, use.name), use);
  }

  /** @throws BudgetHit when the content names more different things than any honest one */
  add(scheme: string, name: string, at: string, offset?: number): void {
    const kept = cutTo(NAME_CHARACTERS, name);
    const same = this.known.get(keyOf(scheme, kept));
    if (same) {
      same.count = (same.count ?? 1) + 1;
      return;
    }
    const use: Use = {
      scheme,
      name: kept,
      at: cutTo(PLACE_CHARACTERS, at),
      ...(offset === undefined ? {} : { offset }),
    };
    this.known.set(keyOf(scheme, kept), use);
    this.uses.push(use);
    within('facts', this.uses.length);
  }
}

function keyOf(scheme: string, name: string): string {
  return `${scheme}\0${name}`;
}
