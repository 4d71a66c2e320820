// SPDX-License-Identifier: Apache-2.0
import type { Bytes } from '../io/bytes.ts';

/**
 * msgpack has no magic. A model is a map whose keys are names: its first byte is that of a map with something in it,
 * and a key of printable characters follows. No UTF-8 text begins like that.
 */
export function recogniseMsgpack(_bytes: Bytes, head: Uint8Array): string | undefined {
  const key = keyStart(head);
  if (key === undefined) return undefined;
  const [start, length] = key;
  if (length === 0 || start + length >= head.length) return undefined;
  const name = head.subarray(start, start + length);
  return name.every((byte) => byte >= 0x20 && byte !== 0x7f) && isUtf8(name) ? 'msgpack' : undefined;
}

/** Where the first key's characters begin, and how many there are. */
function keyStart(head: Uint8Array): readonly [number, number] | undefined {
  const [first = 0, a = 0, b = 0, c = 0, d = 0] = head;
  if (first > 0x80 && first <= 0x8f) return textStart(head, 1);
  if (first === 0xde && a * 256 + b > 0) return textStart(head, 3);
  if (first === 0xdf && a === 0 && b * 65536 + c * 256 + d > 0) return textStart(head, 5);
  return undefined;
}

function textStart(head: Uint8Array, at: number): readonly [number, number] | undefined {
  const [byte = 0, length = 0] = head.subarray(at);
  if (byte > 0xa0 && byte <= 0xbf) return [at + 1, byte - 0xa0];
  return byte === 0xd9 || byte === 0xc4 ? [at + 2, length] : undefined;
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}
