// SPDX-License-Identifier: Apache-2.0
import { within } from '../budgets.ts';

/** What an object costs beside its characters. */
const TEXT_BYTES = 32;

/** Texts of one part of a document that are judged together, once their name is known. */
export class HeldTexts {
  private texts: string[] = [];
  private bytes = 0;

  /** @throws BudgetHit when one part holds more text than any honest one */
  add(text: string): void {
    this.bytes += text.length + TEXT_BYTES;
    within('heldBytes', this.bytes);
    this.texts.push(text);
  }

  take(): readonly string[] {
    const { texts } = this;
    this.texts = [];
    this.bytes = 0;
    return texts;
  }
}
