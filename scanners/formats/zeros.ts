// SPDX-License-Identifier: Apache-2.0
import type { Bytes } from '../io/bytes.ts';

/** Nothing but zero bytes, to the last one: a placeholder. It can mean nothing to any reader. */
export async function recogniseZeros(bytes: Bytes, head: Uint8Array): Promise<string | undefined> {
  if (head.some((byte) => byte !== 0)) return undefined;
  const cursor = bytes.cursor();
  for (;;) {
    const chunk = await cursor.chunk();
    if (chunk.length === 0) return 'zeros';
    if (chunk.some((byte) => byte !== 0)) return undefined;
  }
}
