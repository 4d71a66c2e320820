// SPDX-License-Identifier: Apache-2.0
import { type Fields, type Hdf5File, MalformedHdf5 } from './file.ts';
import { checkSum } from './header.ts';
import type { Layout } from './layout.ts';
import { treeRecords } from './tree2.ts';

export interface Chunk {
  readonly address: number;
  readonly size: number;
  /** Filters that were left out for this chunk, by bit. */
  readonly mask: number;
}

type Chunked = Extract<Layout, { kind: 'chunked' }>;

/** What the indexes need to know of the dataset. */
export interface ChunkShape {
  readonly dimensions: readonly number[];
  readonly filtered: boolean;
  /** Half the capacity of version 1 index nodes. */
  readonly k: number;
}

const NODES = 1_000_000;
const CHUNKS = 4_000_000;

/** Every chunk of a dataset that is allocated, in the order of its index. @throws MalformedHdf5 */
export function* chunksOf(file: Hdf5File, layout: Chunked, shape: ChunkShape): Generator<Chunk> {
  const { address, type, filtered } = layout.index;
  if (address === undefined) return;
  const size = layout.chunk.reduce((product, n) => product * n, 1);
  let found = 0;
  for (const chunk of indexed()) {
    if (found++ > CHUNKS) throw new MalformedHdf5(file.base + address, 'a dataset of more chunks than any has');
    yield chunk;
  }

  function indexed(): Iterable<Chunk> {
    if (address === undefined) return [];
    switch (type) {
      case 'single':
        return [{ address, size: filtered?.size ?? size, mask: filtered?.mask ?? 0 }];
      case 'implicit':
        return [{ address, size: size * chunkCount(layout, shape), mask: 0 }];
      case 'tree1':
        return firstTree(file, address, layout.chunk.length, shape.k);
      case 'tree2':
        return secondTree(file, address, size, layout.chunk.length - 1);
      case 'fixed':
        return fixedArray(file, address, size);
      case 'extensible':
        return extensibleArray(file, address, size);
    }
  }
}

function chunkCount(layout: Chunked, { dimensions }: ChunkShape): number {
  return dimensions.reduce((count, n, i) => count * Math.ceil(n / (layout.chunk[i] || 1)), 1);
}

/** Section III.A.1, node type 1. */
function* firstTree(file: Hdf5File, root: number, rank: number, k: number): Generator<Chunk> {
  const keyBytes = 8 + 8 * rank;
  const header = 8 + 2 * file.sizes.offsets;
  const seen = new Set<number>();
  const todo = [root];
  for (let address = todo.pop(); address !== undefined; address = todo.pop()) {
    if (seen.has(address) || seen.size > NODES)
      throw new MalformedHdf5(file.base + address, 'a chunk index leads back into itself');
    seen.add(address);
    const head = file.peek(address, header);
    head.signature('TREE');
    if (head.u8() !== 1) throw head.broken('a chunk index is none');
    const level = head.u8();
    const entries = head.u16();
    const fields = file.fields(address, header + Math.max(entries, 2 * k) * (keyBytes + file.sizes.offsets) + keyBytes);
    fields.skip(header);
    for (let i = 0; i < entries; i++) {
      const size = fields.u32();
      const mask = fields.u32();
      fields.skip(8 * rank);
      const child = fields.address();
      if (child === undefined) continue;
      if (level > 0) todo.push(child);
      else yield { address: child, size, mask };
    }
  }
}

/** Records of type 10 (as they are) and 11 (filtered). */
function* secondTree(file: Hdf5File, root: number, size: number, rank: number): Generator<Chunk> {
  for (const { type, fields } of treeRecords(file, root)) {
    const address = fields.address();
    const sizeBytes = fields.left - 4 - 8 * rank;
    const filtered = type === 11 && sizeBytes > 0;
    const stored = filtered ? fields.uint(Math.min(8, sizeBytes)) : size;
    const mask = filtered ? fields.u32() : 0;
    if (address !== undefined) yield { address, size: stored, mask };
  }
}

/** An entry of an array index: an address, and for filtered chunks the size and the mask. */
function* entriesOf(fields: Fields, count: number, entryBytes: number, size: number): Generator<Chunk> {
  for (let i = 0; i < count; i++) {
    const start = fields.at;
    const address = fields.address();
    const sizeBytes = entryBytes - (fields.at - start) - 4;
    const stored = sizeBytes > 0 ? fields.uint(sizeBytes) : size;
    const mask = sizeBytes > 0 ? fields.u32() : 0;
    if (address !== undefined) yield { address, size: stored, mask };
  }
}

