// SPDX-License-Identifier: Apache-2.0
import { bytesFor } from './datatype.ts';
import { type Fields, type Hdf5File, MalformedHdf5 } from './file.ts';
import { checkSum } from './header.ts';
import { treeRecords } from './tree2.ts';

/** Texts of an old group (section III.D): the name of a link is an offset into the segment. */
export class LocalHeap {
  private readonly segment: Fields;

  constructor(file: Hdf5File, address: number | undefined) {
    const fields = file.fields(address, 8 + 2 * file.sizes.lengths + file.sizes.offsets);
    fields.signature('HEAP');
    fields.skip(4);
    const size = fields.length();
    fields.length();
    this.segment = file.fields(fields.address(), size);
  }

  text(offset: number): string {
    this.segment.at = 0;
    this.segment.skip(offset);
    return this.segment.text();
  }
}

/** Values of variable length, by collection and index (section III.E). Collections are kept while they are few. */
export class GlobalHeap {
  private readonly file: Hdf5File;
  private readonly collections = new Map<number, Map<number, Uint8Array>>();
  private held = 0;

  constructor(file: Hdf5File) {
    this.file = file;
  }

  value(address: number | undefined, index: number): Uint8Array {
    const value = this.collection(address).get(index);
    if (value === undefined) throw new MalformedHdf5(address ?? 0, `the global heap has no value ${index} here`);
    return value;
  }

  private collection(address: number | undefined): Map<number, Uint8Array> {
    const known = address === undefined ? undefined : this.collections.get(address);
    if (known) return known;
    const values = this.read(address);
    if (this.held > HELD_BYTES) {
      this.collections.clear();
      this.held = 0;
    }
    this.collections.set(address ?? 0, values);
    return values;
  }

  private read(address: number | undefined): Map<number, Uint8Array> {
    const prefix = this.file.peek(address, 8 + this.file.sizes.lengths);
    prefix.signature('GCOL');
    prefix.skip(4);
    const size = prefix.length();
    const fields = this.file.fields(address, size);
    this.held += size;
    fields.skip(8 + this.file.sizes.lengths);
    const values = new Map<number, Uint8Array>();
    while (fields.left >= 8 + this.file.sizes.lengths) {
      const index = fields.u16();
      fields.skip(6);
      const length = fields.length();
      // Object 0 is the free space: it reaches to the end.
      if (index === 0) break;
      values.set(index, fields.take(length));
      fields.skip(Math.min(fields.left, (8 - (length % 8)) % 8));
    }
    return values;
  }
}

const HELD_BYTES = 16 * 1024 * 1024;

/** Where links and attributes are that do not fit a header (section III.G). */
export class FractalHeap {
  private readonly file: Hdf5File;
  private readonly idBytes: number;
  private readonly maxManaged: number;
  private readonly hugeTree: number | undefined;
  private readonly width: number;
  private readonly startBlock: number;
  private readonly maxDirect: number;
  private readonly offsetBytes: number;
  private readonly lengthBytes: number;
  private readonly root: number | undefined;
  private readonly rootRows: number;
  private readonly huge = new Map<number, { address: number | undefined; length: number }>();

  constructor(file: Hdf5File, address: number | undefined) {
    this.file = file;
    const size = 26 + 12 * file.sizes.lengths + 3 * file.sizes.offsets;
    const fields = file.fields(address, size);
    fields.signature('FRHP');
    fields.skip(1);
    this.idBytes = fields.u16();
    if (fields.u16() !== 0) throw new MalformedHdf5(fields.start, 'a heap with filters is not read');
    checkSum(fields);
    fields.skip(1);
    this.maxManaged = fields.u32();
    fields.length();
    this.hugeTree = fields.address();
    fields.length();
    fields.address();
    for (let i = 0; i < 8; i++) fields.length();
    this.width = fields.u16();
    this.startBlock = fields.length();
    this.maxDirect = fields.length();
    this.offsetBytes = Math.ceil(fields.u16() / 8);
    this.lengthBytes = bytesFor(Math.min(this.maxDirect, this.maxManaged));
    fields.skip(2);
    this.root = fields.address();
    this.rootRows = fields.u16();
    if (this.width === 0 || this.startBlock === 0 || this.offsetBytes > 8)
      throw new MalformedHdf5(fields.start, 'a heap of impossible shape');
    if (this.root !== undefined) this.claimBlock(this.root, this.rootRows, this.startBlock, 0);
    if (this.hugeTree !== undefined) this.readHuge();
  }

