// SPDX-License-Identifier: Apache-2.0
import type { RandomBytes } from '../io/bytes.ts';
import { SIGNATURES, u32At, viewOf } from './records.ts';

const END_BYTES = 22;
const LOCATOR_BYTES = 20;
const ZIP64_END_BYTES = 56;
const FULL16 = 0xffff;
const FULL32 = 0xffffffff;

/** The end of central directory record, and what the zip64 record before it replaces (APPNOTE.TXT 4.3.14 to 4.3.16). */
export interface EndRecord {
  readonly at: number;
  readonly entries: number;
  readonly directorySize: number;
  readonly directoryOffset: number;
  /** Where the directory must end: this record, or the zip64 record before it. */
  readonly directoryEnd: number;
  /** Where the zip64 record ends, when there is one: its locator has no other place than behind it. */
  readonly zip64End: number | undefined;
  readonly comment: Uint8Array;
  readonly end: number;
  /** What two readers of the end records would take differently. */
  readonly disagreements: readonly string[];
  /** Numbers of disks, which only an archive of several volumes has. */
  readonly volumes: boolean;
}

/** The last end record that leads to a directory, as readers find it, and how many others some reader may take instead. */
export function findEnd(bytes: RandomBytes): { record: EndRecord; candidates: number } | undefined {
  const found = endRecords(bytes);
  const leading = found.filter((record) => isDirectory(bytes, record));
  const record = leading[0] ?? found[0];
  if (record === undefined) return undefined;
  const start = record.directoryEnd - record.directorySize;
  // The end of an archive that is stored in this one as a member: nobody takes it for the end of the whole.
  const isInside = (other: EndRecord) => other.at < start && other.end < bytes.size;
  const others = found.filter((other) => other !== record && !isInside(other));
  const isRival = (other: EndRecord) => other.at > record.at || isDirectory(bytes, other);
  return { record, candidates: (leading.length > 0 ? 1 : 0) + others.filter(isRival).length };
}

/** From the last to the first. */
function endRecords(bytes: RandomBytes): EndRecord[] {
  const span = Math.min(bytes.size, END_BYTES + FULL16 + 4096);
  const start = bytes.size - span;
  const tail = Buffer.from(bytes.readAt(start, span));
  const found: EndRecord[] = [];
  for (let at = tail.lastIndexOf('PK\x05\x06', tail.length, 'latin1'); at >= 0; ) {
    const record = parseEnd(bytes, start + at);
    if (record) found.push(record);
    at = at === 0 ? -1 : tail.lastIndexOf('PK\x05\x06', at - 1, 'latin1');
  }
  return found;
}

/** An end record that leads to a directory, or to none because the archive is empty. */
function isDirectory(bytes: RandomBytes, record: EndRecord): boolean {
  if (record.entries === 0) return record.directorySize === 0;
  return directoriesOf(bytes, record).length > 0;
}

/**
 * Where readers find the directory: directly before the end (Python, which so copes with a prefix), or where the end
 * record says (Go, Java, miniz). In an honest archive without a prefix the two are one.
 */
export function directoriesOf(bytes: RandomBytes, record: EndRecord): number[] {
  const places = new Set([record.directoryEnd - record.directorySize, record.directoryOffset]);
  return [...places].filter((at) => at >= 0 && u32At(bytes.readAt(at, 4), 0) === SIGNATURES.central);
}

function parseEnd(bytes: RandomBytes, at: number): EndRecord | undefined {
  const raw = viewOf(bytes.readAt(at, END_BYTES));
  if (raw.byteLength < END_BYTES) return undefined;
  const comment = raw.getUint16(20, true);
  const entries = raw.getUint16(10, true);
  const here = raw.getUint16(8, true);
  const plain: EndRecord = {
    at,
    entries,
    directorySize: raw.getUint32(12, true),
    directoryOffset: raw.getUint32(16, true),
    directoryEnd: at,
    zip64End: undefined,
    comment: bytes.readAt(at + END_BYTES, comment),
    end: Math.min(at + END_BYTES + comment, bytes.size),
    disagreements: here === entries ? [] : [`the end record counts ${here} entries and ${entries}`],
    volumes: [4, 6].some((place) => raw.getUint16(place, true) !== 0 && raw.getUint16(place, true) !== FULL16),
  };
  return withZip64(bytes, plain) ?? plain;
}

function withZip64(bytes: RandomBytes, plain: EndRecord): EndRecord | undefined {
  const locatorAt = plain.at - LOCATOR_BYTES;
  const locator = viewOf(bytes.readAt(locatorAt, LOCATOR_BYTES));
  if (locatorAt < 0 || locator.byteLength < LOCATOR_BYTES || locator.getUint32(0, true) !== SIGNATURES.locator)
    return undefined;
  // The record lies where the locator says, or, behind a prefix, directly before the locator.
  const places = [...new Set([Number(locator.getBigUint64(8, true)), locatorAt - ZIP64_END_BYTES])];
  const records = places.filter((at) => isZip64End(bytes, at));
  const [at] = records;
  if (at === undefined) return { ...plain, disagreements: [...plain.disagreements, 'there is no zip64 end record'] };
  const raw = viewOf(bytes.readAt(at, ZIP64_END_BYTES));
  const [size, here, entries, directorySize, directoryOffset] = [4, 24, 32, 40, 48].map((place) =>
    Number(raw.getBigUint64(place, true)),
  ) as [number, number, number, number, number];
  const differs = (small: number, full: number, large: number) => small !== full && small !== large;
  const disagrees =
    records.length > 1 ||
    here !== entries ||
    differs(plain.entries, FULL16, entries) ||
    differs(plain.directorySize, FULL32, directorySize) ||
    differs(plain.directoryOffset, FULL32, directoryOffset);
  const disks = [16, 20].some((place) => raw.getUint32(place, true) !== 0) || locator.getUint32(4, true) !== 0;
  return {
    ...plain,
    entries,
    directorySize,
    directoryOffset,
    directoryEnd: at,
    zip64End: at + 12 + size,
    disagreements: [...plain.disagreements, ...(disagrees ? ['the zip64 end record says something else'] : [])],
    volumes: plain.volumes || disks || locator.getUint32(16, true) > 1,
  };
}

function isZip64End(bytes: RandomBytes, at: number): boolean {
  const raw = bytes.readAt(at, ZIP64_END_BYTES);
  return at >= 0 && raw.length === ZIP64_END_BYTES && u32At(raw, 0) === SIGNATURES.zip64End;
}
