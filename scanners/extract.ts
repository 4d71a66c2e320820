// SPDX-License-Identifier: Apache-2.0
import { BudgetHit, Spending, within } from './budgets.ts';
import { type Facts, newFacts } from './facts.ts';
import type { Context } from './formats/context.ts';
import { FORMATS } from './formats/index.ts';
import type { Bytes } from './io/bytes.ts';
import { hiddenPickle, SEARCHED } from './pickle/hidden.ts';
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
  if (format === undefined) return lookForPickle(facts, bytes, file);
  file.extractors[facts.format] = format.version;
  const context: Context = {
    spending: file.spending,
    depth,
    storages,
    extractInner: (inner, innerBytes, found = []) => extractAt(inner, innerBytes, file, depth + 1, found),
  };
  await (await format.load())(facts, bytes, context);
}

/** Content that nobody reads may still be what a loader, given the right place in it, would run. */
async function lookForPickle(facts: Facts, { random, size }: Bytes, { spending }: FileRun): Promise<void> {
  if (facts.format !== 'unknown' || random === undefined) return;
  const places = [0, Math.max(0, size - SEARCHED)];
  for (const place of new Set(places)) {
    const at = await hiddenPickle(random, place, spending);
    if (at === undefined) continue;
    facts.problems.push({ code: 'trailing-payload', offset: at, detail: 'a pickle that calls something lies in it' });
    return;
  }
}
