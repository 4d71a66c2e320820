// SPDX-License-Identifier: Apache-2.0
import { type ItemReader, MalformedMsgpack } from './items.ts';
import type { Region } from './walk.ts';

/** Sizes of the items of numpy's and ml_dtypes' types, by name; what is missing here is a use that rules judge. */
const ITEM_BYTES: Readonly<Record<string, number>> = {
  ...Object.fromEntries(['bool', 'int8', 'uint8', 'int4', 'uint4', 'int2', 'uint2'].map((name) => [name, 1])),
  ...Object.fromEntries(['int16', 'uint16', 'float16', 'bfloat16'].map((name) => [name, 2])),
  ...Object.fromEntries(['int32', 'uint32', 'float32'].map((name) => [name, 4])),
  ...Object.fromEntries(['int64', 'uint64', 'float64', 'complex64'].map((name) => [name, 8])),
  ...Object.fromEntries(['float128', 'complex128'].map((name) => [name, 16])),
  float96: 12,
  complex256: 32,
};

export interface TensorItem {
  readonly dtype: string;
  readonly data: Region;
  /** What is wrong with it, in words. */
  readonly wrong?: string;
}

/**
 * flax/serialization.py: an array is an extension that holds `(shape, name of the dtype, bytes)` as msgpack.
 * @throws MalformedMsgpack, EndOfBytes
 */
export async function readTensor(reader: ItemReader): Promise<TensorItem> {
  await expect(reader, 'array', 3);
  const shape = await readShape(reader);
  const dtype = await readName(reader);
  const { offset } = reader;
  const data = await reader.next();
  if (data.kind !== 'bin' && data.kind !== 'text') throw new MalformedMsgpack(offset, 'an array without bytes');
  const region = { offset: reader.offset, length: data.length };
  await reader.take(data.length, 0);
  const size = itemBytes(dtype);
  const count = shape.reduce((product, n) => product * n, 1);
  const right = size === undefined || count * size === data.length;
  const wrong = `${data.length} bytes for an array of ${shape.join('x') || 'one'} ${dtype}`;
  return { dtype, data: region, ...(right ? {} : { wrong }) };
}

async function readShape(reader: ItemReader): Promise<number[]> {
  const { offset } = reader;
  const shape = await reader.next();
  if (shape.kind !== 'array' || shape.length > MOST_DIMENSIONS) throw new MalformedMsgpack(offset, 'no plain shape');
  const sizes: number[] = [];
  for (let i = 0; i < shape.length; i++) {
    const size = await reader.next();
    if (size.kind !== 'scalar' || typeof size.value !== 'number' || size.value < 0)
      throw new MalformedMsgpack(offset, 'no plain shape');
    sizes.push(size.value);
  }
  return sizes;
}

async function readName(reader: ItemReader): Promise<string> {
  const { offset } = reader;
  const name = await reader.next();
  if (name.kind !== 'text' && name.kind !== 'bin') throw new MalformedMsgpack(offset, 'no name of a dtype');
  return Buffer.from(await reader.take(name.length, NAME_BYTES)).toString('utf8');
}

async function expect(reader: ItemReader, kind: 'array', length: number): Promise<void> {
  const { offset } = reader;
  const item = await reader.next();
  if (item.kind !== kind || item.length !== length)
    throw new MalformedMsgpack(offset, `${kind} of ${length} values expected`);
}

/** `(real, imaginary)` */
export async function readComplex(reader: ItemReader): Promise<void> {
  await expect(reader, 'array', 2);
  for (let i = 0; i < 2; i++) {
    const { offset } = reader;
    if ((await reader.next()).kind !== 'scalar') throw new MalformedMsgpack(offset, 'no complex number');
  }
}

function itemBytes(dtype: string): number | undefined {
  if (Object.hasOwn(ITEM_BYTES, dtype)) return ITEM_BYTES[dtype];
  if (/^float8_\w+$/.test(dtype) || /^float[46]_\w+$/.test(dtype)) return 1;
  if (/^(?:datetime64|timedelta64)(?:\[\w+\])?$/.test(dtype)) return 8;
  const text = /^(?:str|bytes)(\d+)$/.exec(dtype);
  return text ? Number(text[1]) / 8 : undefined;
}

const MOST_DIMENSIONS = 64;
const NAME_BYTES = 100;
