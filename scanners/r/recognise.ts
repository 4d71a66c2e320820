// SPDX-License-Identifier: Apache-2.0

/**
 * A stream of `serialize`, or the file of `save` around one. R looks at the first letter of the format alone, and at
 * no version but that of the stream (InFormat and R_Unserialize in serialize.c, R_ReadMagic in saveload.c).
 */
export function isR(head: Uint8Array): boolean {
  const start = Buffer.from(head.subarray(0, 80)).toString('latin1');
  return /^RD[ABX][123]\n/.test(start) || isBinary(head) || isAscii(start);
}

function isBinary(head: Uint8Array): boolean {
  if (head.length < 18) return false;
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const little = head[0] === 0x42;
  if (head[0] !== 0x58 && !little) return false;
  const version = view.getInt32(2, little);
  const next = view.getInt32(14, little);
  if (version === 3) return next >= 0 && next <= 63;
  return version === 2 && view.getInt32(6, little) >= 0x1_00_00 && (next & 0xff) !== 0;
}

/** Numbers stand for themselves; the version of R that wrote them makes it no list of anything else. */
function isAscii(start: string): boolean {
  const [, writer] = /^\n?A\s\s*[23]\s+(\d{5,9})\s+\d{1,9}\s+-?\d/.exec(start) ?? [];
  return Number(writer) >= 0x1_00_00;
}
