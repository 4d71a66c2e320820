// SPDX-License-Identifier: Apache-2.0

import type { Facts } from '../facts.ts';
import { newFacts } from '../facts.ts';
import { type Bytes, RandomBytes } from '../io/bytes.ts';
import { crc32c, masked } from '../io/crc32c.ts';
import type { Cursor } from '../io/cursor.ts';
import { addProblem } from '../problems.ts';
import { outline } from '../protobuf/outline.ts';
import { messageType } from '../protobuf/schema.ts';
import { TFRECORD } from '../protobuf/schemas/tfrecord.ts';
import { walkProtobuf } from '../protobuf/walk.ts';
import type { Context, Extractor } from './context.ts';

const HEAD = 12;
const FOOT = 4;
/** A record is held in memory to be looked into; what is longer is only summed. */
const HELD = 16 * 1024 * 1024;

/** `tensorflow/core/lib/io/record_writer.h`: length, its checksum, the record, its checksum; and so on to the end. */
export const tfrecord: Extractor = async (facts, bytes, context) => {
  const c = bytes.cursor();
  while (!(await c.atEnd())) {
    const broken = await readRecord(facts, c, bytes, context);
    if (broken === undefined) continue;
    facts.problems.push({ code: 'tfrecord-malformed', offset: c.offset, detail: broken });
    return;
  }
};

async function readRecord(facts: Facts, c: Cursor, bytes: Bytes, context: Context): Promise<string | undefined> {
  const start = c.offset;
  if (!(await c.fill(HEAD))) return 'the file ends inside a header';
  const header = c.take(8);
  const length = Number(Buffer.from(header).readBigUInt64LE());
  if (masked(crc32c(header)) !== c.u32()) return 'the checksum of a length is wrong';
  if (length > bytes.size - c.offset - FOOT) return 'a record is longer than the file';
  let crc = 0;
  if (length <= HELD) {
    await c.fill(length + FOOT);
    const record = Uint8Array.from(c.take(length));
    crc = crc32c(record);
    await readContent(facts, record, start + HEAD, context);
  } else {
    unread(facts, start, 'a record is too long to be looked into');
    for (let left = length; left > 0; ) {
      await c.fill(1);
      const chunk = c.take(Math.min(left, c.available));
      crc = crc32c(chunk, crc);
      left -= chunk.length;
    }
    await c.fill(FOOT);
  }
  return c.u32() === masked(crc) ? undefined : 'the checksum of a record is wrong';
}

/** An `Event` begins with a time; an `Example` is one message, a `SequenceExample` two. */
async function readContent(facts: Facts, record: Uint8Array, offset: number, context: Context): Promise<void> {
  const bytes = RandomBytes.ofMemory(record);
  const wires = [...((await outline(bytes))?.fields ?? [])].map(([field, { wire }]) => `${field}:${wire}`);
  const name = wires.includes('1:1') ? 'Event' : wires.includes('2:2') ? 'SequenceExample' : 'Example';
  if (wires.length === 0 && record.length > 0) return unread(facts, offset, 'a record is no message');
  const inner = newFacts('unknown', record.length);
  await walkProtobuf(bytes, messageType(TFRECORD, name), { keep: {} }, inner, context.spending);
  // A record may hold anything, so what the two messages do not know is no later version of them.
  for (const { code, detail } of inner.problems)
    if (code.startsWith('protobuf-unknown')) unread(facts, offset, detail);
    else addProblem(facts, { code, offset, detail });
}

function unread(facts: Facts, offset: number, detail: string): void {
  addProblem(facts, { code: 'tfrecord-content', offset, detail });
}
