// SPDX-License-Identifier: Apache-2.0
import { BudgetHit, Spending, within } from './budgets.ts';
import { type Facts, newFacts } from './facts.ts';
import type { Context } from './formats/context.ts';
import { EXTRACTORS } from './formats/index.ts';
import type { Bytes } from './io/bytes.ts';
import { sniff } from './sniff.ts';

/** Read what is in the bytes. Never throws for what they hold: a budget that was hit is part of the facts. */
export async function extract(bytes: Bytes): Promise<Facts> {
  const facts = newFacts('unknown', bytes.size);
  try {
    await extractAt(facts, bytes, new Spending(), 0, []);
  } catch (error) {
    if (!(error instanceof BudgetHit)) throw error;
    facts.limit = { budget: error.budget, limit: error.limit, actual: error.actual };
  }
  return facts;
}

async function extractAt(
  facts: Facts,
  bytes: Bytes,
  spending: Spending,
  depth: number,
  storages: Context['storages'],
): Promise<void> {
  within('depth', depth);
  facts.format = await sniff(bytes);
  const context: Context = {
    spending,
    depth,
    storages,
    extractInner: (inner, innerBytes, found = []) => extractAt(inner, innerBytes, spending, depth + 1, found),
  };
  await EXTRACTORS[facts.format]?.(facts, bytes, context);
}
