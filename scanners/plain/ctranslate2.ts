// SPDX-License-Identifier: Apache-2.0

import type { Bytes } from '../io/bytes.ts';
import { BrokenLayout, type Fields } from '../io/fields.ts';

/** Bytes of an item, by the number of its type (`ctranslate2/types.h`): float32, int8, int16, int32, float16, bfloat16. */
const ITEM_BYTES = [4, 1, 2, 4, 2, 2];
const OLDEST = 2;
const NEWEST = 6;

/** A version, and the name of a specification with its length and the zero behind it. */
export function recogniseCtranslate2(_bytes: Bytes, head: Uint8Array): string | undefined {
  const [version = 0, ...zeros] = head.subarray(0, 4);
  if (version < OLDEST || version > NEWEST || zeros.some((byte) => byte !== 0)) return undefined;
  const length = (head[4] ?? 0) | ((head[5] ?? 0) << 8);
  const name = Buffer.from(head.subarray(6, 6 + length)).toString('latin1');
  return length <= 64 && /^\w{3,63}\0$/.test(name) ? 'ctranslate2' : undefined;
}

/** CTranslate2's `model.bin` (`src/models/model.cc`): variables with their shapes and bytes, then other names of them. */
export async function walkCtranslate2(fields: Fields): Promise<undefined> {
  const version = await fields.u32();
  await passName(fields);
  await fields.skip(4);
  for (let left = fields.count(await fields.u32(), 4); left > 0; left--) await passVariable(fields, version);
  if (version < 3) return;
  for (let left = fields.count(await fields.u32(), 4); left > 0; left--) {
    fields.whole = fields.offset;
    await passName(fields);
    await passName(fields);
  }
}

async function passName(fields: Fields): Promise<void> {
  const length = await fields.u16();
  if (length === 0 || !(await fields.text(length)).endsWith('\0')) throw new BrokenLayout('a name without its end');
}

async function passVariable(fields: Fields, version: number): Promise<void> {
  fields.whole = fields.offset;
  await passName(fields);
  let items = 1;
  for (let rank = await fields.u8(); rank > 0; rank--) items *= await fields.u32();
  const type = await fields.u8();
  const said = await fields.u32();
  const item = version >= 4 ? ITEM_BYTES[type] : type;
  if (item === undefined) throw new BrokenLayout(`items of an unknown type ${type}`);
  const length = version >= 4 ? said : said * item;
  if (length !== items * item) throw new BrokenLayout(`${length} bytes for ${items} items of ${item}`);
  await fields.skip(length);
}
