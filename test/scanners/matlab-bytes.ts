// SPDX-License-Identifier: Apache-2.0
import { raw, u16, u32 } from './pickle-bytes.ts';

/** An element with its padding. */
export const matlabElement = (type: number, data: Uint8Array) =>
  raw(u32(type), u32(data.length), data, Buffer.alloc((8 - (data.length % 8)) % 8));

/** A variable `a` of one row and one column. */
export function matlabArray(code: number, data: Uint8Array = matlabElement(9, Buffer.alloc(8))): Buffer {
  const flags = matlabElement(6, raw(u32(code), u32(0)));
  const dimensions = matlabElement(5, raw(u32(1), u32(1)));
  const name = raw(u16(1), u16(1), 'a\0\0\0');
  return matlabElement(14, raw(flags, dimensions, name, data));
}

export function matlabFile(...elements: readonly Uint8Array[]): Buffer {
  const text = Buffer.alloc(124, ' ');
  text.write('MATLAB 5.0 MAT-file, written by hand', 'latin1');
  return raw(text, 0, 1, 'IM', ...elements);
}
