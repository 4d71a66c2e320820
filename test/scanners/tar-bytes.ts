// SPDX-License-Identifier: Apache-2.0
import { raw } from './pickle-bytes.ts';

const BLOCK = 512;

/** A member's header; what is left out is what an honest writer puts there. */
export interface TarHeader {
  readonly type?: string;
  readonly link?: string;
  readonly size?: number;
  readonly magic?: string;
  readonly prefix?: string;
  /** Bytes at a place of the header. */
  readonly at?: readonly (readonly [offset: number, bytes: Uint8Array | string])[];
  /** What fills the data up to whole blocks. */
  readonly filling?: Uint8Array;
  readonly checksum?: number;
}

export function tarEntry(name: string, data: Uint8Array | string = '', header: TarHeader = {}): Buffer {
  const content = Buffer.from(data);
  const block = Buffer.alloc(BLOCK);
  const put = (offset: number, bytes: Uint8Array | string) => block.set(Buffer.from(bytes), offset);
  put(0, name);
  put(100, '0000644\0');
  put(124, `${(header.size ?? content.length).toString(8).padStart(11, '0')}\0`);
  put(156, header.type ?? '0');
  put(157, header.link ?? '');
  put(257, header.magic ?? 'ustar\x0000');
  put(345, header.prefix ?? '');
  for (const [offset, bytes] of header.at ?? []) put(offset, bytes);
  block.fill(0x20, 148, 156);
  const sum = header.checksum ?? block.reduce((total, byte) => total + byte, 0);
  put(148, `${sum.toString(8).padStart(6, '0')}\0 `);
  const filling = Buffer.alloc(-content.length & (BLOCK - 1));
  filling.set(header.filling ?? raw());
  return raw(block, content, filling);
}

export function paxEntry(records: Readonly<Record<string, string>>, type = 'x'): Buffer {
  const lines = Object.entries(records).map(([key, value]) => {
    const rest = Buffer.byteLength(` ${key}=${value}\n`);
    let length = rest + 1;
    while (String(length).length + rest !== length) length++;
    return `${length} ${key}=${value}\n`;
  });
  return tarEntry('PaxHeader/x', lines.join(''), { type });
}

export function tarOf(...entries: readonly Uint8Array[]): Buffer {
  return raw(...entries, Buffer.alloc(2 * BLOCK));
}
