// SPDX-License-Identifier: Apache-2.0
import type { Spending } from '../budgets.ts';
import type { Facts } from '../facts.ts';
import type { Bytes } from '../io/bytes.ts';
import type { Storage } from '../pickle/storages.ts';

/** What an extractor works with beside the bytes. */
export interface Context {
  readonly spending: Spending;
  /** Archives around these bytes. */
  readonly depth: number;
  /** Filled by pickles: the tensor storages they refer to, for the archive that holds them. */
  readonly storages: Storage[];
  /** Reads whatever lies inside, one level deeper; it sniffs first. */
  readonly extractInner: (facts: Facts, bytes: Bytes, storages?: Storage[]) => Promise<void>;
}

/**
 * Reads one format and puts what it finds into `facts`, which are already part of the tree: what was read before a
 * budget was hit is kept. Malformed input is a problem in the facts, never an exception.
 */
export type Extractor = (facts: Facts, bytes: Bytes, context: Context) => Promise<void>;