/** Section VII.B: all entries in one block, or in pages when there are many. */
function* fixedArray(file: Hdf5File, root: number, size: number): Generator<Chunk> {
  const header = file.fields(root, 12 + file.sizes.offsets + file.sizes.lengths);
  header.signature('FAHD');
  checkSum(header);
  header.skip(2);
  const entryBytes = header.u8();
  const pageBits = header.u8();
  const count = header.length();
  const address = header.address();
  if (address === undefined) return;
  if (entryBytes < file.sizes.offsets || count > CHUNKS || pageBits > 32)
    throw header.broken('an index of impossible shape');
  const page = 2 ** pageBits;
  const prefix = 6 + file.sizes.offsets;
  const pages = count > page ? Math.ceil(count / page) : 0;
  if (pages === 0) {
    const block = file.fields(address, prefix + count * entryBytes + 4);
    block.signature('FADB');
    checkSum(block);
    block.at = prefix;
    return yield* entriesOf(block, count, entryBytes, size);
  }
  const bitmap = Math.ceil(pages / 8);
  const block = file.fields(address, prefix + bitmap + 4);
  block.signature('FADB');
  checkSum(block);
  let at = address + prefix + bitmap + 4;
  for (let i = 0; i < pages; i++) {
    const entries = Math.min(page, count - i * page);
    const length = entries * entryBytes + 4;
    const used = ((block.bytes[prefix + (i >> 3)] ?? 0) >> (7 - (i & 7))) & 1;
    if (used) yield* entriesOf(file.fields(at, length), entries, entryBytes, size);
    else file.claim(at, length);
    at += length;
  }
}

/**
 * Section VII.C: the first entries in the index block, the next ones in data blocks that it names, the rest in data
 * blocks of secondary blocks; blocks double in size.
 */
function* extensibleArray(file: Hdf5File, root: number, size: number): Generator<Chunk> {
  const { offsets, lengths } = file.sizes;
  const header = file.fields(root, 16 + 6 * lengths + offsets);
  header.signature('EAHD');
  checkSum(header);
  header.skip(2);
  const entryBytes = header.u8();
  const maxBits = header.u8();
  const inIndex = header.u8();
  const minData = header.u8();
  const minPointers = header.u8();
  const pageBits = header.u8();
  header.skip(6 * lengths);
  const address = header.address();
  if (address === undefined) return;
  if (entryBytes < offsets || minData === 0 || minPointers === 0 || maxBits > 64)
    throw header.broken('an index of impossible shape');
  const offsetBytes = Math.ceil(maxBits / 8);
  const supers = 1 + maxBits - Math.log2(minData);
  const direct = 2 * Math.log2(minPointers);
  const inDirect = 2 * (minPointers - 1);
  const rest = Math.max(0, Math.floor(supers - direct));
  const prefix = 6 + offsets;
  const index = file.fields(address, prefix + inIndex * entryBytes + (inDirect + rest) * offsets + 4);
  index.signature('EAIB');
  checkSum(index);
  index.at = prefix;
  yield* entriesOf(index, inIndex, entryBytes, size);
  const pageEntries = 2 ** pageBits;
  const data = (at: number, entries: number, used: (page: number) => boolean) =>
    dataBlock(file, { at, entries, entryBytes, prefix: prefix + offsetBytes, pageEntries, size, used });
  for (let level = 0; level < direct; level++) {
    const [blocks, entries] = [2 ** Math.floor(level / 2), 2 ** Math.ceil(level / 2) * minData];
    for (let i = 0; i < blocks; i++) {
      const at = index.address();
      if (at !== undefined) yield* data(at, entries, () => true);
    }
  }
  for (let level = direct; level < supers; level++) {
    const at = index.address();
    if (at === undefined) continue;
    const [blocks, entries] = [2 ** Math.floor(level / 2), 2 ** Math.ceil(level / 2) * minData];
    const pages = entries > pageEntries ? entries / pageEntries : 0;
    const bitmap = blocks * Math.ceil(pages / 8);
    const secondary = file.fields(at, prefix + offsetBytes + bitmap + blocks * offsets + 4);
    secondary.signature('EASB');
    checkSum(secondary);
    secondary.at = prefix + offsetBytes;
    const bits = secondary.take(bitmap);
    for (let i = 0; i < blocks; i++) {
      const block = secondary.address();
      const first = i * Math.ceil(pages / 8) * 8;
      const used = (page: number) => (((bits[(first + page) >> 3] ?? 0) >> (7 - ((first + page) & 7))) & 1) === 1;
      if (block !== undefined) yield* data(block, entries, used);
    }
  }
}

interface DataBlock {
  readonly at: number;
  readonly entries: number;
  readonly entryBytes: number;
  readonly prefix: number;
  readonly pageEntries: number;
  readonly size: number;
  readonly used: (page: number) => boolean;
}

function* dataBlock(file: Hdf5File, block: DataBlock): Generator<Chunk> {
  const { at, entries, entryBytes, prefix, pageEntries, size, used } = block;
  const paged = entries > pageEntries;
  const fields = file.fields(at, prefix + (paged ? 0 : entries * entryBytes) + 4);
  fields.signature('EADB');
  checkSum(fields);
  fields.at = prefix;
  if (!paged) return yield* entriesOf(fields, entries, entryBytes, size);
  const pageBytes = pageEntries * entryBytes + 4;
  for (let page = 0; page < entries / pageEntries; page++) {
    const start = at + prefix + 4 + page * pageBytes;
    if (used(page)) yield* entriesOf(file.fields(start, pageBytes), pageEntries, entryBytes, size);
    else file.claim(start, pageBytes);
  }
}
