// SPDX-License-Identifier: Apache-2.0
import { readPickles } from '../pickle/stream.ts';
import type { Extractor } from './context.ts';

export const pickle: Extractor = async (facts, bytes, context) => {
  const stream = await readPickles(facts, bytes, context.spending);
  context.storages.push(...stream.storages);
};
