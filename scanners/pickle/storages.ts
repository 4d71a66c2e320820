// SPDX-License-Identifier: Apache-2.0
import { isThing } from './machine.ts';
import type { Value } from './values.ts';

/** A tensor's bytes, kept outside the pickle: what `torch/serialization.py` calls a persistent id. */
export interface Storage {
  readonly key: string;
  readonly bytes: number;
  /** Items of the storage's type: what a legacy file writes before them. */
  readonly items: number;
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

/**
 * `("storage", torch.FloatStorage, "0", "cpu", 32)`, in legacy files with what a view shows of the storage behind it;
 * anything else is no storage.
 */
export function storageOf(id: Value): Storage | undefined {
  if (!isThing(id, 'tuple') || id.items === undefined) return undefined;
  const [word, type, key, , count, view] = id.items;
  if (word !== 'storage' || typeof key !== 'string' || typeof count !== 'number') return undefined;
  const itemSize = itemBytes(type);
  const bytes = itemSize === undefined ? Number.NaN : itemSize * count;
  if (!Number.isSafeInteger(bytes) || bytes < 0 || !isWithin(view, count)) return undefined;
  return { key, bytes, items: count };
}

/** `(key, offset, items)` of a view, which must lie in its storage. */
function isWithin(view: Value | undefined, count: number): boolean {
  if (view === undefined || view === null) return true;
  if (!isThing(view, 'tuple') || view.items?.length !== 3) return false;
  const [key, offset, items] = view.items;
  if (typeof key !== 'string' || typeof offset !== 'number' || typeof items !== 'number') return false;
  return offset >= 0 && items >= 0 && offset + items <= count;
}

/** Bytes of one item of a storage of this type. */
export function itemBytes(type: Value | undefined): number | undefined {
  if (!isThing(type, 'global') || !/^torch(?:\.cuda|\.storage)?$/.test(type.module)) return undefined;
  return ITEM_SIZES[type.name];
}

/**
 * What else torch takes for a persistent id, by name: the keys of its first format, and in legacy files
 * `("module", class, file, source)`. It compares
 * the source with that of the installed class, and runs neither.
 */
export function persistentKind(id: Value): string {
  if (typeof id === 'number' || (typeof id === 'string' && /^-?\d+$/.test(id))) return 'key';
  const [word, type, file, source] = isThing(id, 'tuple') ? (id.items ?? []) : [];
  if (typeof word !== 'string') return 'computed';
  if (word !== 'module') return word;
  return isThing(type, 'global') && isText(file) && isText(source) ? 'module' : 'module that is no class';
}

function isText(value: Value | undefined): boolean {
  return value === null || typeof value === 'string' || isThing(value, 'text');
}
