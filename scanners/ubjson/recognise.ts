// SPDX-License-Identifier: Apache-2.0
import type { Bytes } from '../io/bytes.ts';
import { EndOfBytes } from '../io/cursor.ts';
import { MalformedUbjson, type UbjsonListener, UbjsonWalker } from './walk.ts';

/** Where the first key begins after each marker of a length. */
const LENGTH_BYTES: Readonly<Record<string, number>> = { i: 1, U: 1, I: 2, l: 4, L: 8 };
const VALUE = /^[ZTFNiUCIldLDHS[{]$/;
const LONGEST_KEY = 256;

/**
 * Universal Binary JSON has no magic. A model is an object whose first key is a name: a brace, the length of the key,
 * the key's characters and the marker of a value. Where the length leaves no zeros to know it by, the whole must be
 * read to its end, which no text is.
 */
export async function recogniseUbjson(bytes: Bytes, head: Uint8Array): Promise<string | undefined> {
  const key = firstKey(head);
  if (key === undefined) return undefined;
  return key.width > 1 || (await readsToItsEnd(bytes)) ? 'ubjson' : undefined;
}

function firstKey(head: Uint8Array): { readonly width: number } | undefined {
  const width = LENGTH_BYTES[String.fromCharCode(head[1] ?? 0)];
  if (head[0] !== 0x7b || width === undefined || head.length < 2 + width) return undefined;
  const length = head.subarray(2, 2 + width).reduce((sum, byte) => sum * 256 + byte, 0);
  const name = head.subarray(2 + width, 2 + width + length);
  if (length === 0 || length > LONGEST_KEY || !name.every((byte) => byte >= 0x20 && byte !== 0x7f)) return undefined;
  const marker = String.fromCharCode(head[2 + width + length] ?? 0);
  return VALUE.test(marker) ? { width } : undefined;
}

async function readsToItsEnd(bytes: Bytes): Promise<boolean> {
  const walker = new UbjsonWalker(bytes, NOBODY);
  try {
    await walker.walk();
    return walker.offset === bytes.size;
  } catch (error) {
    if (error instanceof MalformedUbjson || error instanceof EndOfBytes) return false;
    throw error;
  }
}

const NOBODY: UbjsonListener = {
  keep: () => 0,
  scalar: () => undefined,
  open: () => undefined,
  close: () => undefined,
  region: () => undefined,
};
