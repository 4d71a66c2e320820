// SPDX-License-Identifier: Apache-2.0
import { BLOCKS } from '../gguf/types.ts';
import type { RandomBytes } from '../io/bytes.ts';
import { EndOfBytes } from '../io/cursor.ts';
import { BrokenLayout, Fields } from '../io/fields.ts';

const LONGEST_WORD = 64 * 1024;
const LONGEST_NAME = 256;
const ALIGNMENT = 32;

/** How a program of the time wrote its header and its vocabulary. */
interface Layout {
  readonly parameters: number;
  /** whisper.cpp: the filters of its spectrogram stand before the vocabulary. */
  readonly filters?: true;
  /** The vocabulary says how many words it has; otherwise the first parameter does. */
  readonly counted?: true;
  readonly scores?: true;
}

const COUNTS = [7, 6, 8, 5, 9, 10];
const LAYOUTS: Readonly<Record<string, readonly Layout[]>> = {
  lmgg: [
    { parameters: 11, filters: true, counted: true },
    { parameters: 7 },
    ...COUNTS.map((parameters) => ({ parameters, counted: true as const })),
  ],
  fmgg: COUNTS.map((parameters) => ({ parameters, scores: true })),
  tjgg: COUNTS.map((parameters) => ({ parameters, scores: true })),
};

/** Blocks of quantised numbers before May 2023, where their scales were longer. */
const OLD_BLOCKS: ReadonlyMap<number, readonly [number, number]> = new Map([
  ...BLOCKS,
  [2, [32, 20]],
  [3, [32, 24]],
  [4, [16, 10]],
  [8, [32, 36]],
]);

/**
 * ggml's files before GGUF (llama.cpp's and whisper.cpp's converters): magic, parameters that each program numbers for
 * itself, a vocabulary, and tensors up to the end. Nothing says which program's file it is: the layout that ends where
 * the file does is the one.
 */
export async function walkGgml(first: Fields, bytes: RandomBytes): Promise<Fields> {
  const magic = await first.text(4);
  const hasVersion = magic !== 'lmgg';
  const version = hasVersion ? await first.u32() : 0;
  if (magic === 'algg') return walkAdapter(first);
  for (const blocks of version >= 3 ? [BLOCKS] : [BLOCKS, OLD_BLOCKS])
    for (const layout of LAYOUTS[magic] ?? []) {
      const fields = new Fields(bytes, hasVersion ? 8 : 4);
      if (await fits(() => walkModel(fields, layout, blocks, magic === 'tjgg'))) return fields;
    }
  throw new BrokenLayout('parameters, vocabulary and tensors as no known program writes them');
}

async function fits(walk: () => Promise<void>): Promise<boolean> {
  try {
    await walk();
    return true;
  } catch (error) {
    if (error instanceof BrokenLayout || error instanceof EndOfBytes) return false;
    throw error;
  }
}

type Blocks = typeof BLOCKS;

async function walkModel(fields: Fields, layout: Layout, blocks: Blocks, aligned: boolean): Promise<void> {
  const vocabulary = await fields.i32();
  await fields.skip(4 * (layout.parameters - 1));
  if (layout.filters) {
    const filters = (await fields.u32()) * (await fields.u32());
    await fields.skip(4 * filters);
  }
  const words = fields.count(layout.counted ? await fields.i32() : vocabulary, 4);
  for (let i = 0; i < words; i++) {
    const length = await fields.u32();
    if (length > LONGEST_WORD) throw new BrokenLayout(`a word of ${length} bytes`);
    await fields.skip(length + (layout.scores ? 4 : 0));
  }
  await passTensors(fields, blocks, aligned);
}

/** A LoRA adapter: rank and alpha, then tensors. */
async function walkAdapter(fields: Fields): Promise<Fields> {
  await fields.skip(8);
  await passTensors(fields, BLOCKS, true);
  return fields;
}

async function passTensors(fields: Fields, blocks: Blocks, aligned: boolean): Promise<void> {
  let tensors = 0;
  for (; fields.left > 0; tensors++) {
    fields.whole = fields.offset;
    const dimensions = await fields.u32();
    const name = await fields.u32();
    const block = blocks.get(await fields.u32());
    if (dimensions < 1 || dimensions > 4 || name > LONGEST_NAME || block === undefined)
      throw new BrokenLayout('no tensor where one must begin');
    let items = 1;
    for (let i = 0; i < dimensions; i++) items *= await fields.u32();
    await fields.skip(name);
    if (aligned) await fields.skip((ALIGNMENT - (fields.offset % ALIGNMENT)) % ALIGNMENT);
    await fields.skip((items / block[0]) * block[1]);
  }
  if (tensors === 0) throw new BrokenLayout('no tensors');
}
