// SPDX-License-Identifier: Apache-2.0
import type { Facts } from '../facts.ts';
import type { Bytes } from '../io/bytes.ts';
import { readGivenBytes } from '../pickle/nested.ts';
import { readPickles } from '../pickle/stream.ts';
import type { Context, Extractor } from './context.ts';

export const pickle: Extractor = async (facts, bytes, context) => {
  context.storages.push(...(await readPickleStream(facts, bytes, context)).storages);
};

/** A stream of pickles, and what lies in constants of theirs that they give to loaders. */
export async function readPickleStream(facts: Facts, bytes: Bytes, context: Context) {
  const stream = await readPickles(facts, bytes, context.spending);
  await readGivenBytes(facts, stream.record.given.values(), bytes, context);
  return stream;
}
