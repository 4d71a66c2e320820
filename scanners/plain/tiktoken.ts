// SPDX-License-Identifier: Apache-2.0
import type { Bytes } from '../io/bytes.ts';
import { BrokenLayout, Fields } from '../io/fields.ts';

const LONGEST_LINE = 4096;
const LINE = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)? \d{1,9}\r?\n?$/;
const FIRST_RANKS = [0, 1, 2];

/**
 * tiktoken/load.py: a line for each token, its bytes in base64 and its rank, which begins at 0. Llama 3 and Qwen have one.
 * A shell would run such lines too, so that a file is one when all of it is.
 */
export async function recogniseTiktoken({ random }: Bytes, head: Uint8Array): Promise<string | undefined> {
  const lines = Buffer.from(head).toString('latin1').split('\n', FIRST_RANKS.length);
  const fits = FIRST_RANKS.every((rank) => LINE.test(lines[rank] ?? '') && lines[rank]?.trimEnd().endsWith(` ${rank}`));
  return fits && random !== undefined && (await isTokens(new Fields(random))) ? 'tiktoken' : undefined;
}

async function isTokens(fields: Fields): Promise<boolean> {
  while (fields.left > 0) if (!LINE.test(await nextLine(fields))) return false;
  return true;
}

/** The last line may end with the file. */
async function nextLine(fields: Fields): Promise<string> {
  return (await fields.line(LONGEST_LINE)) || fields.text(Math.min(fields.left, LONGEST_LINE));
}

export async function walkTiktoken(fields: Fields): Promise<undefined> {
  if (!(await isTokens(fields))) throw new BrokenLayout('a line that is no token with its rank');
}
