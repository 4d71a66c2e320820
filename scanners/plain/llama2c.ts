// SPDX-License-Identifier: Apache-2.0
import type { Bytes } from '../io/bytes.ts';
import type { Fields } from '../io/fields.ts';

const HEADER = 7 * 4;

/** llama2.c's first format (`export.py`, legacy_export) has no magic: its seven numbers say how long the file is. */
export function recogniseLlama2c(bytes: Bytes, head: Uint8Array): string | undefined {
  return head.length > HEADER && lengthOf(head) === bytes.size ? 'llama2c' : undefined;
}

export async function walkLlama2c(fields: Fields): Promise<undefined> {
  await fields.skip(fields.size);
}

function lengthOf(head: Uint8Array): number | undefined {
  const view = new DataView(head.buffer, head.byteOffset, HEADER);
  const [width = 0, hidden = 0, layers = 0, heads = 0, keyHeads = 0, words = 0, positions = 0] = Array.from(
    { length: 7 },
    (_, i) => view.getInt32(4 * i, true),
  );
  if (Math.min(width, hidden, layers, heads, keyHeads, positions) < 1 || words === 0 || width % heads !== 0)
    return undefined;
  const head1 = width / heads;
  const attention = 2 * width * width + 2 * width * keyHeads * head1;
  const layer = 2 * width + attention + 3 * width * hidden;
  // The words' own weights serve at the end as well, unless their number is negative.
  const ends = Math.abs(words) * width * (words < 0 ? 2 : 1);
  return HEADER + 4 * (ends + layers * layer + width + positions * head1);
}
