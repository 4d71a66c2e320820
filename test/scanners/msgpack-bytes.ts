// SPDX-License-Identifier: Apache-2.0
import { raw } from './pickle-bytes.ts';

/** An extension of msgpack: its type, and its bytes or the value that they hold. */
export class Ext {
  readonly type: number;
  readonly data: Uint8Array;

  constructor(type: number, content: unknown) {
    this.type = type;
    this.data = content instanceof Uint8Array ? content : packed(content);
  }
}

/** A value as msgpack, with the longer heads where they are allowed, as `use_bin_type` does. */
export function packed(value: unknown): Buffer {
  if (value === null) return raw(0xc0);
  if (typeof value === 'boolean') return raw(value ? 0xc3 : 0xc2);
  if (typeof value === 'number') return raw(0xce, be32(value));
  if (typeof value === 'string') return raw(0xd9, Buffer.byteLength(value), Buffer.from(value));
  if (value instanceof Uint8Array) return raw(0xc6, be32(value.length), value);
  if (value instanceof Ext) return raw(0xc9, be32(value.data.length), value.type & 255, value.data);
  if (Array.isArray(value)) return raw(0xdd, be32(value.length), ...value.map(packed));
  const entries = Object.entries(value as Record<string, unknown>);
  return raw(0xdf, be32(entries.length), ...entries.flatMap(([key, inner]) => [packed(key), packed(inner)]));
}

/** An array as Flax writes it. */
export function flaxArray(shape: readonly number[], dtype: string, data: Uint8Array, type = 1): Ext {
  return new Ext(type, [[...shape], dtype, data]);
}

function be32(n: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(n);
  return bytes;
}
