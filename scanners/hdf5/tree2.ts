// SPDX-License-Identifier: Apache-2.0
import { bytesFor } from './datatype.ts';
import { Fields, type Hdf5File, MalformedHdf5 } from './file.ts';
import { checkSum } from './header.ts';

export interface TreeRecord {
  /** The type of the tree, which says what its records are. */
  readonly type: number;
  readonly fields: Fields;
}

const NODES = 1_000_000;
const OVERHEAD = 10;

interface Shape {
  readonly type: number;
  readonly nodeBytes: number;
  readonly recordBytes: number;
  /** Bytes of the number of records that a pointer carries, and of the records below, by depth. */
  readonly countBytes: number;
  readonly totalBytes: readonly number[];
}

interface Node {
  readonly address: number | undefined;
  readonly records: number;
  readonly depth: number;
}

/** All records of a version 2 B-tree, in the order of its nodes (section III.A.2). @throws MalformedHdf5 */
export function* treeRecords(file: Hdf5File, address: number | undefined): Generator<TreeRecord> {
  const header = file.fields(address, 22 + file.sizes.offsets + file.sizes.lengths);
  header.signature('BTHD');
  checkSum(header);
  header.skip(1);
  const type = header.u8();
  const nodeBytes = header.u32();
  const recordBytes = header.u16();
  const depth = header.u16();
  header.skip(2);
  const root = header.address();
  const records = header.u16();
  if (recordBytes === 0 || depth > 16 || nodeBytes < OVERHEAD + recordBytes)
    throw header.broken('an index of impossible shape');
  if (root === undefined || records === 0) return;
  const shape = shapeOf(file, type, nodeBytes, recordBytes, depth);
  const seen = new Set<number>();
  const todo: Node[] = [{ address: root, records, depth }];
  for (let node = todo.pop(); node; node = todo.pop()) {
    if (seen.has(node.address ?? -1) || seen.size > NODES)
      throw new MalformedHdf5(file.base + (node.address ?? 0), 'an index leads back into itself');
    seen.add(node.address ?? -1);
    yield* readNode(file, node, shape, todo);
  }
}

function* readNode(file: Hdf5File, node: Node, shape: Shape, todo: Node[]): Generator<TreeRecord> {
  const fields = file.fields(node.address, shape.nodeBytes);
  fields.signature(node.depth === 0 ? 'BTLF' : 'BTIN');
  fields.skip(2);
  for (let i = 0; i < node.records; i++) {
    const start = fields.start + fields.at;
    yield { type: shape.type, fields: new Fields(fields.take(shape.recordBytes), start, file.sizes) };
  }
  for (let i = 0; node.depth > 0 && i <= node.records; i++) {
    const address = fields.address();
    const records = fields.uint(shape.countBytes);
    fields.skip(node.depth > 1 ? (shape.totalBytes[node.depth - 1] ?? 0) : 0);
    todo.push({ address, records, depth: node.depth - 1 });
  }
  checkNode(fields);
}

/** A node's checksum follows its content, wherever that ends. */
function checkNode(fields: Fields): void {
  const end = fields.at;
  fields.skip(4);
  checkSum(new Fields(fields.bytes.subarray(0, end + 4), fields.start, { offsets: 8, lengths: 8 }));
}

function shapeOf(file: Hdf5File, type: number, nodeBytes: number, recordBytes: number, depth: number): Shape {
  let most = Math.floor((nodeBytes - OVERHEAD) / recordBytes);
  const countBytes = bytesFor(most);
  const totalBytes = [0];
  let below = most;
  for (let level = 1; level <= depth; level++) {
    const pointer = file.sizes.offsets + countBytes + (totalBytes[level - 1] ?? 0);
    most = Math.floor((nodeBytes - OVERHEAD - pointer) / (recordBytes + pointer));
    below = (most + 1) * below + most;
    totalBytes.push(bytesFor(below));
  }
  return { type, nodeBytes, recordBytes, countBytes, totalBytes };
}
