// SPDX-License-Identifier: Apache-2.0
import { crc32 } from 'node:zlib';
import { BUDGETS, BudgetHit, type Spending } from '../budgets.ts';
import { Corrupt } from '../compression/decoder.ts';
import { type Compression, DECODERS, type Decode } from '../compression/index.ts';
import { isComplaint } from '../compression/native.ts';
import { type Bytes, HEAD_BYTES, RandomBytes } from './bytes.ts';
import { ForwardBytes } from './forward.ts';

export type { Compression };

/** A compressed stream read once to its end: what came out of it, and how far it went. */
export interface Inflated {
  readonly bytes: Bytes;
  /** Compressed bytes that the stream used; fewer than there are means that something follows it. */
  readonly consumed: number;
  readonly crc: number;
  /** The decoder's complaint, when the stream is broken; `bytes` is what came before. */
  readonly broken?: string;
  /** What is wrong without keeping readers from reading on. */
  readonly doubts: readonly string[];
}

/**
 * Inflate to the end under the budgets. A small result is held in memory; a large one is inflated a second time by
 * whoever reads it, forward only.
 * @throws BudgetHit
 */
export async function inflate(
  source: RandomBytes,
  compression: Compression | Decode,
  spending: Spending,
): Promise<Inflated> {
  const decode = typeof compression === 'string' ? DECODERS[compression] : compression;
  const decoder = decode(source);
  const held: Uint8Array[] = [];
  let size = 0;
  let crc = 0;
  let broken: string | undefined;
  try {
    for await (const chunk of decoder.chunks) {
      size += chunk.length;
      spending.spend('inflatedBytes', chunk.length);
      if (size > BUDGETS.ratioFloor && size > source.size * BUDGETS.ratio)
        throw new BudgetHit('ratio', Math.floor(size / source.size));
      crc = crc32(chunk, crc);
      if (size <= BUDGETS.heldBytes) held.push(chunk);
      else if (held.length > 1) held.splice(0, held.length, headOf(held));
    }
  } catch (error) {
    if (error instanceof BudgetHit) throw error;
    if (!(error instanceof Corrupt || isComplaint(error))) throw error;
    broken = error.message;
  }
  const whole = size <= BUDGETS.heldBytes;
  const bytes = whole
    ? RandomBytes.ofMemory(Buffer.concat(held))
    : new ForwardBytes(size, held[0] ?? new Uint8Array(0), spending, () => readable(decode(source).chunks));
  const { kept: doubts } = decoder.doubts;
  return { bytes, consumed: decoder.consumed(), crc, doubts, ...(broken === undefined ? {} : { broken }) };
}

function headOf(chunks: readonly Uint8Array[]): Uint8Array {
  const head = Buffer.alloc(HEAD_BYTES);
  let filled = 0;
  for (const chunk of chunks) {
    head.set(chunk.subarray(0, HEAD_BYTES - filled), filled);
    filled = Math.min(filled + chunk.length, HEAD_BYTES);
  }
  return head.subarray(0, filled);
}

/** A broken stream ends where it breaks: the first reading has reported it. */
async function* readable(chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* chunks;
  } catch (error) {
    if (!(error instanceof Corrupt || isComplaint(error))) throw error;
  }
}
