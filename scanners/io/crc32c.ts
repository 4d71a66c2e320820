// SPDX-License-Identifier: Apache-2.0

/** Castagnoli's polynomial, reflected; four tables, so that four bytes are taken at once. */
const TABLES = tables();

/** The CRC-32C of these bytes, going on from `crc`. */
export function crc32c(bytes: Uint8Array, crc = 0): number {
  const [t0, t1, t2, t3] = TABLES;
  let c = ~crc;
  let i = 0;
  for (const end = bytes.length - 3; i < end; i += 4) {
    c ^= (bytes[i] ?? 0) | ((bytes[i + 1] ?? 0) << 8) | ((bytes[i + 2] ?? 0) << 16) | ((bytes[i + 3] ?? 0) << 24);
    c = (t3[c & 0xff] ?? 0) ^ (t2[(c >>> 8) & 0xff] ?? 0) ^ (t1[(c >>> 16) & 0xff] ?? 0) ^ (t0[c >>> 24] ?? 0);
  }
  for (; i < bytes.length; i++) c = (t0[(c ^ (bytes[i] ?? 0)) & 0xff] ?? 0) ^ (c >>> 8);
  return ~c >>> 0;
}

/** TensorFlow and LevelDB store it rotated and shifted, because a CRC of bytes that hold their own CRC is no check. */
export function maskedCrc32c(bytes: Uint8Array, crc = 0): number {
  return masked(crc32c(bytes, crc));
}

export function masked(crc: number): number {
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

function tables(): readonly [Uint32Array, Uint32Array, Uint32Array, Uint32Array] {
  const made = [new Uint32Array(256), new Uint32Array(256), new Uint32Array(256), new Uint32Array(256)] as const;
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
    made[0][byte] = crc;
  }
  for (let table = 1; table < 4; table++)
    for (let byte = 0; byte < 256; byte++) {
      const before = made[table - 1]?.[byte] ?? 0;
      const row = made[table];
      if (row) row[byte] = (made[0][before & 0xff] ?? 0) ^ (before >>> 8);
    }
  return made;
}
