// SPDX-License-Identifier: Apache-2.0
import type { RandomBytes } from '../io/bytes.ts';
import { type Extras, readExtras } from './extra.ts';

/** Records of APPNOTE.TXT 4.3 and 4.4. Numbers are plain: what does not fit a safe integer is no file of ours. */
export const SIGNATURES = {
  local: 0x04034b50,
  central: 0x02014b50,
  end: 0x06054b50,
  descriptor: 0x08074b50,
  zip64End: 0x06064b50,
  locator: 0x07064b50,
} as const;

/** General purpose bits (4.4.4). */
export const BITS = { encrypted: 0x1, descriptor: 0x8, strong: 0x40, utf8: 0x800, masked: 0x2000 } as const;
export const LOCAL_BYTES = 30;
const CENTRAL_BYTES = 46;

/** What a local header and a central entry both say about a member. */
export interface Entry {
  readonly name: string;
  readonly rawName: Uint8Array;
  readonly version: number;
  readonly flags: number;
  readonly method: number;
  readonly crc: number;
  readonly compressed: number;
  readonly size: number;
  /** Where the extra fields begin, and what they hold. */
  readonly extraAt: number;
  readonly extras: Extras;
}

export interface CentralEntry extends Entry {
  /** As written: readers add the length of a prefix. */
  readonly offset: number;
  readonly mode: number;
  readonly disk: number;
  readonly commentAt: number;
  readonly comment: Uint8Array;
}

export interface LocalEntry extends Entry {
  readonly dataStart: number;
}

/** The central entry at `at`, and where the next one begins. */
export function parseCentral(bytes: RandomBytes, at: number): { entry: CentralEntry; next: number } | undefined {
  const raw = viewOf(bytes.readAt(at, CENTRAL_BYTES));
  if (raw.byteLength < CENTRAL_BYTES || raw.getUint32(0, true) !== SIGNATURES.central) return undefined;
  const [nameLength, extraLength, commentLength] = [28, 30, 32].map((place) => raw.getUint16(place, true)) as [
    number,
    number,
    number,
  ];
  const length = nameLength + extraLength + commentLength;
  const rest = bytes.readAt(at + CENTRAL_BYTES, length);
  if (rest.length < length) return undefined;
  const rawName = rest.subarray(0, nameLength);
  const comment = rest.subarray(nameLength + extraLength);
  const [size, compressed, offset] = [24, 20, 42].map((place) => raw.getUint32(place, true)) as [
    number,
    number,
    number,
  ];
  const extras = readExtras(rest.subarray(nameLength, nameLength + extraLength), {
    fields: [size, compressed, offset],
    disk: raw.getUint16(34, true),
    rawName,
    comment,
  });
  const entry: CentralEntry = {
    name: nameOf(rawName),
    rawName,
    version: raw.getUint16(6, true),
    flags: raw.getUint16(8, true),
    method: raw.getUint16(10, true),
    crc: raw.getUint32(16, true),
    size: extras.sizes[0] ?? size,
    compressed: extras.sizes[1] ?? compressed,
    offset: extras.sizes[2] ?? offset,
    extraAt: at + CENTRAL_BYTES + nameLength,
    extras,
    mode: raw.getUint32(38, true) >>> 16,
    disk: raw.getUint16(34, true),
    commentAt: at + CENTRAL_BYTES + nameLength + extraLength,
    comment,
  };
  return { entry, next: at + CENTRAL_BYTES + length };
}

export function parseLocal(bytes: RandomBytes, at: number): LocalEntry | undefined {
  const raw = viewOf(bytes.readAt(at, LOCAL_BYTES));
  if (raw.byteLength < LOCAL_BYTES || raw.getUint32(0, true) !== SIGNATURES.local) return undefined;
  const nameLength = raw.getUint16(26, true);
  const extraLength = raw.getUint16(28, true);
  const rest = bytes.readAt(at + LOCAL_BYTES, nameLength + extraLength);
  if (rest.length < nameLength + extraLength) return undefined;
  const rawName = rest.subarray(0, nameLength);
  const [size, compressed] = [raw.getUint32(22, true), raw.getUint32(18, true)];
  const extras = readExtras(rest.subarray(nameLength), {
    fields: [size, compressed],
    disk: 0,
    rawName,
    comment: undefined,
  });
  return {
    name: nameOf(rawName),
    rawName,
    version: raw.getUint16(4, true),
    flags: raw.getUint16(6, true),
    method: raw.getUint16(8, true),
    crc: raw.getUint32(14, true),
    size: extras.sizes[0] ?? size,
    compressed: extras.sizes[1] ?? compressed,
    extraAt: at + LOCAL_BYTES + nameLength,
    extras,
    dataStart: at + LOCAL_BYTES + nameLength + extraLength,
  };
}

/**
 * The length of the data descriptor at `at`: with or without signature, 32 or 64 bits. Zero when none fits what the
 * directory says.
 */
export function descriptorLength(bytes: RandomBytes, at: number, entry: Entry): number {
  const raw = viewOf(bytes.readAt(at, 24));
  const signed = u32At(bytes.readAt(at, 4), 0) === SIGNATURES.descriptor;
  const start = signed ? 4 : 0;
  if (raw.byteLength < start + 12 || raw.getUint32(start, true) !== entry.crc) return 0;
  if (
    raw.byteLength >= start + 20 &&
    raw.getBigUint64(start + 4, true) === BigInt(entry.compressed) &&
    raw.getBigUint64(start + 12, true) === BigInt(entry.size)
  )
    return start + 20;
  return raw.getUint32(start + 4, true) === entry.compressed && raw.getUint32(start + 8, true) === entry.size
    ? start + 12
    : 0;
}

export function u32At(bytes: Uint8Array, at: number): number | undefined {
  return bytes.length < at + 4 ? undefined : viewOf(bytes).getUint32(at, true);
}

function nameOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('utf8');
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
