// SPDX-License-Identifier: Apache-2.0
import type { Bytes } from '../io/bytes.ts';
import { BrokenLayout, type Fields } from '../io/fields.ts';

const LONGEST_LINE = 4096;
const LINE = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)? \d{1,9}\r?\n?$/;
const FIRST_RANKS = [0, 1, 2];

/** tiktoken/load.py: a line for each token, its bytes in base64 and its rank, which begins at 0. Llama 3 and Qwen have one. */
export function recogniseTiktoken(_bytes: Bytes, head: Uint8Array): string | undefined {
  const lines = Buffer.from(head).toString('latin1').split('\n', FIRST_RANKS.length);
  const fits = FIRST_RANKS.every((rank) => LINE.test(lines[rank] ?? '') && lines[rank]?.trimEnd().endsWith(` ${rank}`));
  return fits ? 'tiktoken' : undefined;
}

export async function walkTiktoken(fields: Fields): Promise<undefined> {
  while (fields.left > 0) {
    const line = (await fields.line(LONGEST_LINE)) || (await fields.text(Math.min(fields.left, LONGEST_LINE)));
    if (!LINE.test(line)) throw new BrokenLayout('a line that is no token with its rank');
    fields.whole = fields.offset;
  }
}
