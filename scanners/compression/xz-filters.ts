// SPDX-License-Identifier: Apache-2.0

/** The .xz file format 5.3.3: every byte is the difference to the one `distance` before it. */
export function* delta(content: Iterable<Uint8Array>, distance: number): Generator<Uint8Array> {
  const past = new Uint8Array(distance);
  let at = 0;
  for (const chunk of content) {
    const bytes = Uint8Array.from(chunk);
    for (let i = 0; i < bytes.length; i++) {
      const value = ((bytes[i] as number) + (past[at] as number)) & 0xff;
      bytes[i] = past[at] = value;
      if (++at === distance) at = 0;
    }
    yield bytes;
  }
}

/** Which bytes before a CALL or JMP, as a mask of those that were one too, leave it as it is. */
const ALLOWED = [true, true, true, false, true, false, false, false];
const MASK_BITS = [0, 1, 2, 2, 3, 3, 3, 3];

/**
 * The .xz file format 5.3.2, for x86: the targets of CALL (E8) and JMP (E9) were made absolute, and become relative
 * again. An instruction may lie across two chunks, so the last four bytes wait for the next one.
 */
export function* x86(content: Iterable<Uint8Array>): Generator<Uint8Array> {
  let held: Uint8Array = new Uint8Array(0);
  let position = 0;
  const state = { mask: 0, previous: -5 };
  for (const chunk of content) {
    const bytes = Buffer.concat([held, chunk]);
    const done = convert(bytes, position, state);
    position += done;
    held = bytes.subarray(done);
    if (done > 0) yield bytes.subarray(0, done);
  }
  if (held.length > 0) yield held;
}

function convert(bytes: Buffer, position: number, state: { mask: number; previous: number }): number {
  let { mask } = state;
  let previous = state.previous;
  let at = 0;
  for (; at + 5 <= bytes.length; at++) {
    if (((bytes[at] as number) & 0xfe) !== 0xe8) continue;
    const distance = at + position - previous;
    previous = at + position;
    if (distance > 5) mask = 0;
    else for (let i = 0; i < distance; i++) mask = (mask & 0x77) << 1;
    const top = bytes[at + 4] as number;
    if ((top === 0 || top === 0xff) && ALLOWED[(mask >> 1) & 7] && mask >> 1 < 0x10) {
      bytes.writeInt32LE(target(bytes.readInt32LE(at + 1), position + at + 5, mask), at + 1);
      at += 4;
      mask = 0;
    } else {
      mask |= 1;
      if (top === 0 || top === 0xff) mask |= 0x10;
    }
  }
  state.mask = mask;
  state.previous = previous;
  return at;
}

function target(source: number, position: number, mask: number): number {
  let from = source;
  for (;;) {
    const to = (from - position) | 0;
    const index = mask === 0 ? 0 : (MASK_BITS[mask >> 1] as number);
    const top = (to >>> (24 - index * 8)) & 0xff;
    if (mask === 0 || (top !== 0 && top !== 0xff)) return (to & 0x01000000) !== 0 ? to | 0xff000000 : to & 0x01ffffff;
    from = to ^ (2 ** (32 - index * 8) - 1);
  }
}
