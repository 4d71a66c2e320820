// SPDX-License-Identifier: Apache-2.0
import type { Facts } from '../facts.ts';
import { type GgufInput, MalformedGguf } from './input.ts';
import { short } from './metadata.ts';
import { BLOCKS } from './types.ts';

/** ggml holds 64 with the end mark; programs that are built for longer ones hold 128. */
const NAME_BYTES = 127;
const DIMENSIONS = 4;
const LARGEST = 2n ** 63n - 1n;

/** Where a tensor lies, counted from the start of the data. */
export interface TensorRange {
  readonly name: string;
  readonly begin: number;
  /** `undefined` when the type is not known. */
  readonly end: number | undefined;
}

/** The tensor descriptions, each checked by itself: sizes are computed without overflow. */
export async function readTensors(
  facts: Facts,
  input: GgufInput,
  count: number,
  alignment: number,
): Promise<TensorRange[]> {
  const names = new Set<string>();
  const ranges: TensorRange[] = [];
  for (let i = 0; i < count; i++) {
    const range = await readTensor(facts, input, alignment);
    if (names.has(range.name)) throw new MalformedGguf(`tensor ${short(range.name)} is there twice`);
    names.add(range.name);
    ranges.push(range);
  }
  return ranges;
}

async function readTensor(facts: Facts, input: GgufInput, alignment: number): Promise<TensorRange> {
  const name = await input.text(NAME_BYTES);
  if (name === undefined) throw new MalformedGguf(`a tensor's name is longer than ${NAME_BYTES} bytes`);
  await input.ready(4);
  const dimensions = input.u32();
  if (dimensions > DIMENSIONS) throw new MalformedGguf(`tensor ${short(name)} has ${dimensions} dimensions`);
  await input.ready(8 * dimensions + 12);
  const shape = Array.from({ length: dimensions }, () => (input.shortCounts ? BigInt(input.u32()) : input.u64()));
  const items = shape.reduce((product, n) => product * n, 1n);
  if (items > LARGEST || shape.some((n) => n > LARGEST))
    throw new MalformedGguf(`tensor ${short(name)} has ${shape.join(' x ')} items`);
  const type = input.u32();
  const offset = input.u64();
  if (offset > BigInt(input.size) || offset % BigInt(alignment) !== 0n)
    throw new MalformedGguf(`tensor ${short(name)} is at offset ${offset}`);
  const bytes = bytesOf(facts, input, name, type, shape, items);
  return { name, begin: Number(offset), end: bytes === undefined ? undefined : Number(offset) + bytes };
}

function bytesOf(
  facts: Facts,
  input: GgufInput,
  name: string,
  type: number,
  shape: readonly bigint[],
  items: bigint,
): number | undefined {
  const block = BLOCKS.get(type);
  if (block === undefined) {
    const detail = `tensor ${short(name)} has type ${type}`;
    facts.problems.push({ code: 'gguf-unknown-type', offset: input.cursor.offset, detail });
    return undefined;
  }
  const [perBlock, perBlockBytes] = [BigInt(block[0]), BigInt(block[1])];
  // A row of a part of a block: readers that divide first take less memory than they fill.
  if ((shape[0] ?? 1n) % perBlock !== 0n)
    throw new MalformedGguf(`tensor ${short(name)} has rows of ${shape[0]} items in blocks of ${perBlock}`);
  const bytes = (items / perBlock) * perBlockBytes;
  if (bytes > BigInt(input.size)) throw new MalformedGguf(`tensor ${short(name)} has ${bytes} bytes`);
  return Number(bytes);
}
