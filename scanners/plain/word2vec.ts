// SPDX-License-Identifier: Apache-2.0
import type { Bytes } from '../io/bytes.ts';
import { BrokenLayout, type Fields } from '../io/fields.ts';

const HEADER = /^(\d{1,9}) (\d{1,5})\n/;
const LONGEST_WORD = 4096;
const LINE_FEED = 0x0a;
const SPACE = 0x20;

/** How many words of how many numbers; content that is text was recognised as such before. */
export function recogniseWord2vec(_bytes: Bytes, head: Uint8Array): string | undefined {
  return HEADER.test(Buffer.from(head.subarray(0, 20)).toString('latin1')) ? 'word2vec' : undefined;
}

/** word2vec's binary vectors: each word with a space behind it and its numbers, then a line feed or nothing. */
export async function walkWord2vec(fields: Fields): Promise<undefined> {
  const header = HEADER.exec(await fields.line(20));
  if (header === null) throw new BrokenLayout('no header');
  const words = Number(header[1]);
  const bytes = 4 * Number(header[2]);
  fields.count(words, bytes + 1);
  for (let i = 0; i < words; i++) {
    await fields.until(SPACE, LONGEST_WORD);
    await fields.skip(bytes);
  }
  if (fields.left > 0 && (await fields.u8()) !== LINE_FEED) throw new BrokenLayout('something behind the last word');
}
