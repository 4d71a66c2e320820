// SPDX-License-Identifier: Apache-2.0
import { within } from '../budgets.ts';

const MOST = 1e15;
/** Longer texts name nothing that a loader would act on; an alias of one stays as it is written. */
const LONGEST_NAME = 300;

/**
 * How large the document becomes when every alias is replaced by what it stands for. An anchor's node is taken to hold
 * what follows until the next anchor, which is so in every bomb and too much elsewhere only by what stands beside it.
 */
export class Anchors {
  private readonly weights = new Map<string, number>();
  private readonly texts = new Map<string, string>();
  private current: string | undefined;
  expansion = 0;

  /** @throws BudgetHit when there are more anchors than in any honest document */
  define(name: string): void {
    this.weights.set(name, 1);
    within('facts', this.weights.size);
    this.current = name;
  }

  node(): void {
    if (this.current !== undefined) this.add(1);
  }

  scalar(name: string, text: string): void {
    if (text.length <= LONGEST_NAME) this.texts.set(name, text);
    else this.texts.delete(name);
  }

  /** Returns the text that the alias stands for, if it is one. */
  alias(name: string): string {
    const weight = this.weights.get(name) ?? 1;
    this.expansion = Math.min(MOST, this.expansion + weight);
    if (name !== this.current) this.add(weight);
    return this.texts.get(name) ?? `*${name}`;
  }

  private add(weight: number): void {
    const before = this.weights.get(this.current ?? '');
    if (before !== undefined && this.current !== undefined)
      this.weights.set(this.current, Math.min(MOST, before + weight));
  }
}
