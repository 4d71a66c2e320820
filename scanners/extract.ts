// SPDX-License-Identifier: Apache-2.0
import { BudgetHit, Spending, within } from './budgets.ts';
import { type Facts, newFacts, UNREAD } from './facts.ts';
import { fitted } from './fit.ts';
import type { Context } from './formats/context.ts';
import { FORMATS, KNOWN_FORMATS } from './formats/index.ts';
import type { Bytes } from './io/bytes.ts';
import { whileHeld } from './io/forward.ts';
import { lookForPayload } from './payload.ts';
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
  return fitted(facts);
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
  // Most formats are read here and there, and some are only known so: what came out of a decompressor is held for that.
  if (bytes.random === undefined && !READ_FORWARD.has(facts.format) && file.spending.mayHold(bytes.size))
    return whileHeld(bytes, file.spending, (held) => extractAt(facts, held, file, depth, storages));
  const format = FORMATS[facts.format];
  const sniffed = facts.format;
  if (format === undefined) {
    if (!CERTAIN.has(sniffed)) file.extractors[UNREAD] = KNOWN_FORMATS;
    return lookForPayload(facts, sniffed, bytes, file.spending);
  }
  file.extractors[facts.format] = format.version;
  const context: Context = {
    spending: file.spending,
    depth,
    storages,
    extractInner: (inner, innerBytes, found = []) => extractAt(inner, innerBytes, file, depth + 1, found),
  };
  await (await format.load())(facts, bytes, context);
  await lookForPayload(facts, sniffed, bytes, file.spending);
}

/** Whatever formats come to be known, these hold nothing. */
const CERTAIN: ReadonlySet<string> = new Set(['empty', 'zeros']);
/** Formats whose extractor reads bytes of any length from the beginning to the end, or to the end of its header. */
const READ_FORWARD: ReadonlySet<string> = new Set(['json', 'pickle', 'safetensors', 'tar', 'text']);
