// SPDX-License-Identifier: Apache-2.0
import type { Bytes, RandomBytes } from '../io/bytes.ts';
import { maskedCrc32c } from '../io/crc32c.ts';

/** LevelDB's `doc/table_format.md`: data blocks, a block of metadata, a block that indexes the first, a footer. */
const FOOTER = 48;
const MAGIC = 0xdb4775248b80fb57n;
const TRAILER = 5;
const BLOCK_BYTES = 64 * 1024 * 1024;
const MAX_ENTRIES = 5_000_000;

export class MalformedTable extends Error {
  readonly offset: number;

  constructor(offset: number, message: string) {
    super(message);
    this.name = 'MalformedTable';
    this.offset = offset;
  }
}

export interface TableEntry {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

interface Handle {
  readonly offset: number;
  readonly size: number;
}

/** A table is known by the end of its footer. */
export function recogniseTable(bytes: Bytes): string | undefined {
  if (bytes.random === undefined || bytes.size < FOOTER) return undefined;
  const magic = Buffer.from(bytes.random.readAt(bytes.size - 8, 8)).readBigUInt64LE();
  return magic === MAGIC ? 'tf-bundle' : undefined;
}

/** All entries in order. The blocks follow each other without a gap up to the footer: every byte belongs to one. */
export function* readTable(bytes: RandomBytes): Generator<TableEntry> {
  const { metadata, index } = readFooter(bytes);
  let next = 0;
  for (const { value } of entries(readBlock(bytes, index), index.offset)) {
    const data = readHandle(new Numbers(value, index.offset));
    if (data.offset !== next) throw new MalformedTable(next, 'a gap before a block of data');
    yield* entries(readBlock(bytes, data), data.offset);
    next = data.offset + data.size + TRAILER;
  }
  if (metadata.offset !== next) throw new MalformedTable(next, 'a gap before the metadata');
  for (const _entry of entries(readBlock(bytes, metadata), next))
    throw new MalformedTable(next, 'metadata of no known kind');
  next += metadata.size + TRAILER;
  if (index.offset !== next || next + index.size + TRAILER !== bytes.size - FOOTER)
    throw new MalformedTable(next, 'a gap around the index');
}

function readFooter(bytes: RandomBytes): { metadata: Handle; index: Handle } {
  const offset = bytes.size - FOOTER;
  const footer = bytes.readAt(offset, FOOTER);
  const numbers = new Numbers(footer, offset);
  const metadata = readHandle(numbers);
  const index = readHandle(numbers);
  if (footer.subarray(numbers.at, FOOTER - 8).some((byte) => byte !== 0))
    throw new MalformedTable(offset, 'bytes in the padding of the footer');
  return { metadata, index };
}

function readHandle(numbers: Numbers): Handle {
  return { offset: numbers.next(), size: numbers.next() };
}

/** A block with its trailer: how it is compressed (TensorFlow writes it plain) and a checksum. */
function readBlock(bytes: RandomBytes, { offset, size }: Handle): Uint8Array {
  if (size > BLOCK_BYTES || offset + size + TRAILER > bytes.size)
    throw new MalformedTable(offset, 'a block beyond the end');
  const block = Buffer.from(bytes.readAt(offset, size + TRAILER));
  if (block[size] !== 0) throw new MalformedTable(offset, 'a compressed block');
  if (maskedCrc32c(block.subarray(0, size + 1)) !== block.readUInt32LE(size + 1))
    throw new MalformedTable(offset, 'the checksum of a block is wrong');
  return block.subarray(0, size);
}

/** Keys share what they have in common with the one before. Restart points at the end are an index of the block. */
function* entries(block: Uint8Array, offset: number): Generator<TableEntry> {
  if (block.length < 4) throw new MalformedTable(offset, 'a block without restart points');
  const restarts = Buffer.from(block.buffer, block.byteOffset, block.length).readUInt32LE(block.length - 4);
  const end = block.length - 4 - 4 * restarts;
  if (end < 0) throw new MalformedTable(offset, 'more restart points than the block holds');
  const numbers = new Numbers(block.subarray(0, end), offset);
  let key: Uint8Array = new Uint8Array(0);
  for (let count = 0; numbers.at < end; count++) {
    if (count > MAX_ENTRIES) throw new MalformedTable(offset, 'more entries than any checkpoint has');
    const shared = numbers.next();
    const own = numbers.next();
    const length = numbers.next();
    if (shared > key.length || own > 65_536) throw new MalformedTable(offset, 'a key of impossible length');
    key = Buffer.concat([key.subarray(0, shared), numbers.bytes(own)]);
    yield { key, value: numbers.bytes(length) };
  }
}

/** Varints and bytes of a block in memory. */
class Numbers {
  at = 0;
  private readonly block: Uint8Array;
  private readonly offset: number;

  constructor(block: Uint8Array, offset: number) {
    this.block = block;
    this.offset = offset;
  }

  next(): number {
    let value = 0;
    for (let shift = 0; shift < 49; shift += 7) {
      const byte = this.block[this.at++];
      if (byte === undefined) throw new MalformedTable(this.offset, 'a block ends inside a number');
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new MalformedTable(this.offset, 'a number that no file can reach');
  }

  bytes(length: number): Uint8Array {
    if (this.at + length > this.block.length) throw new MalformedTable(this.offset, 'an entry beyond its block');
    this.at += length;
    return this.block.subarray(this.at - length, this.at);
  }
}