  /** The bytes that a heap id stands for. */
  value(id: Fields): Fields {
    const first = id.u8();
    switch ((first >> 4) & 3) {
      case 0:
        return this.managed(id.uint(this.offsetBytes), id.uint(this.lengthBytes));
      case 1:
        return this.hugeValue(id);
      case 2:
        return this.file.peek(id.start - this.file.base + id.at, (first & 15) + 1);
      default:
        throw id.broken('a heap id of unknown type');
    }
  }

  /** Objects that are too large for a block have their own place. */
  private hugeValue(id: Fields): Fields {
    const { offsets, lengths } = this.file.sizes;
    if (this.idBytes - 1 >= offsets + lengths) return this.file.fields(id.address(), id.length());
    const key = id.uint(Math.min(8, this.idBytes - 1, lengths));
    const found = this.huge.get(key);
    if (found === undefined) throw id.broken('a heap id leads nowhere');
    return this.file.fields(found.address, found.length);
  }

  private readHuge(): void {
    for (const record of treeRecords(this.file, this.hugeTree)) {
      if (record.type !== 1) throw record.fields.broken('huge objects with filters are not read');
      const address = record.fields.address();
      const length = record.fields.length();
      this.huge.set(record.fields.length(), { address, length });
    }
  }

  private managed(offset: number, length: number): Fields {
    let at = this.root;
    let rows = this.rootRows;
    let inBlock = offset;
    for (let depth = 0; rows > 0; depth++) {
      if (depth > 16) throw new MalformedHdf5(this.file.base, 'a heap is nested without end');
      const row = this.rowOf(inBlock);
      const column = Math.floor((inBlock - this.rowStart(row)) / this.rowBlock(row));
      if (row >= rows) throw new MalformedHdf5(this.file.base, 'a heap id is beyond its heap');
      const entry = this.entryAt(at, row * this.width + column, row);
      inBlock -= this.rowStart(row) + column * this.rowBlock(row);
      at = entry;
      rows = this.isDirect(row) ? 0 : this.rowsIn(row);
    }
    if (at === undefined) throw new MalformedHdf5(this.file.base, 'a heap id leads into a block that is not there');
    return this.file.peek(at + inBlock, length);
  }

  private entryAt(block: number | undefined, index: number, _row: number): number | undefined {
    if (block === undefined) return undefined;
    const entry = block + this.prefixBytes + index * this.file.sizes.offsets;
    return this.file.peek(entry, this.file.sizes.offsets).address();
  }

  /** Signature, version, address of the heap's header, offset of the block. */
  private get prefixBytes(): number {
    return 5 + this.file.sizes.offsets + this.offsetBytes;
  }

  private claimBlock(address: number, rows: number, size: number, depth: number): void {
    if (rows === 0) {
      this.file.fields(address, Math.min(size, 5)).signature('FHDB');
      this.file.claim(address, size);
      return;
    }
    if (depth > 16 || rows > 64 || this.blocks++ > 100_000)
      throw new MalformedHdf5(this.file.base + address, 'a heap is nested without end');
    const fields = this.file.fields(address, this.prefixBytes + rows * this.width * this.file.sizes.offsets + 4);
    fields.signature('FHIB');
    checkSum(fields);
    fields.at = this.prefixBytes;
    for (let row = 0; row < rows; row++)
      for (let column = 0; column < this.width; column++) {
        const child = fields.address();
        if (child === undefined) continue;
        this.claimBlock(child, this.isDirect(row) ? 0 : this.rowsIn(row), this.rowBlock(row), depth + 1);
      }
  }
  private blocks = 0;

  /** The doubling table: two rows of the starting size, then each row of twice the size of the one before. */
  private rowBlock(row: number): number {
    return row === 0 ? this.startBlock : this.startBlock * 2 ** (row - 1);
  }

  private rowStart(row: number): number {
    return row === 0 ? 0 : this.width * this.startBlock * 2 ** (row - 1);
  }

  private rowOf(offset: number): number {
    const first = this.width * this.startBlock;
    return offset < first ? 0 : Math.floor(Math.log2(offset / first)) + 1;
  }

  private isDirect(row: number): boolean {
    return this.rowBlock(row) <= this.maxDirect;
  }

  /** Rows of an indirect block that stands in this row. */
  private rowsIn(row: number): number {
    return Math.round(Math.log2(this.rowBlock(row) / (this.startBlock * this.width))) + 1;
  }
}
