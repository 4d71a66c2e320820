// SPDX-License-Identifier: Apache-2.0
import { type Content, generatedContent } from './content.ts';

/** A safetensors file written by hand: eight bytes of header length, the header, then one tensor of bytes. */
export function safetensors(data: Uint8Array): Buffer {
  return Buffer.concat([header(data.length), data]);
}

/** A safetensors file of exactly `size` bytes with generated weights, never in memory as a whole. */
export function generatedSafetensors(seed: string, size: number): Content {
  // The header is padded to a fixed length, so that the length of the data is known before it is written.
  const head = header(size - HEADER_LENGTH, HEADER_LENGTH);
  return generatedContent(seed, size, head);
}

const HEADER_LENGTH = 256;

function header(dataLength: number, total?: number): Buffer {
  const tensors = { weight: { dtype: 'U8', shape: [dataLength], data_offsets: [0, dataLength] } };
  const json = JSON.stringify(tensors);
  const padded = total === undefined ? json.padEnd(Math.ceil(json.length / 8) * 8) : json.padEnd(total - 8);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));
  return Buffer.concat([length, Buffer.from(padded)]);
}

/**
 * A pickle that would run a shell command when it is loaded, by `os.system`: protocol 2, a global, one argument,
 * REDUCE. Nothing here ever loads it, and the command only prints two words.
 */
export function osSystemPickle(command = 'echo benign-test'): Buffer {
  const argument = Buffer.from(command);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(argument.length);
  return Buffer.concat([
    Buffer.from([0x80, 0x02]),
    Buffer.from('cos\nsystem\n'),
    Buffer.from('X'),
    length,
    argument,
    // TUPLE1, REDUCE, STOP
    Buffer.from([0x85, 0x52, 0x2e]),
  ]);
}

/** A pickle that names a class nobody has judged: no known attack, and not known to be harmless. */
export function unknownGlobalPickle(): Buffer {
  // Protocol 2: GLOBAL, EMPTY_TUPLE, REDUCE, STOP
  return Buffer.concat([
    Buffer.from([0x80, 0x02]),
    Buffer.from('cacme.layers\nSpecialLayer\n'),
    Buffer.from([0x29, 0x52, 0x2e]),
  ]);
}
