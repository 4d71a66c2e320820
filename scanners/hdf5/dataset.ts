// SPDX-License-Identifier: Apache-2.0
import { type Dataspace, datatypeOf, readDataspace } from './attributes.ts';
import { type Chunk, chunksOf } from './chunks.ts';
import type { Datatype } from './datatype.ts';
import { type Fields, type Hdf5File, MalformedHdf5 } from './file.ts';
import { MESSAGE, type Message } from './header.ts';
import { LocalHeap } from './heaps.ts';
import { type Filter, type Layout, readFilters, readLayout } from './layout.ts';

/** What the messages of a dataset say together. */
export interface Dataset {
  readonly type: Datatype;
  readonly space: Dataspace;
  readonly layout: Layout;
  readonly filters: readonly Filter[];
  /** Files that hold the values instead of this one. */
  readonly externalFiles: readonly string[];
  /** Allocated chunks, and where the index broke off, if it did. */
  readonly chunks: readonly Chunk[];
  readonly broken?: MalformedHdf5;
  /** Bytes that the values take when read, and bytes that the file holds of them. */
  readonly declared: number;
  readonly stored: number;
}

/** @throws MalformedHdf5 */
export function readDataset(file: Hdf5File, messages: readonly Message[], k: number): Dataset {
  const space = readDataspace(rewound(one(file, messages, MESSAGE.dataspace).fields));
  const type = datatypeOf(file, one(file, messages, MESSAGE.datatype));
  const layout = readLayout(file, one(file, messages, MESSAGE.layout));
  const filters = messages.filter((message) => message.type === MESSAGE.filters).flatMap((m) => readFilters(m.fields));
  const externalFiles = messages
    .filter((message) => message.type === MESSAGE.externalFiles)
    .flatMap((message) => readExternalFiles(file, rewound(message.fields)));
  const declared = space.count * type.size;
  const shape = { dimensions: space.dimensions, filtered: filters.length > 0, k };
  const { chunks, broken } =
    layout.kind === 'chunked' ? allocated(file, layout, shape) : { chunks: [], broken: undefined };
  const stored = storedBytes(file, layout, chunks, declared, externalFiles.length > 0);
  const dataset = { type, space, layout, filters, externalFiles, chunks, declared, stored };
  return broken === undefined ? dataset : { ...dataset, broken };
}

function one(file: Hdf5File, messages: readonly Message[], type: number): Message {
  const found = messages.find((message) => message.type === type);
  if (found === undefined) throw new MalformedHdf5(file.base, `a dataset has no message of type ${type}`);
  return found;
}

function rewound(fields: Fields): Fields {
  fields.at = 0;
  return fields;
}

/** A broken index does not take away what the rest of the dataset says. */
function allocated(file: Hdf5File, layout: Parameters<typeof chunksOf>[1], shape: Parameters<typeof chunksOf>[2]) {
  const chunks: Chunk[] = [];
  try {
    for (const chunk of chunksOf(file, layout, shape)) {
      if (!(file.base + chunk.address + chunk.size <= file.bytes.size))
        throw new MalformedHdf5(file.base + chunk.address, 'a chunk reaches beyond the end of the file');
      file.claim(chunk.address, chunk.size);
      chunks.push(chunk);
    }
  } catch (broken) {
    if (!(broken instanceof MalformedHdf5)) throw broken;
    return { chunks, broken };
  }
  return { chunks, broken: undefined };
}

function storedBytes(
  file: Hdf5File,
  layout: Layout,
  chunks: readonly Chunk[],
  declared: number,
  isOutside: boolean,
): number {
  if (layout.kind === 'compact') return layout.data.length;
  if (layout.kind === 'chunked') return chunks.reduce((sum, chunk) => sum + chunk.size, 0);
  if (layout.kind === 'virtual' || layout.address === undefined || isOutside) return 0;
  const size = layout.size ?? declared;
  if (!(file.base + layout.address + size <= file.bytes.size))
    throw new MalformedHdf5(file.base + layout.address, 'values reach beyond the end of the file');
  file.claim(layout.address, size);
  return size;
}

/** Section IV.A.2.h: the names are in a local heap. */
function readExternalFiles(file: Hdf5File, fields: Fields): string[] {
  fields.skip(4);
  fields.skip(2);
  const used = fields.u16();
  const heap = new LocalHeap(file, fields.address());
  return Array.from({ length: used }, () => {
    const name = heap.text(fields.length());
    fields.length();
    fields.length();
    return name;
  });
}
