// SPDX-License-Identifier: Apache-2.0
import { Spending } from '../budgets.ts';
import { type Bytes, RandomBytes } from '../io/bytes.ts';
import { inflate } from '../io/inflate.ts';
import { payloadName } from '../magic.ts';
import { isZlibHeader } from './deflate.ts';
import type { Compression } from './index.ts';
import { isLzmaAlone } from './lzma.ts';
import { isZstdFrame } from './zstd.ts';

/** What a trial reads: enough for a Huffman table and what it codes. */
const TRIAL_BYTES = 2048;

/**
 * Compressed streams whose header is no magic number: other content has such first bytes too, so that a stream is one
 * only when its beginning can be unpacked.
 */
export async function compressedOf(bytes: Bytes, head: Uint8Array): Promise<string | undefined> {
  if (isJoblibZfile(head)) return 'joblib-zfile';
  const skipped = afterSkippable(head);
  if (skipped !== undefined) return skipped;
  if (isZlibHeader(head) && (await unpacks(head, 'zlib'))) return 'zlib';
  if (isLzmaAlone(head) && (await unpacks(head, 'lzma')) && (await endsAsLzma(bytes))) return 'lzma';
  return undefined;
}

/** joblib before 0.10 (numpy_pickle_compat.py): `ZF`, the length in hexadecimal padded to 19 characters, zlib. */
function isJoblibZfile(head: Uint8Array): boolean {
  return /^ZF0x[0-9a-f]+L? *$/.test(Buffer.from(head.subarray(0, 21)).toString('latin1'));
}

/** The first frame that is not to be skipped says whose the frames are. */
function afterSkippable(head: Uint8Array): string | undefined {
  const bytes = Buffer.from(head);
  let at = 0;
  while (at + 8 <= bytes.length && isZstdFrame(bytes.subarray(at)) && bytes[at] !== 0x28)
    at += 8 + bytes.readUInt32LE(at + 4);
  if (at === 0) return undefined;
  if (at + 4 > bytes.length) return 'zstd';
  const magic = bytes.readUInt32LE(at);
  if (magic === 0x184d2204 || magic === 0x184c2102) return 'lz4';
  return magic === 0xfd2fb528 ? 'zstd' : undefined;
}

/** Whether the beginning unpacks without a break, or into something that announces itself before one. */
async function unpacks(head: Uint8Array, compression: Compression): Promise<boolean> {
  const trial = head.subarray(0, TRIAL_BYTES);
  const { bytes, broken, consumed } = await inflate(RandomBytes.ofMemory(trial), compression, new Spending());
  // An empty stream says nothing: the fields of another header look like one.
  if (broken === undefined) return bytes.size > 0 || consumed === head.length;
  if (payloadName(bytes.head()) !== undefined) return true;
  return bytes.size > 0 && consumed >= trial.length && head.length > trial.length;
}

/**
 * A header of lzma comes by chance in any weights, and weights unpack for a while. What is lzma unpacks to its end, or
 * into something that announces itself.
 */
async function endsAsLzma({ random }: Bytes): Promise<boolean> {
  if (random === undefined) return false;
  const { bytes, broken, doubts } = await inflate(random, 'lzma', new Spending());
  return (broken === undefined && doubts.length === 0) || payloadName(bytes.head()) !== undefined;
}
