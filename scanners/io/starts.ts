// SPDX-License-Identifier: Apache-2.0

export function startsWith(head: Uint8Array, magic: readonly number[], at = 0): boolean {
  return magic.every((byte, i) => head[at + i] === byte);
}

/** One byte a letter. */
export function bytes(latin1: string): readonly number[] {
  return [...latin1].map((c) => c.charCodeAt(0));
}
