// SPDX-License-Identifier: Apache-2.0
import { type Fields, type Hdf5File, MalformedHdf5 } from './file.ts';
import { MESSAGE, type Message } from './header.ts';
import { FractalHeap, LocalHeap } from './heaps.ts';
import type { Superblock } from './superblock.ts';
import { treeRecords } from './tree2.ts';

/** What a name in a group leads to. */
export type Link =
  | { readonly kind: 'hard'; readonly name: string; readonly address: number | undefined }
  | { readonly kind: 'soft'; readonly name: string; readonly target: string }
  | { readonly kind: 'external'; readonly name: string; readonly file: string; readonly target: string }
  | { readonly kind: 'user'; readonly name: string; readonly type: number };

const NODES = 1_000_000;

/** Every link of a group, however it keeps them. @throws MalformedHdf5 */
export function* linksOf(superblock: Superblock, messages: readonly Message[]): Generator<Link> {
  const { file } = superblock;
  for (const { type, fields } of messages) {
    fields.at = 0;
    if (type === MESSAGE.link) yield readLink(fields);
    if (type === MESSAGE.symbolTable) yield* symbolTable(superblock, fields);
    if (type === MESSAGE.linkInfo) yield* denseLinks(file, fields);
  }
}

/** Section IV.A.2.g. */
function readLink(fields: Fields): Link {
  if (fields.u8() !== 1) throw fields.broken('an unknown version of a link');
  const flags = fields.u8();
  const type = flags & 8 ? fields.u8() : 0;
  fields.skip((flags & 4 ? 8 : 0) + (flags & 16 ? 1 : 0));
  const name = Buffer.from(fields.take(fields.uint(1 << (flags & 3)))).toString('utf8');
  if (type === 0) return { kind: 'hard', name, address: fields.address() };
  const value = fields.take(fields.u16());
  if (type === 1) return { kind: 'soft', name, target: Buffer.from(value).toString('utf8') };
  if (type !== 64) return { kind: 'user', name, type };
  const [file = '', target = ''] = Buffer.from(value.subarray(1)).toString('utf8').split('\0');
  return { kind: 'external', name, file, target };
}

/** Section IV.A.2.c: links in a heap, with indexes by name and by creation order. */
function* denseLinks(file: Hdf5File, fields: Fields): Generator<Link> {
  fields.skip(1);
  const flags = fields.u8();
  fields.skip(flags & 1 ? 8 : 0);
  const heapAddress = fields.address();
  const byName = fields.address();
  const byOrder = flags & 2 ? fields.address() : undefined;
  if (heapAddress === undefined) return;
  const heap = new FractalHeap(file, heapAddress);
  for (const record of treeRecords(file, byName)) {
    record.fields.skip(4);
    yield readLink(heap.value(record.fields));
  }
  if (byOrder === undefined) return;
  for (const record of treeRecords(file, byOrder)) {
    record.fields.skip(8);
    yield readLink(heap.value(record.fields));
  }
}

/** Sections III.A.1, III.B and III.C: the index of an old group, its symbol nodes and their entries. */
function* symbolTable({ file, k }: Superblock, fields: Fields): Generator<Link> {
  const tree = fields.address();
  const heap = new LocalHeap(file, fields.address());
  const seen = new Set<number>();
  const todo = [tree];
  for (let address = todo.pop(); address !== undefined; address = todo.pop()) {
    if (seen.has(address) || seen.size > NODES)
      throw new MalformedHdf5(file.base + address, 'an index leads back into itself');
    seen.add(address);
    const isNode = Buffer.from(file.peek(address, 4).take(4)).toString('latin1') === 'SNOD';
    if (isNode) yield* symbolNode(file, address, k.leaf, heap);
    else todo.push(...treeChildren(file, address, k.group));
  }
}

function treeChildren(file: Hdf5File, address: number, k: number): number[] {
  const { offsets, lengths } = file.sizes;
  const header = 8 + 2 * offsets;
  const node = file.peek(address, header);
  node.signature('TREE');
  if (node.u8() !== 0) throw node.broken('an index of a group is none');
  node.skip(1);
  const entries = node.u16();
  const fields = file.fields(address, header + Math.max(entries, 2 * k) * (offsets + lengths) + lengths);
  fields.skip(header);
  const children: number[] = [];
  for (let i = 0; i < entries; i++) {
    fields.length();
    const child = fields.address();
    if (child !== undefined) children.push(child);
  }
  return children;
}

function* symbolNode(file: Hdf5File, address: number, k: number, heap: LocalHeap): Generator<Link> {
  const head = file.peek(address, 8);
  head.skip(6);
  const count = head.u16();
  const entryBytes = 2 * file.sizes.offsets + 24;
  const fields = file.fields(address, 8 + Math.max(count, 2 * k) * entryBytes);
  fields.skip(8);
  for (let i = 0; i < count; i++) {
    const name = heap.text(fields.uint(file.sizes.offsets));
    const target = fields.address();
    const cached = fields.u32();
    fields.skip(4);
    const scratch = fields.u32();
    fields.skip(12);
    if (cached === 2) yield { kind: 'soft', name, target: heap.text(scratch) };
    else yield { kind: 'hard', name, address: target };
  }
}
