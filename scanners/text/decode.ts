// SPDX-License-Identifier: Apache-2.0
import type { Bytes } from '../io/bytes.ts';

export type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be' | 'latin1';

/** What a text may be written in, by its byte order mark; latin-1 last, which any bytes are. */
export function encodingsOf(head: Uint8Array): readonly Encoding[] {
  if (head[0] === 0xff && head[1] === 0xfe) return ['utf-16le'];
  if (head[0] === 0xfe && head[1] === 0xff) return ['utf-16be'];
  return ['utf-8', 'latin1'];
}

/** Hands on the text in parts. False: the bytes are no such text. */
export async function readText(
  bytes: Bytes,
  encoding: Encoding,
  read: (part: string, offset: number) => void,
): Promise<boolean> {
  const decoder = encoding === 'latin1' ? undefined : new TextDecoder(encoding, { fatal: true });
  const cursor = bytes.cursor();
  for (;;) {
    const offset = cursor.offset;
    const chunk = await cursor.chunk();
    let part: string;
    try {
      part = decoder ? decoder.decode(chunk, { stream: chunk.length > 0 }) : Buffer.from(chunk).toString('latin1');
    } catch (error) {
      if (error instanceof TypeError) return false;
      throw error;
    }
    if (encoding === 'latin1' && !looksWritten(part)) return false;
    read(part, offset);
    if (chunk.length === 0) return true;
  }
}

/** Latin-1 and Windows-1252 text holds no control characters but white space; nearly all binary data does. */
export function looksWritten(latin1: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  return !/[\x00-\x08\x0e-\x1f\x7f\x81\x8d\x8f\x90\x9d]/.test(latin1);
}
