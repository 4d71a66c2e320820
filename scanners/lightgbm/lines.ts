// SPDX-License-Identifier: Apache-2.0
import type { Bytes } from '../io/bytes.ts';

export interface Line {
  readonly text: string;
  readonly offset: number;
}

/** Longer than the thresholds of any tree, or the names of any million of features. */
const LONGEST_LINE = 32 * 1024 * 1024;

/** The lines of a text in UTF-8, one at a time. `undefined` in place of a line that is too long or no UTF-8; the last. */
export async function* linesOf(bytes: Bytes): AsyncGenerator<Line | undefined> {
  const cursor = bytes.cursor();
  const utf8 = new TextDecoder('utf-8', { fatal: true });
  while (!(await cursor.atEnd())) {
    let length = cursor.find(0x0a);
    while (length < 0 && cursor.available <= LONGEST_LINE && (await cursor.fill(cursor.available + 1)))
      length = cursor.find(0x0a);
    const { offset } = cursor;
    const line = cursor.take(length < 0 ? cursor.available : length + 1);
    try {
      if (line.length > LONGEST_LINE) throw new TypeError();
      yield { text: utf8.decode(line).replace(/\r?\n$/, ''), offset };
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      return void (yield undefined);
    }
  }
}
