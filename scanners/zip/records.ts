// SPDX-License-Identifier: Apache-2.0
import type { RandomBytes } from '../io/bytes.ts';

/** Records of APPNOTE.TXT 4.3 and 4.4. Numbers are plain: what does not fit a safe integer is no file of ours. */
const SIGNATURES = { local: 0x04034b50, central: 0x02014b50, end: 0x06054b50, descriptor: 0x08074b50 } as const;
const ZIP64_END = 0x06064b50;
const ZIP64_LOCATOR = 0x07064b50;
const END_BYTES = 22;
const LOCATOR_BYTES = 20;
const FULL16 = 0xffff;
const FULL32 = 0xffffffff;

/** What a local header and a central entry both say about a member. */
export interface Entry {
  readonly name: string;
  readonly flags: number;
  readonly method: number;
  readonly crc: number;
  readonly compressed: number;
  readonly size: number;
}

export interface CentralEntry extends Entry {
  /** As written: readers add the length of a prefix. */
  readonly offset: number;
  readonly mode: number;
}

export interface LocalEntry extends Entry {
  readonly dataStart: number;
}

export interface EndRecord {
  readonly at: number;
  readonly entries: number;
  readonly directorySize: number;
  readonly directoryOffset: number;
  /** Where the directory must end: this record, or the zip64 record before it. */
  readonly directoryEnd: number;
  readonly comment: Uint8Array;
  readonly end: number;
  readonly zip64Differs: boolean;
}

/** The last end record, as Python and miniz find it, and how many there are that would do. */
export function findEnd(bytes: RandomBytes): { record: EndRecord; candidates: number } | undefined {
  const span = Math.min(bytes.size, END_BYTES + FULL16 + 4096);
  const start = bytes.size - span;
  const tail = Buffer.from(bytes.readAt(start, span));
  let record: EndRecord | undefined;
  let candidates = 0;
  for (let at = tail.lastIndexOf('PK\x05\x06', tail.length, 'latin1'); at >= 0; ) {
    const found = parseEnd(bytes, start + at);
    if (found) {
      record ??= found;
      if (isDirectory(bytes, found)) candidates++;
    }
    at = at === 0 ? -1 : tail.lastIndexOf('PK\x05\x06', at - 1, 'latin1');
  }
  return record && { record, candidates };
}

/** An end record that leads to a directory, or to none because the archive is empty. */
function isDirectory(bytes: RandomBytes, record: EndRecord): boolean {
  if (record.entries === 0) return record.directorySize === 0;
  return [record.directoryOffset, record.directoryEnd - record.directorySize].some(
    (at) => at >= 0 && u32(bytes.readAt(at, 4), 0) === SIGNATURES.central,
  );
}

function parseEnd(bytes: RandomBytes, at: number): EndRecord | undefined {
  const raw = view(bytes.readAt(at, END_BYTES));
  if (raw.byteLength < END_BYTES) return undefined;
  const comment = raw.getUint16(20, true);
  const plain = {
    at,
    entries: raw.getUint16(10, true),
    directorySize: raw.getUint32(12, true),
    directoryOffset: raw.getUint32(16, true),
    directoryEnd: at,
    comment: bytes.readAt(at + END_BYTES, comment),
    end: Math.min(at + END_BYTES + comment, bytes.size),
    zip64Differs: false,
  };
  return withZip64(bytes, plain) ?? plain;
}

function withZip64(bytes: RandomBytes, plain: EndRecord): EndRecord | undefined {
  const locatorAt = plain.at - LOCATOR_BYTES;
  const locator = view(bytes.readAt(locatorAt, LOCATOR_BYTES));
  if (locatorAt < 0 || locator.byteLength < LOCATOR_BYTES || locator.getUint32(0, true) !== ZIP64_LOCATOR)
    return undefined;
  // The record lies where the locator says, or, behind a prefix, directly before the locator.
  for (const at of [Number(locator.getBigUint64(8, true)), locatorAt - 56]) {
    const raw = view(bytes.readAt(at, 56));
    if (at < 0 || raw.byteLength < 56 || raw.getUint32(0, true) !== ZIP64_END) continue;
    const entries = Number(raw.getBigUint64(32, true));
    const directorySize = Number(raw.getBigUint64(40, true));
    const directoryOffset = Number(raw.getBigUint64(48, true));
    const differs = (small: number, full: number, large: number) => small !== full && small !== large;
    const zip64Differs =
      differs(plain.entries, FULL16, entries) ||
      differs(plain.directorySize, FULL32, directorySize) ||
      differs(plain.directoryOffset, FULL32, directoryOffset);
    return { ...plain, entries, directorySize, directoryOffset, directoryEnd: at, zip64Differs };
  }
  return { ...plain, zip64Differs: true };
}

