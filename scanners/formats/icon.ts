// SPDX-License-Identifier: Apache-2.0
import type { Cursor } from '../io/cursor.ts';
import { walker } from './image.ts';

/** Icons and cursors of Windows: a list of images, each with its length and place, one behind the other to the end. */
export const icon = walker(walkIcon);

const LISTED_BYTES = 16;

async function walkIcon(c: Cursor): Promise<string | undefined> {
  await c.fill(6);
  c.take(4);
  const count = c.u16();
  await c.fill(count * LISTED_BYTES);
  const images = Array.from({ length: count }, () => {
    c.take(8);
    return { length: c.u32(), at: c.u32() };
  }).sort((a, b) => a.at - b.at);
  for (const { length, at } of images) {
    if (at !== c.offset) return 'the images do not lie one behind the other';
    if (!(await c.skip(length))) return 'the image is cut off';
  }
  return undefined;
}
