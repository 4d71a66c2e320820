// SPDX-License-Identifier: Apache-2.0
import type { Cursor } from '../io/cursor.ts';
import { isThing } from './machine.ts';
import type { Storage } from './storages.ts';
import type { Value } from './values.ts';

/** `torch/serialization.py`, `_legacy_save`: magic number, protocol, system, object, storage keys. */
export const LEGACY_PICKLES = 5;
const LEGACY_MAGIC = 0x1950a86a20f9469cfc6cn;

export function isLegacyMagic(value: Value | undefined): boolean {
  return value === LEGACY_MAGIC;
}

/**
 * After the fifth pickle: for each key the number of items in eight bytes, then the items, both in little-endian order
 * whatever machine wrote them. The lengths must be those of the persistent ids, and no storage may be missing. Returns what is wrong, with the cursor at that place.
 */
export async function passStorages(
  cursor: Cursor,
  storages: readonly Storage[],
  keys: Value | undefined,
): Promise<string | undefined> {
  if (!isThing(keys, 'list') || keys.items === undefined) return 'the list of storage keys is not a plain list';
  const known = new Map(storages.map((storage) => [storage.key, storage]));
  const missing = new Set(known.keys());
  for (const key of keys.items) {
    const storage = known.get(key);
    if (storage === undefined) return 'a storage that no persistent id refers to';
    if (!(await cursor.fill(8))) return 'the bytes end before the last storage';
    const count = cursor.u64();
    if (count !== BigInt(storage.items)) return `a storage of ${count} items, not of ${storage.items}`;
    if (!missing.delete(key)) return 'a storage that is there twice';
    if (!(await cursor.skip(storage.bytes))) return 'the bytes end inside a storage';
  }
  return missing.size > 0 ? `${missing.size} storages that are not there` : undefined;
}
