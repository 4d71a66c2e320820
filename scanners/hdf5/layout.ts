// SPDX-License-Identifier: Apache-2.0
import { type Fields, type Hdf5File, MalformedHdf5 } from './file.ts';
import type { Message } from './header.ts';

/** Where a dataset's values are (section IV.A.2.i). */
export type Layout =
  | { readonly kind: 'compact'; readonly data: Uint8Array; readonly start: number }
  | { readonly kind: 'contiguous'; readonly address: number | undefined; readonly size: number | undefined }
  | { readonly kind: 'chunked'; readonly chunk: readonly number[]; readonly index: ChunkIndex }
  | { readonly kind: 'virtual'; readonly address: number | undefined; readonly index: number };

export interface ChunkIndex {
  readonly type: 'tree1' | 'single' | 'implicit' | 'fixed' | 'extensible' | 'tree2';
  readonly address: number | undefined;
  /** Of the single chunk, when it is filtered. */
  readonly filtered?: { readonly size: number; readonly mask: number };
}

/** @throws MalformedHdf5 */
export function readLayout(file: Hdf5File, message: Message): Layout {
  const { fields } = message;
  fields.at = 0;
  const version = fields.u8();
  if (version === 1 || version === 2) return early(fields);
  if (version < 3 || version > 5) throw fields.broken(`layout version ${version} is not known`);
  const kind = fields.u8();
  if (kind === 0) return compact(fields, fields.u16());
  if (kind === 1) return { kind: 'contiguous', address: fields.address(), size: fields.length() };
  if (kind === 2) return version === 3 ? chunked3(fields) : chunked4(file, fields, version);
  if (kind === 3 && version > 3) return { kind: 'virtual', address: fields.address(), index: fields.u32() };
  throw fields.broken(`layout class ${kind} is not known`);
}

function early(fields: Fields): Layout {
  const rank = fields.u8();
  const kind = fields.u8();
  fields.skip(5);
  const address = kind === 0 ? undefined : fields.address();
  const dimensions = Array.from({ length: rank }, () => fields.u32());
  if (kind === 0) return compact(fields, fields.u32());
  if (kind === 1) return { kind: 'contiguous', address, size: undefined };
  return { kind: 'chunked', chunk: dimensions, index: { type: 'tree1', address } };
}

function compact(fields: Fields, size: number): Layout {
  const start = fields.start + fields.at;
  return { kind: 'compact', data: fields.take(size), start };
}

function chunked3(fields: Fields): Layout {
  const rank = fields.u8();
  const address = fields.address();
  const chunk = Array.from({ length: rank }, () => fields.u32());
  return { kind: 'chunked', chunk, index: { type: 'tree1', address } };
}

function chunked4(file: Hdf5File, fields: Fields, version: number): Layout {
  const flags = fields.u8();
  const rank = fields.u8();
  const width = fields.u8();
  if (rank > 33 || width === 0 || width > 8) throw fields.broken('chunks of impossible shape');
  const chunk = Array.from({ length: rank }, () => fields.uint(width));
  const type = fields.u8();
  switch (type) {
    case 1: {
      // Layout version 5 has the size of the chunk in as many bytes as lengths take, as version 4 does.
      const filtered = flags & 2 ? { size: fields.length(), mask: fields.u32() } : undefined;
      const index = { type: 'single' as const, address: fields.address() };
      return { kind: 'chunked', chunk, index: filtered ? { ...index, filtered } : index };
    }
    case 2:
      return { kind: 'chunked', chunk, index: { type: 'implicit', address: fields.address() } };
    case 3:
      fields.skip(1);
      return { kind: 'chunked', chunk, index: { type: 'fixed', address: fields.address() } };
    case 4:
      fields.skip(5);
      return { kind: 'chunked', chunk, index: { type: 'extensible', address: fields.address() } };
    case 5:
      fields.skip(6);
      return { kind: 'chunked', chunk, index: { type: 'tree2', address: fields.address() } };
    default:
      throw new MalformedHdf5(file.base, `chunk index ${type} of layout version ${version} is not known`);
  }
}

export interface Filter {
  readonly id: number;
  readonly name: string;
  readonly values: readonly number[];
}

/** Section IV.A.2.l. */
export function readFilters(fields: Fields): Filter[] {
  fields.at = 0;
  const version = fields.u8();
  if (version !== 1 && version !== 2) throw fields.broken('an unknown version of a filter pipeline');
  const count = fields.u8();
  if (version === 1) fields.skip(6);
  return Array.from({ length: count }, () => {
    const id = fields.u16();
    const nameLength = version === 1 || id >= 256 ? fields.u16() : 0;
    fields.skip(2);
    const values = fields.u16();
    const name = Buffer.from(fields.take(nameLength)).toString('latin1').replace(/\0.*$/s, '');
    const client = Array.from({ length: values }, () => fields.u32());
    if (version === 1 && values % 2 === 1) fields.skip(4);
    return { id, name, values: client };
  });
}
