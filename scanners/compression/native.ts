// SPDX-License-Identifier: Apache-2.0
import { Readable, type Transform } from 'node:stream';
import type { RandomBytes } from '../io/bytes.ts';

/** The source through one of Node's decompressors. */
export async function* through(source: RandomBytes, decompressor: Transform): AsyncGenerator<Uint8Array> {
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

/** What Node's decompressors complain with about the bytes; any other error is no finding. */
export function isComplaint(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && /^(?:Z_|ZSTD_)/.test(String(error.code));
}
