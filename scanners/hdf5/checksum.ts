// SPDX-License-Identifier: Apache-2.0

/**
 * Bob Jenkins' lookup3 hash with initial value 0, the checksum of every metadata block of superblocks 2 and later
 * (File Format Specification 3.0, appendix "Definitions").
 */
export function lookup3(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = (0xdeadbeef + bytes.length) | 0;
  const state: State = { a: start, b: start, c: start };
  let at = 0;
  let left = bytes.length;
  for (; left > 12; at += 12, left -= 12) {
    state.a = (state.a + view.getInt32(at, true)) | 0;
    state.b = (state.b + view.getInt32(at + 4, true)) | 0;
    state.c = (state.c + view.getInt32(at + 8, true)) | 0;
    mix(state);
  }
  if (left === 0) return state.c >>> 0;
  const last = new DataView(new ArrayBuffer(12));
  for (let i = 0; i < left; i++) last.setUint8(i, bytes[at + i] ?? 0);
  state.a = (state.a + last.getInt32(0, true)) | 0;
  state.b = (state.b + last.getInt32(4, true)) | 0;
  state.c = (state.c + last.getInt32(8, true)) | 0;
  finish(state);
  return state.c >>> 0;
}

interface State {
  a: number;
  b: number;
  c: number;
}

function rotate(value: number, by: number): number {
  return (value << by) | (value >>> (32 - by));
}

function mix(s: State): void {
  let { a, b, c } = s;
  a = ((a - c) ^ rotate(c, 4)) | 0;
  c = (c + b) | 0;
  b = ((b - a) ^ rotate(a, 6)) | 0;
  a = (a + c) | 0;
  c = ((c - b) ^ rotate(b, 8)) | 0;
  b = (b + a) | 0;
  a = ((a - c) ^ rotate(c, 16)) | 0;
  c = (c + b) | 0;
  b = ((b - a) ^ rotate(a, 19)) | 0;
  a = (a + c) | 0;
  c = ((c - b) ^ rotate(b, 4)) | 0;
  b = (b + a) | 0;
  Object.assign(s, { a, b, c });
}

function finish(s: State): void {
  let { a, b, c } = s;
  c = ((c ^ b) - rotate(b, 14)) | 0;
  a = ((a ^ c) - rotate(c, 11)) | 0;
  b = ((b ^ a) - rotate(a, 25)) | 0;
  c = ((c ^ b) - rotate(b, 16)) | 0;
  a = ((a ^ c) - rotate(c, 4)) | 0;
  b = ((b ^ a) - rotate(a, 14)) | 0;
  c = ((c ^ b) - rotate(b, 24)) | 0;
  Object.assign(s, { a, b, c });
}
