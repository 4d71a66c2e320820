// SPDX-License-Identifier: Apache-2.0
import { type Datatype, padded, readDatatype } from './datatype.ts';
import { Fields, type Hdf5File, MalformedHdf5 } from './file.ts';
import { MESSAGE, type Message, readHeader, SHARED } from './header.ts';
import { FractalHeap } from './heaps.ts';
import { treeRecords } from './tree2.ts';

export interface Attribute {
  readonly name: string;
  readonly type: Datatype;
  readonly count: number;
  readonly data: Fields;
}

/** Every attribute of an object, in its header or in a heap. @throws MalformedHdf5 */
export function* attributesOf(file: Hdf5File, messages: readonly Message[]): Generator<Attribute> {
  for (const message of messages) {
    message.fields.at = 0;
    if (message.type === MESSAGE.attribute) {
      if (message.flags & SHARED) throw message.fields.broken('a shared attribute is not read');
      yield readAttribute(file, message.fields);
    }
    if (message.type === MESSAGE.attributeInfo) yield* denseAttributes(file, message.fields);
  }
}

/** Section IV.A.2.v. */
function* denseAttributes(file: Hdf5File, fields: Fields): Generator<Attribute> {
  fields.skip(1);
  const flags = fields.u8();
  fields.skip(flags & 1 ? 2 : 0);
  const heapAddress = fields.address();
  const byName = fields.address();
  const byOrder = flags & 2 ? fields.address() : undefined;
  if (heapAddress === undefined) return;
  const heap = new FractalHeap(file, heapAddress);
  for (const tree of byOrder === undefined ? [byName] : [byName, byOrder])
    for (const record of treeRecords(file, tree)) {
      const id = new Fields(record.fields.take(8), record.fields.start, file.sizes);
      if (record.fields.u8() & SHARED) throw record.fields.broken('a shared attribute is not read');
      yield readAttribute(file, heap.value(id));
    }
}

/** Section IV.A.2.m: versions 1 to 3. */
function readAttribute(file: Hdf5File, fields: Fields): Attribute {
  const version = fields.u8();
  if (version < 1 || version > 3) throw fields.broken('an unknown version of an attribute');
  const flags = fields.u8();
  const sizes = [fields.u16(), fields.u16(), fields.u16()] as const;
  fields.skip(version === 3 ? 1 : 0);
  const [name, type, space] = sizes.map((size) => fieldPart(file, fields, version === 1 ? padded(size) : size));
  if (!name || !type || !space) throw fields.broken('an attribute is not complete');
  const text = Buffer.from(name.bytes).toString('utf8');
  return {
    name: text.replace(/\0.*$/s, ''),
    type: version > 1 && flags & 1 ? sharedDatatype(file, type) : readDatatype(type),
    count: readDataspace(space).count,
    data: fieldPart(file, fields, fields.left),
  };
}

function fieldPart(file: Hdf5File, fields: Fields, size: number): Fields {
  const start = fields.start + fields.at;
  return new Fields(fields.take(size), start, file.sizes);
}

export interface Dataspace {
  readonly dimensions: readonly number[];
  /** Elements: 1 of a scalar, 0 of a null space. */
  readonly count: number;
}

/** Section IV.A.2.b. */
export function readDataspace(fields: Fields): Dataspace {
  const version = fields.u8();
  if (version !== 1 && version !== 2) throw fields.broken('an unknown version of a dataspace');
  const rank = fields.u8();
  const flags = fields.u8();
  const isNull = version === 2 ? fields.u8() === 2 : false;
  if (version === 1) fields.skip(5);
  if (rank > 32) throw fields.broken('a dataspace of more than 32 dimensions');
  const dimensions = Array.from({ length: rank }, () => fields.length());
  if (flags & 1) for (let i = 0; i < rank; i++) fields.length();
  return { dimensions, count: isNull ? 0 : dimensions.reduce((product, n) => product * n, 1) };
}

/** The datatype of a dataset: in its own header, or committed to the file as an object of its own. */
export function datatypeOf(file: Hdf5File, message: Message): Datatype {
  message.fields.at = 0;
  return message.flags & SHARED ? sharedDatatype(file, message.fields) : readDatatype(message.fields);
}

/** Section IV.A.2 "Shared Message": versions 1 to 3. */
function sharedDatatype(file: Hdf5File, fields: Fields): Datatype {
  const version = fields.u8();
  const type = fields.u8();
  if (version === 1) fields.skip(6);
  if (version === 3 && type === 1) throw fields.broken('the table of shared messages is not read');
  const address = fields.address();
  if (address === undefined) throw new MalformedHdf5(fields.start, 'a shared datatype is nowhere');
  const own = readHeader(file, address).find((message) => message.type === MESSAGE.datatype);
  if (own === undefined || own.flags & SHARED) throw new MalformedHdf5(fields.start, 'a shared datatype is none');
  return readDatatype(own.fields);
}
