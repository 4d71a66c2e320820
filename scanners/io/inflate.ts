// SPDX-License-Identifier: Apache-2.0

import type { Transform } from 'node:stream';
import { Readable } from 'node:stream';
import { crc32, createGunzip, createInflate, createInflateRaw, createZstdDecompress } from 'node:zlib';
import { BUDGETS, BudgetHit, type Spending } from '../budgets.ts';
import { type Bytes, HEAD_BYTES, RandomBytes } from './bytes.ts';
import { Cursor } from './cursor.ts';

export type Compression = 'deflate' | 'zlib' | 'gzip' | 'zstd';

const DECOMPRESSORS: Record<Compression, () => Transform & { bytesWritten: number }> = {
  deflate: createInflateRaw,
  zlib: createInflate,
  gzip: createGunzip,
  zstd: createZstdDecompress,
};

/** A compressed stream read once to its end: what came out of it, and how far it went. */
export interface Inflated {
  readonly bytes: Bytes;
  /** Compressed bytes that the stream used; fewer than there are means that something follows it. */
  readonly consumed: number;
  readonly crc: number;
  /** The decompressor's complaint, when the stream is broken; `bytes` is what came before. */
  readonly broken?: string;
}

/**
 * Inflate to the end under the budgets. A small result is held in memory; a large one is inflated a second time by
 * whoever reads it, forward only.
 * @throws BudgetHit
 */
export async function inflate(source: RandomBytes, compression: Compression, spending: Spending): Promise<Inflated> {
  const decompressor = DECOMPRESSORS[compression]();
  const held: Uint8Array[] = [];
  let size = 0;
  let crc = 0;
  let broken: string | undefined;
  try {
    for await (const chunk of through(source, decompressor)) {
      size += chunk.length;
      spending.spend('inflatedBytes', chunk.length);
      if (size > BUDGETS.ratioFloor && size > source.size * BUDGETS.ratio)
        throw new BudgetHit('ratio', Math.floor(size / source.size));
      crc = crc32(chunk, crc);
      if (size <= BUDGETS.heldBytes) held.push(chunk);
      else held.splice(1);
    }
  } catch (error) {
    if (error instanceof BudgetHit) throw error;
    broken = error instanceof Error ? error.message : String(error);
  }
  const whole = size <= BUDGETS.heldBytes;
  const bytes = whole
    ? RandomBytes.ofMemory(Buffer.concat(held))
    : new ForwardBytes(size, held[0] ?? new Uint8Array(0), () => through(source, DECOMPRESSORS[compression]()));
  return { bytes, consumed: decompressor.bytesWritten, crc, ...(broken === undefined ? {} : { broken }) };
}

async function* through(source: RandomBytes, decompressor: Transform): AsyncGenerator<Uint8Array> {
  const input = Readable.from(chunksOf(source));
  // An error of either side must end the loop below, and none may escape as an unhandled event.
  input.on('error', (error) => decompressor.destroy(error));
  input.pipe(decompressor);
  try {
    for await (const chunk of decompressor) yield chunk as Uint8Array;
  } finally {
    input.destroy();
    decompressor.destroy();
  }
}

function* chunksOf(source: RandomBytes): Generator<Uint8Array> {
  const step = 256 * 1024;
  for (let at = 0; at < source.size; at += step) yield source.readAt(at, step);
}

/** A result too large to hold: its beginning is kept, the rest is inflated again by each cursor. */
class ForwardBytes implements Bytes {
  readonly size: number;
  readonly random = undefined;
  private readonly start: Uint8Array;
  private readonly open: () => AsyncGenerator<Uint8Array>;

  constructor(size: number, start: Uint8Array, open: () => AsyncGenerator<Uint8Array>) {
    this.size = size;
    this.start = start.subarray(0, HEAD_BYTES);
    this.open = open;
  }

  head(): Uint8Array {
    return this.start;
  }

  cursor(offset = 0): Cursor {
    const chunks = this.open();
    let toSkip = offset;
    return new Cursor(async () => {
      for (;;) {
        const next = await chunks.next();
        if (next.done) return undefined;
        if (toSkip < next.value.length) {
          const chunk = next.value.subarray(toSkip);
          toSkip = 0;
          return chunk;
        }
        toSkip -= next.value.length;
      }
    }, offset);
  }
}
