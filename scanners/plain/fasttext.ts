// SPDX-License-Identifier: Apache-2.0
import { BrokenLayout, type Fields } from '../io/fields.ts';

const OLDEST = 11;
const NEWEST = 12;
/** Twelve settings of four bytes, and one of eight. */
const SETTINGS = 12 * 4 + 8;
const LONGEST_WORD = 64 * 1024;
const CENTROIDS = 256;

/** fastText's `.bin` and `.ftz` (`FastText::loadModel`): settings, dictionary, and two matrices. */
export async function walkFasttext(fields: Fields): Promise<undefined> {
  await fields.skip(4);
  const version = await fields.i32();
  if (version < OLDEST || version > NEWEST) throw new BrokenLayout(`version ${version}`);
  await fields.skip(SETTINGS);
  await passDictionary(fields);
  const quantised = await truth(fields);
  await (quantised ? passQuantised(fields) : passDense(fields));
  const outputToo = await truth(fields);
  await (quantised && outputToo ? passQuantised(fields) : passDense(fields));
}

async function truth(fields: Fields): Promise<boolean> {
  const value = await fields.u8();
  if (value > 1) throw new BrokenLayout(`a truth value of ${value}`);
  return value === 1;
}

/** Words with how often they occur and whether they are labels; what was pruned, if anything was, comes as pairs. */
async function passDictionary(fields: Fields): Promise<void> {
  const words = fields.count(await fields.i32(), 10);
  await fields.skip(4 + 4 + 8);
  const low = await fields.u32();
  const pruned = low + (await fields.i32()) * 2 ** 32;
  for (let i = 0; i < words; i++) {
    await fields.until(0, LONGEST_WORD);
    await fields.skip(8 + 1);
  }
  if (pruned > 0) await fields.skip(8 * pruned);
}

async function passDense(fields: Fields): Promise<void> {
  const items = (await fields.u64()) * (await fields.u64());
  await fields.skip(4 * items);
}

async function passQuantised(fields: Fields): Promise<void> {
  const hasNorms = await truth(fields);
  const rows = await fields.u64();
  await fields.skip(8);
  await fields.skip(await fields.i32());
  await passQuantiser(fields);
  if (!hasNorms) return;
  await fields.skip(rows);
  await passQuantiser(fields);
}

async function passQuantiser(fields: Fields): Promise<void> {
  const dimensions = await fields.i32();
  await fields.skip(3 * 4 + 4 * dimensions * CENTROIDS);
}
