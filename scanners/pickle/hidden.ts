// SPDX-License-Identifier: Apache-2.0
import { BudgetHit, type Spending } from '../budgets.ts';
import { newFacts } from '../facts.ts';
import type { RandomBytes } from '../io/bytes.ts';
import { EndOfBytes } from '../io/cursor.ts';
import { isPickleStart } from '../magic.ts';
import { BrokenPickle } from './machine.ts';
import { PickleRecord } from './record.ts';
import { runPickle } from './run.ts';

/** So much behind the end of a file is searched; the budget of opcodes bounds how many places in it are tried. */
export const SEARCHED = 256 * 1024;

/**
 * Where from `start` on a pickle lies that calls something. Bytes that are no pickle may stand before it: who hides one
 * knows where it begins. That it would call something tells it from data that happen to begin as a pickle does.
 */
export async function hiddenPickle(bytes: RandomBytes, start: number, spending: Spending): Promise<number | undefined> {
  const tail = bytes.readAt(start, Math.min(bytes.size - start, SEARCHED));
  for (const at of beginnings(tail)) {
    const rest = Math.min(bytes.size - start - at, SEARCHED);
    if (await calls(bytes.slice(start + at, rest), spending)) return start + at;
  }
  return undefined;
}

/** The first byte that is no padding, where a pickle of the first protocols has no mark, and every mark of a later one. */
function beginnings(tail: Uint8Array): number[] {
  const found = new Set<number>();
  const first = tail.findIndex((byte) => !PADDING.has(byte));
  if (first >= 0) found.add(first);
  for (let at = tail.indexOf(PROTO); at >= 0; at = tail.indexOf(PROTO, at + 1))
    if (isPickleStart(tail.subarray(at, at + 2))) found.add(at);
  return [...found];
}

const PROTO = 0x80;
const PADDING: ReadonlySet<number> = new Set([0, 0x09, 0x0a, 0x0d, 0x20, 0xff]);

/**
 * Whether an unpickler that is given these bytes calls something, whatever else they are. Their first bytes may come to
 * opcodes by chance; that names are Python's and that one of them is called does not.
 */
export async function isPickleTo(bytes: RandomBytes, spending: Spending): Promise<boolean> {
  const record = await recordOf(bytes.slice(0, SEARCHED), spending);
  return record.namesAreIdentifiers && record.facts().calls.some(({ callee }) => callee === 'global');
}

async function calls(bytes: RandomBytes, spending: Spending): Promise<boolean> {
  return (await recordOf(bytes, spending)).steps > 0;
}

async function recordOf(bytes: RandomBytes, spending: Spending): Promise<PickleRecord> {
  const record = new PickleRecord(newFacts('pickle', bytes.size));
  try {
    await runPickle(record, spending, bytes.cursor());
  } catch (error) {
    if (error instanceof BudgetHit || !(error instanceof BrokenPickle || error instanceof EndOfBytes)) throw error;
  }
  return record;
}
