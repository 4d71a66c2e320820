// SPDX-License-Identifier: Apache-2.0
import { BudgetHit, Spending, within } from './budgets.ts';
import { type Facts, newFacts } from './facts.ts';
import type { Context } from './formats/context.ts';
import { FORMATS } from './formats/index.ts';
import type { Bytes } from './io/bytes.ts';
import { sniff } from './sniff.ts';

/** Read what is in the bytes. Never throws for what they hold: a budget that was hit is part of the facts. */
export async function extract(bytes: Bytes): Promise<Facts> {
  const facts = newFacts('unknown', bytes.size);
  const file: FileRun = { spending: new Spending(), extractors: {} };
  facts.extractors = file.extractors;
  try {
    await extractAt(facts, bytes, file, 0, []);
  } catch (error) {
    if (!(error instanceof BudgetHit)) throw error;
    facts.limit = { budget: error.budget, limit: error.limit, actual: error.actual };
  }
  return facts;
}

/** What all nodes of one file share. */
interface FileRun {
  readonly spending: Spending;
  readonly extractors: Record<string, number>;
}

async function extractAt(
  facts: Facts,
  bytes: Bytes,
  file: FileRun,
  depth: number,
  storages: Context['storages'],
): Promise<void> {
  within('depth', depth);
  facts.format = await sniff(bytes);
  const format = FORMATS[facts.format];
  if (format === undefined) return;
  file.extractors[facts.format] = format.version;
  const context: Context = {
    spending: file.spending,
    depth,
    storages,
    extractInner: (inner, innerBytes, found = []) => extractAt(inner, innerBytes, file, depth + 1, found),
  };
  await (await format.load())(facts, bytes, context);
}
