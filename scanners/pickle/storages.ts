// SPDX-License-Identifier: Apache-2.0
import { isThing } from './machine.ts';
import type { Value } from './values.ts';

/** A tensor's bytes, kept outside the pickle: what `torch/serialization.py` calls a persistent id. */
export interface Storage {
  readonly key: string;
  readonly bytes: number;
}

const ITEM_SIZES: Readonly<Record<string, number>> = {
  DoubleStorage: 8,
  FloatStorage: 4,
  HalfStorage: 2,
  BFloat16Storage: 2,
  LongStorage: 8,
  IntStorage: 4,
  ShortStorage: 2,
  CharStorage: 1,
  ByteStorage: 1,
  BoolStorage: 1,
  ComplexFloatStorage: 8,
  ComplexDoubleStorage: 16,
  QInt8Storage: 1,
  QUInt8Storage: 1,
  QInt32Storage: 4,
  QUInt4x2Storage: 1,
  QUInt2x4Storage: 1,
  UntypedStorage: 1,
};

/** `("storage", torch.FloatStorage, "0", "cpu", 32)`; anything else is no storage. */
export function storageOf(id: Value): Storage | undefined {
  if (!isThing(id, 'tuple') || id.items === undefined) return undefined;
  const [word, type, key, , count] = id.items;
  if (word !== 'storage' || typeof key !== 'string' || typeof count !== 'number') return undefined;
  if (!isThing(type, 'global') || !/^torch(?:\.cuda|\.storage)?$/.test(type.module)) return undefined;
  const itemSize = ITEM_SIZES[type.name];
  const bytes = itemSize === undefined ? Number.NaN : itemSize * count;
  return Number.isSafeInteger(bytes) && bytes >= 0 ? { key, bytes } : undefined;
}
