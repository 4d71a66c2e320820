// SPDX-License-Identifier: Apache-2.0
import type { Spending } from '../budgets.ts';
import { type Bytes, HEAD_BYTES, RandomBytes } from './bytes.ts';
import { Cursor } from './cursor.ts';

/** What is kept of the beginning of a part: who reads a header and stops needs nothing else. */
const KEPT_BYTES = 1024 * 1024;

/** A result of decompression that is too large to hold: its beginning is kept, each cursor unpacks the rest again. */
export class ForwardBytes implements Bytes {
  readonly size: number;
  readonly random = undefined;
  private readonly start: Uint8Array;
  private readonly open: () => AsyncGenerator<Uint8Array>;
  private readonly spending: Spending;

  constructor(size: number, start: Uint8Array, spending: Spending, open: () => AsyncGenerator<Uint8Array>) {
    this.size = size;
    this.start = start.subarray(0, HEAD_BYTES);
    this.spending = spending;
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
        this.spending.spend('inflatedBytes', next.value.length);
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

/** A part of such bytes. Its own beginning is kept as well, since unpacking up to it may cost the whole file. */
export class ForwardPart implements Bytes {
  readonly size: number;
  readonly random = undefined;
  private readonly outer: Bytes;
  private readonly at: number;
  private readonly start: Uint8Array;

  /** `start` is the first bytes of the part, at least {@link HEAD_BYTES} of them if it has so many. */
  constructor(outer: Bytes, at: number, size: number, start: Uint8Array) {
    this.outer = outer;
    this.at = at;
    this.size = size;
    this.start = start;
  }

  /** The part that begins where the cursor stands, which reads what is kept of it. */
  static async here(outer: Bytes, cursor: Cursor, size: number): Promise<ForwardPart> {
    const at = cursor.offset;
    await cursor.fill(Math.min(size, KEPT_BYTES));
    return new ForwardPart(outer, at, size, Buffer.from(cursor.lookAt(Math.min(size, KEPT_BYTES))));
  }

  head(): Uint8Array {
    return this.start.subarray(0, HEAD_BYTES);
  }

  cursor(offset = 0): Cursor {
    let at = offset;
    let outer: Cursor | undefined;
    return new Cursor(async () => {
      if (at >= this.size) return undefined;
      let chunk = this.start.subarray(at);
      if (chunk.length === 0) {
        outer ??= this.outer.cursor(this.at + at);
        chunk = await outer.chunk();
      }
      chunk = chunk.subarray(0, this.size - at);
      at += chunk.length;
      return chunk.length === 0 ? undefined : chunk;
    }, offset);
  }
}

/**
 * Bytes that can only be read forward, in memory as long as `use` runs.
 * @throws BudgetHit when they are more than a process may hold
 */
export async function whileHeld<T>(
  bytes: Bytes,
  spending: Spending,
  use: (held: RandomBytes) => Promise<T>,
): Promise<T> {
  if (bytes.random) return use(bytes.random);
  spending.hold(bytes.size);
  try {
    return await use(RandomBytes.ofMemory(await contentOf(bytes, bytes.size)));
  } finally {
    spending.release(bytes.size);
  }
}

/** Up to `length` bytes from the beginning. */
async function contentOf(bytes: Bytes, length: number): Promise<Uint8Array> {
  const content = Buffer.allocUnsafe(length);
  const cursor = bytes.cursor();
  let filled = 0;
  while (filled < length) {
    const chunk = await cursor.chunk();
    if (chunk.length === 0) break;
    filled += Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length).copy(content, filled);
  }
  return content.subarray(0, filled);
}

/** The first and the last bytes, in memory: all that some formats need of a long one. */
export async function endsOf(
  bytes: Bytes,
  first: number,
  last: number,
): Promise<{ start: RandomBytes; end: RandomBytes }> {
  const tail = Math.min(last, bytes.size);
  if (bytes.random) return { start: bytes.random.slice(0, first), end: bytes.random.slice(bytes.size - tail, tail) };
  const start = await contentOf(bytes, Math.min(first, bytes.size));
  const cursor = bytes.cursor(bytes.size - tail);
  await cursor.fill(tail);
  const end = Buffer.from(cursor.lookAt(tail));
  return { start: RandomBytes.ofMemory(start), end: RandomBytes.ofMemory(end) };
}