/** The central entry at `at`, and where the next one begins. */
export function parseCentral(bytes: RandomBytes, at: number): { entry: CentralEntry; next: number } | undefined {
  const raw = view(bytes.readAt(at, 46));
  if (raw.byteLength < 46 || raw.getUint32(0, true) !== SIGNATURES.central) return undefined;
  const nameLength = raw.getUint16(28, true);
  const extraLength = raw.getUint16(30, true);
  const next = at + 46 + nameLength + extraLength + raw.getUint16(32, true);
  const rest = bytes.readAt(at + 46, nameLength + extraLength);
  if (rest.length < nameLength + extraLength || next > bytes.size) return undefined;
  const [size, compressed, offset] = zip64Fields(rest.subarray(nameLength), [
    raw.getUint32(24, true),
    raw.getUint32(20, true),
    raw.getUint32(42, true),
  ]);
  if (size === undefined || compressed === undefined || offset === undefined) return undefined;
  const entry = {
    name: nameOf(rest.subarray(0, nameLength)),
    flags: raw.getUint16(8, true),
    method: raw.getUint16(10, true),
    crc: raw.getUint32(16, true),
    compressed,
    size,
    offset,
    mode: raw.getUint32(38, true) >>> 16,
  };
  return { entry, next };
}

export function parseLocal(bytes: RandomBytes, at: number): LocalEntry | undefined {
  const raw = view(bytes.readAt(at, 30));
  if (raw.byteLength < 30 || raw.getUint32(0, true) !== SIGNATURES.local) return undefined;
  const nameLength = raw.getUint16(26, true);
  const extraLength = raw.getUint16(28, true);
  const rest = bytes.readAt(at + 30, nameLength + extraLength);
  if (rest.length < nameLength + extraLength) return undefined;
  const [size, compressed] = zip64Fields(rest.subarray(nameLength), [raw.getUint32(22, true), raw.getUint32(18, true)]);
  if (size === undefined || compressed === undefined) return undefined;
  return {
    name: nameOf(rest.subarray(0, nameLength)),
    flags: raw.getUint16(6, true),
    method: raw.getUint16(8, true),
    crc: raw.getUint32(14, true),
    compressed,
    size,
    dataStart: at + 30 + nameLength + extraLength,
  };
}

/** Extra field 1 holds, in order, those of the fields that are full in the record itself. */
function zip64Fields(extra: Uint8Array, fields: readonly number[]): (number | undefined)[] {
  if (!fields.includes(FULL32)) return [...fields];
  const raw = view(extra);
  for (let at = 0; at + 4 <= raw.byteLength; at += 4 + raw.getUint16(at + 2, true)) {
    if (raw.getUint16(at, true) !== 1) continue;
    let next = at + 4;
    const end = Math.min(next + raw.getUint16(at + 2, true), raw.byteLength);
    return fields.map((field) => {
      if (field !== FULL32) return field;
      if (next + 8 > end) return undefined;
      next += 8;
      const value = Number(raw.getBigUint64(next - 8, true));
      return Number.isSafeInteger(value) ? value : undefined;
    });
  }
  return [...fields];
}

/**
 * The length of the data descriptor at `at`: with or without signature, 32 or 64 bits. Zero when none fits what the
 * directory says.
 */
export function descriptorLength(bytes: RandomBytes, at: number, entry: Entry): number {
  const raw = view(bytes.readAt(at, 24));
  const signed = raw.byteLength >= 4 && raw.getUint32(0, true) === SIGNATURES.descriptor;
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

function u32(bytes: Uint8Array, at: number): number | undefined {
  return bytes.length < at + 4 ? undefined : view(bytes).getUint32(at, true);
}

function nameOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('utf8');
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
