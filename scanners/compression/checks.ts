// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';

/** A checksum that grows with the content; `value` is as the format stores it. */
export interface Check {
  update(bytes: Uint8Array): void;
  value(): Uint8Array;
}

/** xz specification 2.1.1.2: the check of a block by its number. Sizes are known for those that nobody defined, too. */
export function xzCheck(id: number): Check | undefined {
  if (id === 1) return new Crc32();
  if (id === 4) return new Crc64();
  return id === 10 ? sha256() : undefined;
}

export function xzCheckSize(id: number): number {
  return id === 0 ? 0 : 4 << Math.floor((id - 1) / 3);
}

class Crc32 implements Check {
  private crc = 0;

  update(bytes: Uint8Array): void {
    this.crc = crc32(bytes, this.crc);
  }

  value(): Uint8Array {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(this.crc);
    return bytes;
  }
}

function sha256(): Check {
  const hash = createHash('sha256');
  return { update: (bytes) => void hash.update(bytes), value: () => hash.digest() };
}

/** CRC-64 of ECMA-182, lowest bit first, in two halves. */
class Crc64 implements Check {
  private low = -1;
  private high = -1;

  update(bytes: Uint8Array): void {
    let { low, high } = this;
    for (let i = 0; i < bytes.length; i++) {
      const entry = (low ^ (bytes[i] as number)) & 0xff;
      low = ((low >>> 8) | (high << 24)) ^ (CRC64_LOW[entry] as number);
      high = (high >>> 8) ^ (CRC64_HIGH[entry] as number);
    }
    this.low = low;
    this.high = high;
  }

  value(): Uint8Array {
    const bytes = Buffer.alloc(8);
    bytes.writeInt32LE(~this.low, 0);
    bytes.writeInt32LE(~this.high, 4);
    return bytes;
  }
}

const CRC64_LOW = new Int32Array(256);
const CRC64_HIGH = new Int32Array(256);
for (let byte = 0; byte < 256; byte++) {
  let value = BigInt(byte);
  for (let bit = 0; bit < 8; bit++) value = (value & 1n) === 1n ? (value >> 1n) ^ 0xc96c5795d7870f42n : value >> 1n;
  CRC64_LOW[byte] = Number(value & 0xffffffffn) | 0;
  CRC64_HIGH[byte] = Number(value >> 32n) | 0;
}

const PRIME1 = 0x9e3779b1 | 0;
const PRIME2 = 0x85ebca77 | 0;
const PRIME3 = 0xc2b2ae3d | 0;
const PRIME4 = 0x27d4eb2f;
const PRIME5 = 0x165667b1;

/** xxHash32 (its specification, section "XXH32 Algorithm Description") with seed 0, for lz4. */
export class Xxh32 {
  private readonly lanes = Int32Array.of((PRIME1 + PRIME2) | 0, PRIME2, 0, -PRIME1);
  private readonly rest = Buffer.alloc(16);
  private held = 0;
  private total = 0;

  update(bytes: Uint8Array): void {
    this.total += bytes.length;
    let at = 0;
    if (this.held > 0) {
      at = Math.min(16 - this.held, bytes.length);
      this.rest.set(bytes.subarray(0, at), this.held);
      this.held += at;
      if (this.held < 16) return;
      this.stripes(this.rest, 0, 16);
      this.held = 0;
    }
    const end = at + ((bytes.length - at) & ~15);
    this.stripes(bytes, at, end);
    this.rest.set(bytes.subarray(end));
    this.held = bytes.length - end;
  }

  value(): number {
    const [a = 0, b = 0, c = 0, d = 0] = this.lanes;
    let hash = this.total >= 16 ? (rotate(a, 1) + rotate(b, 7) + rotate(c, 12) + rotate(d, 18)) | 0 : PRIME5;
    hash = (hash + this.total) | 0;
    let at = 0;
    for (; at + 4 <= this.held; at += 4)
      hash = Math.imul(rotate((hash + Math.imul(this.rest.readInt32LE(at), PRIME3)) | 0, 17), PRIME4);
    for (; at < this.held; at++)
      hash = Math.imul(rotate((hash + Math.imul(this.rest[at] as number, PRIME5)) | 0, 11), PRIME1);
    hash = Math.imul(hash ^ (hash >>> 15), PRIME2);
    hash = Math.imul(hash ^ (hash >>> 13), PRIME3);
    return (hash ^ (hash >>> 16)) >>> 0;
  }

  private stripes(bytes: Uint8Array, from: number, to: number): void {
    const { lanes } = this;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let at = from; at < to; at += 16)
      for (let lane = 0; lane < 4; lane++) {
        const sum = ((lanes[lane] as number) + Math.imul(view.getInt32(at + lane * 4, true), PRIME2)) | 0;
        lanes[lane] = Math.imul(rotate(sum, 13), PRIME1);
      }
  }
}

export function xxh32(bytes: Uint8Array): number {
  const hash = new Xxh32();
  hash.update(bytes);
  return hash.value();
}

function rotate(value: number, by: number): number {
  return (value << by) | (value >>> (32 - by));
}
