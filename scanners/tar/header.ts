// SPDX-License-Identifier: Apache-2.0
import type { Bytes } from '../io/bytes.ts';

export const BLOCK = 512;

/** One header block, as POSIX ustar, GNU tar and the tar of Unix V7 write it. */
export interface Header {
  readonly name: string;
  readonly size: number;
  readonly type: string;
  readonly link: string;
  /** GNU's old headers keep other things where ustar has the prefix of the name. */
  readonly gnu: boolean;
  readonly raw: Uint8Array;
}

/** The header, or nothing when its checksum or size is none. */
export function parseHeader(block: Uint8Array): Header | undefined {
  if (block.length < BLOCK || !hasChecksum(block)) return undefined;
  const size = number(block, 124, 12);
  if (size === undefined) return undefined;
  const prefix = field(block, 345, 155);
  const name = field(block, 0, 100);
  const magic = Buffer.from(block.subarray(257, 265)).toString('latin1');
  return {
    name: magic.startsWith('ustar\0') && prefix !== '' ? `${prefix}/${name}` : name,
    size,
    type: String.fromCharCode(block[156] ?? 0),
    link: field(block, 157, 100),
    gnu: magic === 'ustar  \0',
    raw: block,
  };
}

/** Archives of before POSIX have no magic: a checksum over 512 bytes is no coincidence. */
export function tarWithoutMagic(_bytes: Bytes, head: Uint8Array): string | undefined {
  if (head.length < BLOCK || head[0] === 0) return undefined;
  return parseHeader(head.subarray(0, BLOCK)) === undefined ? undefined : 'tar';
}

/** The sum of all bytes, with its own field as spaces. Some old programs summed signed bytes. */
function hasChecksum(block: Uint8Array): boolean {
  const stored = number(block, 148, 8);
  let plain = 0;
  let signed = 0;
  for (let i = 0; i < BLOCK; i++) {
    const byte = i >= 148 && i < 156 ? 0x20 : (block[i] as number);
    plain += byte;
    signed += byte > 127 ? byte - 256 : byte;
  }
  return stored === plain || stored === signed;
}

function field(block: Uint8Array, at: number, length: number): string {
  const bytes = block.subarray(at, at + length);
  const end = bytes.indexOf(0);
  return Buffer.from(end < 0 ? bytes : bytes.subarray(0, end)).toString('utf8');
}

/** Octal digits, or, with the highest bit set, a number of base 256 (GNU). Empty is zero. */
function number(block: Uint8Array, at: number, length: number): number | undefined {
  const first = block[at] as number;
  if (first === 0x80) {
    let value = 0;
    for (let i = at + 1; i < at + length; i++) value = value * 256 + (block[i] as number);
    return Number.isSafeInteger(value) ? value : undefined;
  }
  const text = field(block, at, length).trim();
  if (text === '') return 0;
  return /^[0-7]+$/.test(text) ? Number.parseInt(text, 8) : undefined;
}

/** What a header holds in places where honest writers have zeros, and what only some readers take for a part of it. */
export function headerDoubts(header: Header): { code: 'tar-padding' | 'tar-disagreement'; detail: string }[] {
  const { raw, gnu } = header;
  const found: { code: 'tar-padding' | 'tar-disagreement'; detail: string }[] = [];
  const isUstar = raw[257] === 0x75;
  const isStar = Buffer.from(raw.subarray(508, 512)).toString('latin1') === 'tar\0';
  // Python puts these bytes before every name; GNU tar has times in them, and V7 has nothing.
  const prefix = field(raw, 345, 24);
  if (prefix !== '' && (gnu ? !isTime(raw.subarray(345, 369)) : !isUstar))
    found.push({ code: 'tar-disagreement', detail: `only some readers put ${JSON.stringify(prefix)} before the name` });
  const texts = isUstar ? [...TEXTS, ...(gnu || isStar ? [] : [[345, 155] as const])] : [TEXTS[0], TEXTS[1]];
  for (const text of texts) {
    if (text === undefined) continue;
    const bytes = raw.subarray(text[0], text[0] + text[1]);
    const end = bytes.indexOf(0);
    if (end >= 0 && bytes.subarray(end).some((byte) => byte !== 0))
      found.push({ code: 'tar-padding', detail: `a field of ${JSON.stringify(header.name)} goes on behind its end` });
  }
  // GNU tar leaves its numbers of a device in a header of V7.
  const rest = isUstar ? raw.subarray(gnu ? 495 : 500) : raw.subarray(257).map((byte) => (isDigit(byte) ? 0 : byte));
  if (!isStar && rest.some((byte) => byte !== 0))
    found.push({
      code: 'tar-padding',
      detail: `the header of ${JSON.stringify(header.name)} is filled up with something`,
    });
  return found;
}

/** Name, link, user, group: text up to a zero. */
const TEXTS: readonly (readonly [at: number, length: number])[] = [
  [0, 100],
  [157, 100],
  [265, 32],
  [297, 32],
];

/** Octal digits, or a number of base 256. */
function isTime(bytes: Uint8Array): boolean {
  return bytes[0] === 0x80 || bytes[0] === 0xff || bytes.every(isDigit);
}

function isDigit(byte: number): boolean {
  return byte === 0 || byte === 0x20 || (byte & 0xf8) === 0x30;
}
