// SPDX-License-Identifier: Apache-2.0
import { type Spending, within } from '../budgets.ts';
import type { Cursor } from '../io/cursor.ts';
import { BrokenPickle, Machine, type OnPersistentId } from './machine.ts';
import { OPCODES } from './opcodes.ts';
import type { PickleRecord } from './record.ts';
import type { Value } from './values.ts';

/** No opcode but those with a constant of stated length, or a line, needs more than this. */
const LOOK_AHEAD = 4096;
const SPEND_STEP = 4096;

/**
 * Run one pickle up to its STOP and return what it would load.
 * @throws BrokenPickle where it breaks, after having recorded what ran before
 * @throws EndOfBytes where it is cut off
 * @throws BudgetHit
 */
export async function runPickle(
  record: PickleRecord,
  spending: Spending,
  cursor: Cursor,
  onPersistentId?: OnPersistentId,
  depth = 0,
): Promise<Value> {
  within('depth', depth);
  const machine = new Machine(record, {
    ...(onPersistentId && { onPersistentId }),
    runNested: async (inner) => void (await runPickle(record, spending, inner, onPersistentId, depth + 1)),
  });
  const seen = new Uint8Array(256);
  let steps = 0;
  while (!machine.stopped) {
    if (!cursor.ready(LOOK_AHEAD)) await cursor.fill(LOOK_AHEAD);
    machine.offset = cursor.offset;
    machine.op = '';
    const byte = cursor.u8();
    const opcode = OPCODES[byte];
    if (opcode === undefined)
      throw new BrokenPickle(machine.offset, `0x${byte.toString(16).padStart(2, '0')} is no opcode`);
    machine.op = opcode.name;
    if (seen[byte] !== 1) {
      seen[byte] = 1;
      record.opcode(byte, opcode.name);
    }
    const pending = opcode.run(machine, cursor);
    if (pending !== undefined) await pending;
    if (machine.frameEnd > machine.offset && cursor.offset > machine.frameEnd) machine.leftFrame();
    if (++steps % SPEND_STEP === 0) spending.spend('opcodes', SPEND_STEP);
  }
  // Readers fail where a frame is longer than what there is, and nobody writes one that ends elsewhere.
  if (machine.frameEnd > cursor.offset) machine.leftFrame();
  spending.spend('opcodes', steps % SPEND_STEP);
  return machine.result;
}
