// SPDX-License-Identifier: Apache-2.0
import { BrokenLayout, type Fields } from '../io/fields.ts';

const MAX_DEPTH = 8;
const INNER_PRODUCT_OR_L2 = 1;

type Part = (fields: Fields, depth: number) => Promise<void>;

/** Indexes of Faiss by their four letters, as `faiss/impl/index_read.cpp` reads them; each has the same header first. */
const INDEXES: ReadonlyMap<string, Part> = new Map([
  ...['IxFI', 'IxF2', 'IxFl'].map((name) => [name, (fields: Fields) => passVector(fields, 4)] as const),
  ...['IxMp', 'IxM2'].map((name) => [name, passMapped] as const),
  ...['IHNf', 'IHNp', 'IHNs', 'IHN2'].map((name) => [name, passGraph] as const),
  ['IwFl', passInvertedFlat],
  ['IwPQ', passInvertedProduct],
  ['IwSq', passInvertedScalar],
  ['IxPq', passProduct],
  ['IxSQ', passScalar],
  ['IxPT', passTransformed],
  ['IxRF', passRefined],
]);

/** An index, and the indexes in it. Numbers are data; lists that lie in another file are not followed. */
export async function walkFaiss(fields: Fields): Promise<undefined> {
  await passIndex(fields, 0);
}

async function passIndex(fields: Fields, depth: number): Promise<void> {
  const name = await fields.text(4);
  const pass = INDEXES.get(name);
  if (pass === undefined || depth > MAX_DEPTH)
    throw new BrokenLayout(`an index ${JSON.stringify(name)}, which is not read`);
  await fields.skip(4 + 3 * 8 + 1);
  if ((await fields.i32()) > INNER_PRODUCT_OR_L2) await fields.skip(4);
  await pass(fields, depth + 1);
}

/** A number of items, and the items. */
async function passVector(fields: Fields, itemBytes: number): Promise<void> {
  await fields.skip((await fields.u64()) * itemBytes);
}

async function passMapped(fields: Fields, depth: number): Promise<void> {
  await passIndex(fields, depth);
  await passVector(fields, 8);
}

/** HNSW: probabilities, neighbours a level, levels, offsets, neighbours, five settings; then the vectors. */
async function passGraph(fields: Fields, depth: number): Promise<void> {
  for (const itemBytes of [8, 4, 4, 8, 4]) await passVector(fields, itemBytes);
  await fields.skip(5 * 4);
  await passIndex(fields, depth);
}

/** What all inverted indexes begin with: lists, probes, the index that chooses a list, and a map to the lists. */
async function passLists(fields: Fields, depth: number): Promise<void> {
  await fields.skip(8 + 8);
  await passIndex(fields, depth);
  const map = await fields.u8();
  await passVector(fields, 8);
  if (map === 2) await passVector(fields, 16);
}

async function passInvertedFlat(fields: Fields, depth: number): Promise<void> {
  await passLists(fields, depth);
  await passInverted(fields);
}

async function passInvertedProduct(fields: Fields, depth: number): Promise<void> {
  await passLists(fields, depth);
  await fields.skip(1 + 8);
  await passProductQuantiser(fields);
  await passInverted(fields);
}

async function passInvertedScalar(fields: Fields, depth: number): Promise<void> {
  await passLists(fields, depth);
  await passScalarQuantiser(fields);
  await fields.skip(8 + 1);
  await passInverted(fields);
}

async function passInverted(fields: Fields): Promise<void> {
  const kind = await fields.text(4);
  if (kind === 'il00') return;
  if (kind !== 'ilar') throw new BrokenLayout(`lists ${JSON.stringify(kind)}, which are not read`);
  await fields.skip(8);
  const codeBytes = await fields.u64();
  const how = await fields.text(4);
  const numbers = fields.count(await fields.u64(), 8);
  let items = 0;
  for (let i = 0; i < numbers; i++) {
    const number = await fields.u64();
    // A sparse list says which lists have items and how many, in turns.
    if (how === 'full' || i % 2 === 1) items += number;
  }
  await fields.skip(items * (codeBytes + 8));
}

async function passProductQuantiser(fields: Fields): Promise<void> {
  await fields.skip(3 * 8);
  await passVector(fields, 4);
}

async function passScalarQuantiser(fields: Fields): Promise<void> {
  await fields.skip(4 + 4 + 4 + 8 + 8);
  await passVector(fields, 4);
}

async function passProduct(fields: Fields): Promise<void> {
  await passProductQuantiser(fields);
  await passVector(fields, 1);
  await fields.skip(4 + 1 + 4);
}

async function passScalar(fields: Fields): Promise<void> {
  await passScalarQuantiser(fields);
  await passVector(fields, 1);
}

/** Linear transforms before an index; others are rare. */
async function passTransformed(fields: Fields, depth: number): Promise<void> {
  for (let left = fields.count(await fields.i32(), 4); left > 0; left--) {
    const name = await fields.text(4);
    if (name === 'PcAm' || name === 'Pcam') {
      await fields.skip(4 + (name === 'Pcam' ? 4 : 0) + 1 + 4);
      for (let i = 0; i < 3; i++) await passVector(fields, 4);
    } else if (name === 'VNrm') await fields.skip(4);
    else if (name !== 'rrot' && name !== 'LTra')
      throw new BrokenLayout(`a transform ${JSON.stringify(name)}, which is not read`);
    if (name !== 'VNrm') {
      await fields.skip(1);
      for (let i = 0; i < 2; i++) await passVector(fields, 4);
    }
    await fields.skip(4 + 4 + 1);
  }
  await passIndex(fields, depth);
}

async function passRefined(fields: Fields, depth: number): Promise<void> {
  await passIndex(fields, depth);
  await passIndex(fields, depth);
  await fields.skip(4);
}
