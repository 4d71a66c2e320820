// SPDX-License-Identifier: Apache-2.0
import { type Bytes, RandomBytes } from '../io/bytes.ts';
import { type Cursor, EndOfBytes } from '../io/cursor.ts';
import { MalformedProtobuf, readTag, readVarint, VARINT } from '../protobuf/wire.ts';
import type { Extractor } from './context.ts';

/** Bytes of one item, by `VarType.Type`. */
const ITEM_BYTES: Readonly<Record<number, number>> = {
  0: 1,
  1: 2,
  2: 4,
  3: 8,
  4: 2,
  5: 4,
  6: 8,
  19: 8,
  20: 1,
  21: 1,
  22: 2,
  23: 8,
  24: 16,
  32: 1,
  33: 1,
};
const HEAD = 4 + 8;
const MAX_LEVELS = 16;
const MAX_DESCRIPTION = 4096;

/** Tensors one after another, as `SerializeToStream` of Paddle's dense tensor writes them; their bytes are passed over. */
export const paddleParameters: Extractor = async (facts, bytes) => {
  const c = bytes.cursor();
  const broken = await guarded(async () => {
    while (!(await c.atEnd())) {
      const problem = await passTensor(c, bytes.size);
      if (problem !== undefined) return problem;
    }
    return undefined;
  });
  if (broken !== undefined) facts.problems.push({ code: 'paddle-malformed', offset: c.offset, detail: broken });
};

/** The first tensor must read as one: its versions are zero, its description is that of a tensor. */
export async function recognisePaddleParameters(bytes: Bytes, head: Uint8Array): Promise<string | undefined> {
  if (head.length < HEAD + 8 || head.subarray(0, 4).some((byte) => byte !== 0)) return undefined;
  const c = RandomBytes.ofMemory(head).cursor();
  const problem = await guarded(() =>
    passDescription(c).then((found) => (typeof found === 'string' ? found : undefined)),
  );
  return problem === undefined && bytes.size > HEAD ? 'paddle-parameters' : undefined;
}

async function guarded(read: () => Promise<string | undefined>): Promise<string | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof EndOfBytes) return 'the file ends inside a tensor';
    if (error instanceof MalformedProtobuf) return error.message;
    throw error;
  }
}

async function passTensor(c: Cursor, size: number): Promise<string | undefined> {
  const length = await passDescription(c);
  if (typeof length === 'string') return length;
  if (length > size - c.offset) return 'a tensor that is longer than the file';
  return (await c.skip(length)) ? undefined : 'the file ends inside a tensor';
}

/** Version, levels of sequence lengths, version, description; returns how many bytes of data follow, or what is wrong. */
async function passDescription(c: Cursor): Promise<number | string> {
  await c.fill(HEAD);
  if (c.u32() !== 0) return 'a version of the tensor that is not known';
  const levels = Number(c.u64());
  if (levels > MAX_LEVELS) return `${levels} levels of sequence lengths`;
  for (let level = 0; level < levels; level++) {
    await c.fill(8);
    const length = Number(c.u64());
    if (length % 8 !== 0 || !(await c.skip(length))) return 'sequence lengths beyond the end';
  }
  await c.fill(8);
  if (c.u32() !== 0) return 'a version of the tensor that is not known';
  const length = c.i32();
  if (length <= 0 || length > MAX_DESCRIPTION) return `a description of ${length} bytes`;
  await c.fill(length);
  return dataBytes(Uint8Array.from(c.take(length)));
}

/** `TensorDesc`: the type of an item, and the sizes. */
async function dataBytes(description: Uint8Array): Promise<number | string> {
  const c = RandomBytes.ofMemory(description).cursor();
  let type: number | undefined;
  let items = 1;
  while (!(await c.atEnd())) {
    await c.fill(20);
    const { field, wire } = readTag(c);
    const value = readVarint(c);
    if (wire !== VARINT || (field !== 1 && field !== 2)) return 'a field that a description of a tensor does not have';
    if (field === 2 && value < 0) return 'a negative size';
    if (field === 2) items *= value;
    else type = value;
  }
  const item = type === undefined ? undefined : ITEM_BYTES[type];
  if (item === undefined) return `items of an unknown type ${type}`;
  return items * item <= Number.MAX_SAFE_INTEGER ? items * item : 'sizes that overflow';
}
