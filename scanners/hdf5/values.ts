// SPDX-License-Identifier: Apache-2.0

import type { RandomBytes } from '../io/bytes.ts';
import type { Attribute } from './attributes.ts';
import type { Dataset } from './dataset.ts';
import { type Datatype, holdsBytes } from './datatype.ts';
import { Fields, type Hdf5File } from './file.ts';
import { READ_FILTERS, unfiltered } from './filters.ts';
import type { GlobalHeap } from './heaps.ts';

/** Values that are held in memory at once; a longer stream of octets in packed chunks is looked at by its beginning. */
const HELD_BYTES = 32 * 1024 * 1024;
const CHUNK_BYTES = 64 * 1024 * 1024;

/** Texts and octets of an attribute, each as its bytes. @throws MalformedHdf5 */
export function* attributeValues(file: Hdf5File, heap: GlobalHeap, attribute: Attribute): Generator<Uint8Array> {
  attribute.data.at = 0;
  yield* valuesIn(file, heap, attribute.type, attribute.count, attribute.data);
}

function* valuesIn(
  file: Hdf5File,
  heap: GlobalHeap,
  type: Datatype,
  count: number,
  fields: Fields,
): Generator<Uint8Array> {
  if (type.kind === 'array' && type.base && type.base.size > 0)
    return yield* valuesIn(file, heap, type.base, count * Math.floor(type.size / type.base.size), fields);
  if (!holdsBytes(type) || type.size === 0) return;
  if (type.kind === 'integer' || type.kind === 'bits') {
    yield fields.take(Math.min(count, fields.left));
    return;
  }
  for (let i = 0; i < count && fields.left >= type.size; i++) {
    const start = fields.at;
    if (type.kind !== 'text' && type.kind !== 'sequence') yield withoutPadding(fields.take(type.size));
    else yield* heapValue(heap, type, fields);
    fields.at = start + type.size;
  }
}

/** Length, address of the collection, index: what stands in place of a value of variable length. */
function* heapValue(heap: GlobalHeap, type: Datatype, fields: Fields): Generator<Uint8Array> {
  const length = fields.u32();
  const address = fields.address();
  const index = fields.u32();
  if (length === 0 || index === 0 || address === undefined || address === 0) return;
  if (type.kind === 'sequence' && type.base && !isOctets(type.base)) return;
  yield heap.value(address, index);
}

function isOctets(type: Datatype): boolean {
  return type.size === 1 || type.kind === 'string' || type.kind === 'opaque';
}

function withoutPadding(bytes: Uint8Array): Uint8Array {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end--;
  return bytes.subarray(0, end);
}

/** The octets of a dataset as one stream, or its texts one by one: `undefined` stands for texts that do not unpack. */
export interface Content {
  readonly whole?: RandomBytes | Uint8Array;
  readonly values?: Iterable<Uint8Array | undefined>;
  /** Why the values could not be looked at. */
  readonly unread?: string;
}

/** What a dataset holds that may be anything; nothing for numbers. */
export function contentOf(file: Hdf5File, heap: GlobalHeap, dataset: Dataset): Content {
  const { type, space, layout, filters } = dataset;
  if (!leadsToBytes(type) || space.count === 0 || dataset.stored === 0) return {};
  const isStream = type.kind === 'integer' || type.kind === 'bits' || space.count === 1;
  const foreign = filters.find((filter) => !READ_FILTERS.has(filter.id));
  if (foreign) return { unread: `its values are packed by filter ${foreign.id}` };
  if (
    layout.kind === 'contiguous' &&
    isStream &&
    layout.address !== undefined &&
    type.kind !== 'text' &&
    type.kind !== 'sequence'
  )
    return { whole: file.bytes.slice(file.base + layout.address, dataset.stored) };
  if (!isStream || type.kind === 'text' || type.kind === 'sequence') return { values: textsOf(file, heap, dataset) };
  const bytes = beginning(file, dataset);
  return bytes === undefined ? { unread: 'its chunks do not unpack' } : { whole: bytes };
}

function leadsToBytes(type: Datatype): boolean {
  return type.kind === 'array' && type.base ? leadsToBytes(type.base) : holdsBytes(type);
}

/** The beginning of the values, with their filters undone. */
function beginning(file: Hdf5File, dataset: Dataset): Uint8Array | undefined {
  const parts: Uint8Array[] = [];
  let total = 0;
  for (const part of partsOf(file, dataset)) {
    if (part === undefined) return undefined;
    parts.push(part);
    total += part.length;
    if (total >= HELD_BYTES) break;
  }
  return Buffer.concat(parts);
}

function* textsOf(file: Hdf5File, heap: GlobalHeap, dataset: Dataset): Generator<Uint8Array | undefined> {
  let { count } = dataset.space;
  for (const part of partsOf(file, dataset)) {
    if (part === undefined) yield undefined;
    else yield* valuesIn(file, heap, dataset.type, count, new Fields(part, file.base, file.sizes));
    // Chunks at the edge hold more than the dataset does: what is beyond it is looked at as well.
    if (dataset.layout.kind !== 'chunked') count -= Math.floor((part?.length ?? 0) / dataset.type.size);
  }
}

/** The values with their filters undone, part by part. No value lies in two parts; one that does not unpack is `undefined`. */
function* partsOf(
  file: Hdf5File,
  { type, layout, chunks, filters, stored }: Dataset,
): Generator<Uint8Array | undefined> {
  if (layout.kind === 'compact') yield layout.data;
  else if (layout.kind === 'contiguous' && layout.address !== undefined)
    yield* windows(file, file.base + layout.address, stored, type.size);
  else if (layout.kind === 'chunked') {
    const size = layout.chunk.reduce((product, n) => product * n, 1);
    for (const { address, size: packed, mask } of chunks)
      yield size <= CHUNK_BYTES && packed <= CHUNK_BYTES
        ? unfiltered(file.bytes.readAt(file.base + address, packed), filters, mask, size)
        : undefined;
  }
}

function* windows({ bytes }: Hdf5File, start: number, length: number, item: number): Generator<Uint8Array | undefined> {
  const step = Math.max(1, Math.floor(HELD_BYTES / item)) * item;
  for (let at = 0; at < length; at += step)
    yield step > CHUNK_BYTES ? undefined : bytes.readAt(start + at, Math.min(step, length - at));
}
