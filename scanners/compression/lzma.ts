// SPDX-License-Identifier: Apache-2.0
import type { RandomBytes } from '../io/bytes.ts';
import { Corrupt, type Decoder, Doubts } from './decoder.ts';
import { Input } from './input.ts';
import { DECODE_BYTES, Lzma, type LzmaProperties, lzmaProperties } from './lzma-core.ts';

const UNKNOWN = 0xffff_ffff_ffff_ffffn;
const LARGEST = 1n << 38n;
const HEADER = 13;

/** The .lzma format (LZMA specification, "lzma file format"): properties, dictionary, size or -1, data. */
export function lzmaAlone(source: RandomBytes): Decoder {
  return decoder(source, (input) => {
    const properties = lzmaProperties(input.u8());
    const dictionary = input.u32();
    const size = view(input.take(8)).getBigUint64(0, true);
    if (size !== UNKNOWN && size > LARGEST) throw new Corrupt('a size that no file has');
    return { properties, dictionary, size: size === UNKNOWN ? undefined : Number(size) };
  });
}

/** APPNOTE.TXT 5.8.8: a version, the length of the properties, the properties, data up to the size or an end marker. */
export function zipLzma(size: number | undefined): (source: RandomBytes) => Decoder {
  return (source) =>
    decoder(source, (input) => {
      const head = view(input.take(4));
      const length = head.getUint16(2, true);
      if (length !== 5) throw new Corrupt('LZMA properties of another length');
      return { properties: lzmaProperties(input.u8()), dictionary: input.u32(), size };
    });
}

/**
 * What a reader that guesses the format demands of a .lzma header, which has no magic: valid properties, a dictionary
 * of 2^n or 2^n + 2^(n-1) bytes, a plausible size, and the zero that every LZMA stream begins with.
 */
export function isLzmaAlone(head: Uint8Array): boolean {
  if (head.length < HEADER + 5 || head[HEADER] !== 0) return false;
  const properties = lzmaProperties(head[0] as number);
  if (properties === undefined || properties.lc + properties.lp > 4) return false;
  const raw = view(head);
  const size = raw.getBigUint64(5, true);
  return isDictionary(raw.getUint32(1, true)) && (size === UNKNOWN || size < LARGEST);
}

function isDictionary(size: number): boolean {
  if (size === 0xffffffff) return true;
  const top = 2 ** Math.floor(Math.log2(size));
  return size >= 4096 && (size === top || size === top + top / 2);
}

interface Header {
  readonly properties: LzmaProperties | undefined;
  readonly dictionary: number;
  readonly size: number | undefined;
}

function decoder(source: RandomBytes, readHeader: (input: Input) => Header): Decoder {
  const input = new Input(source);
  const doubts = new Doubts();
  return { chunks: content(input, readHeader, doubts), consumed: () => input.offset, doubts };
}

function* content(input: Input, readHeader: (input: Input) => Header, doubts: Doubts): Generator<Uint8Array> {
  const { properties, dictionary, size } = readHeader(input);
  if (properties === undefined) throw new Corrupt('no LZMA properties');
  const lzma = new Lzma(input, size === undefined ? dictionary : Math.min(dictionary, size));
  lzma.resetState(properties);
  lzma.startRange();
  let left = size ?? Number.POSITIVE_INFINITY;
  while (left > 0 && !lzma.ended) {
    const chunk = lzma.decode(Math.min(left, DECODE_BYTES));
    left -= chunk.length;
    if (chunk.length > 0) yield chunk;
  }
  if (size === undefined) return;
  if (left > 0) throw new Corrupt(`the stream ends ${left} bytes before its size`);
  // An end marker may follow a known size; nothing else may.
  if (!lzma.finished && !lzma.open) lzma.decode(1);
  if (lzma.open || (!lzma.finished && !lzma.ended)) doubts.add('the stream goes on past its size');
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
