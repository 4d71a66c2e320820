// SPDX-License-Identifier: Apache-2.0
import { lookup3 } from './checksum.ts';
import { Fields, type Hdf5File, MalformedHdf5 } from './file.ts';

export interface Message {
  readonly type: number;
  readonly flags: number;
  readonly fields: Fields;
}

/** Message types of section IV.A.2 that are read. */
export const MESSAGE = {
  dataspace: 0x01,
  linkInfo: 0x02,
  datatype: 0x03,
  link: 0x06,
  externalFiles: 0x07,
  layout: 0x08,
  filters: 0x0b,
  attribute: 0x0c,
  sharedTable: 0x0f,
  continuation: 0x10,
  symbolTable: 0x11,
  treeK: 0x13,
  driver: 0x14,
  attributeInfo: 0x15,
  freeSpace: 0x17,
  cacheImage: 0x18,
} as const;
const LAST_KNOWN = 0x18;

export const SHARED = 2;
const CONTINUATIONS = 4096;
const MESSAGES = 100_000;

/** All messages of an object header with its continuation blocks (section IV.A.1). @throws MalformedHdf5 */
export function readHeader(file: Hdf5File, address: number): Message[] {
  const head = file.peek(address, 4);
  return head.u8() === 0x4f ? readVersion2(file, address) : readVersion1(file, address);
}

interface Block {
  readonly address: number | undefined;
  readonly length: number;
}

function readVersion1(file: Hdf5File, address: number): Message[] {
  const prefix = file.fields(address, 16);
  if (prefix.u8() !== 1) throw new MalformedHdf5(prefix.start, 'no object header is here');
  prefix.skip(7);
  const messages: Message[] = [];
  const blocks: Block[] = [{ address: address + 16, length: prefix.u32() }];
  for (let i = 0; i < blocks.length; i++) {
    const { address: at, length } = blocks[i] as Block;
    const fields = file.fields(at, length);
    while (fields.left >= 8) {
      const type = fields.u16();
      const size = fields.u16();
      const flags = fields.u8();
      fields.skip(3);
      addMessage(file, messages, blocks, { type, flags, fields: part(file, fields, size) });
    }
  }
  return messages;
}

function readVersion2(file: Hdf5File, address: number): Message[] {
  const prefix = file.peek(address, Math.min(64, file.bytes.size - file.base - address));
  prefix.signature('OHDR');
  if (prefix.u8() !== 2) throw new MalformedHdf5(prefix.start, 'an unknown version of an object header');
  const flags = prefix.u8();
  prefix.skip((flags & 0x20 ? 16 : 0) + (flags & 0x10 ? 4 : 0));
  const size = prefix.uint(1 << (flags & 3));
  const messages: Message[] = [];
  const blocks: Block[] = [];
  const first = file.fields(address, prefix.at + size + 4);
  first.at = prefix.at;
  readChunk(file, first, flags, messages, blocks);
  for (let i = 0; i < blocks.length; i++) {
    const { address: at, length } = blocks[i] as Block;
    const fields = file.fields(at, length);
    fields.signature('OCHK');
    readChunk(file, fields, flags, messages, blocks);
  }
  return messages;
}

/** Messages up to the checksum; a rest too short for a message is a gap. */
function readChunk(file: Hdf5File, fields: Fields, flags: number, messages: Message[], blocks: Block[]): void {
  checkSum(fields);
  const prefix = flags & 4 ? 6 : 4;
  while (fields.left - 4 >= prefix) {
    const type = fields.u8();
    const size = fields.u16();
    const messageFlags = fields.u8();
    if (flags & 4) fields.skip(2);
    if (size > fields.left - 4) throw fields.broken('a message is longer than its header');
    addMessage(file, messages, blocks, { type, flags: messageFlags, fields: part(file, fields, size) });
  }
}

/** The last four bytes of a block are the checksum of what comes before. */
export function checkSum(fields: Fields): void {
  const end = fields.bytes.length - 4;
  if (end < 0) throw fields.broken('a block is too short');
  const stored = new DataView(fields.bytes.buffer, fields.bytes.byteOffset + end, 4).getUint32(0, true);
  if (stored !== lookup3(fields.bytes.subarray(0, end)))
    throw new MalformedHdf5(fields.start, 'the checksum of a block is wrong');
}

function part(file: Hdf5File, fields: Fields, size: number): Fields {
  const start = fields.start + fields.at;
  return new Fields(fields.take(size), start, file.sizes);
}

function addMessage(file: Hdf5File, messages: Message[], blocks: Block[], message: Message): void {
  if (message.type > LAST_KNOWN) throw message.fields.broken(`message type ${message.type} is not known`);
  if (message.type !== MESSAGE.continuation) messages.push(message);
  else blocks.push({ address: message.fields.address(), length: message.fields.length() });
  if (blocks.length > CONTINUATIONS || messages.length > MESSAGES)
    throw new MalformedHdf5(file.base, 'an object header goes on without end');
}
