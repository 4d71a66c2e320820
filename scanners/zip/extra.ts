// SPDX-License-Identifier: Apache-2.0
import { crc32 } from 'node:zlib';
import { payloadName } from '../magic.ts';
import { isSameName } from './names.ts';

const FULL16 = 0xffff;
const FULL32 = 0xffffffff;
/** What a field of an unknown kind may hold before somebody must look at it. */
const UNKNOWN_BYTES = 1024;
const VIEWED_BYTES = 64;

/** Something wrong: a code of the rules, and words. */
export interface Complaint {
  readonly code: string;
  readonly detail: string;
}

/** What the record around the extra fields says. */
export interface Around {
  /** Size, compressed size and, in the directory, offset: as the record has them. */
  readonly fields: readonly number[];
  readonly disk: number;
  readonly rawName: Uint8Array;
  readonly comment: Uint8Array | undefined;
}

export interface Extras {
  /** The fields of the record, replaced by the zip64 field where they are full. */
  readonly sizes: readonly number[];
  /** What a zip64 field says beyond what the record asks of it: writers repeat the sizes and the offset there. */
  readonly surplus: readonly number[];
  readonly aes: boolean;
  readonly complaints: readonly Complaint[];
  /** Fields that nothing explains: for somebody to look into. */
  readonly unknown: readonly { readonly at: number; readonly length: number }[];
}

interface Field {
  readonly id: number;
  readonly at: number;
  readonly data: Uint8Array;
}

/** The extra fields of a header (APPNOTE.TXT 4.5, 4.6, and what writers have registered nowhere). */
export function readExtras(extra: Uint8Array, around: Around): Extras {
  if (extra.length === 0) return { sizes: around.fields, surplus: [], aes: false, complaints: [], unknown: [] };
  const complaints: Complaint[] = [];
  const add = (code: string, detail: string) => void complaints.push({ code, detail });
  const fields = split(extra, add);
  const zip64 = fields.filter(({ id }) => id === ZIP64);
  if (zip64.length > 1) add('zip-disagreement', 'the zip64 extra field is there twice');
  const { sizes, surplus } = zip64[0] ? zip64Sizes(zip64[0].data, around, add) : { sizes: around.fields, surplus: [] };
  for (const { id, data } of fields) checkField(id, data, around, add);
  const isUnknown = ({ id, data }: Field) =>
    (data.length >= VIEWED_BYTES || importsInLines(data)) && KNOWN.get(id)?.(data) !== true;
  const unknown = fields.filter(isUnknown).map(({ at, data }) => ({ at, length: data.length }));
  return { sizes, surplus, aes: fields.some(({ id }) => id === AES), complaints, unknown };
}

/** A pickle of the first protocols has no magic: its imports are two lines. */
function importsInLines(data: Uint8Array): boolean {
  return /[ci][\w.]{1,200}\n[\w.]{1,200}\n/.test(Buffer.from(data).toString('latin1'));
}

type Add = (code: string, detail: string) => void;

function split(extra: Uint8Array, add: Add): Field[] {
  const fields: Field[] = [];
  const raw = viewOf(extra);
  let at = 0;
  while (at + 4 <= extra.length) {
    const length = raw.getUint16(at + 2, true);
    if (at + 4 + length > extra.length) break;
    fields.push({ id: raw.getUint16(at, true), at: at + 4, data: extra.subarray(at + 4, at + 4 + length) });
    at += 4 + length;
  }
  // zipalign and others fill up with zeros, which may be too few for a field.
  if (extra.subarray(at).some((byte) => byte !== 0)) {
    add('zip-extra', `an extra field is cut off after ${extra.length - at} bytes`);
    fields.push({ id: -1, at, data: extra.subarray(at) });
  }
  return fields;
}

/** 4.5.3: in order, those of size, compressed size, offset and disk that are full in the record. */
function zip64Sizes(data: Uint8Array, { fields, disk }: Around, add: Add): { sizes: number[]; surplus: number[] } {
  const raw = viewOf(data);
  if (data.length % 8 !== 0 && data.length % 8 !== 4) add('zip-extra', `a zip64 extra field of ${data.length} bytes`);
  const numbers: number[] = [];
  for (let at = 0; at + 8 <= data.length; at += 8) numbers.push(Number(raw.getBigUint64(at, true)));
  let next = 0;
  const sizes = fields.map((field) => {
    if (field !== FULL32) return field;
    const value = numbers[next++];
    if (value !== undefined && Number.isSafeInteger(value)) return value;
    add('zip-disagreement', 'a number is full, and the zip64 extra field has none instead');
    return field;
  });
  return { sizes, surplus: disk === FULL16 ? [] : numbers.slice(next) };
}

function checkField(id: number, data: Uint8Array, around: Around, add: Add): void {
  const what = `extra field 0x${id.toString(16).padStart(4, '0')}`;
  const payload = data.length < 8 ? undefined : (payloadName(data) ?? archiveIn(data));
  if (payload !== undefined) add('zip-payload', `${what} holds ${payload}`);
  if (id === UNICODE_NAME) checkUnicode('name', data, around.rawName, add);
  else if (id === UNICODE_COMMENT && around.comment) checkUnicode('comment', data, around.comment, add);
  else if (id >= 0 && id !== ZIP64) checkContent(id, what, data, add);
}

function checkContent(id: number, what: string, data: Uint8Array, add: Add): void {
  const isAsKnown = KNOWN.get(id);
  if (isAsKnown === undefined)
    add(
      data.length > UNKNOWN_BYTES ? 'zip-extra' : 'zip-extra-unknown',
      `${what} of ${data.length} bytes is not known`,
    );
  else if (!isAsKnown(data)) add('zip-extra', `${what} holds something else than its writers put there`);
}

/** 4.6.9 and 4.6.8: version 1, the CRC of the text in the header, the same text as UTF-8. */
function checkUnicode(what: string, data: Uint8Array, header: Uint8Array, add: Add): void {
  const text = data.subarray(5);
  const isStale = data.length < 5 || data[0] !== 1 || viewOf(data).getUint32(1, true) !== crc32(header);
  if (isSameName(header, text)) {
    if (isStale) add('zip-extra', `the Unicode ${what} belongs to another one`);
  } else
    add(
      what === 'name' ? 'zip-disagreement' : 'zip-extra',
      `the Unicode ${what} is another one: ${JSON.stringify(Buffer.from(text.subarray(0, 120)).toString('utf8'))}`,
    );
}

function archiveIn(data: Uint8Array): string | undefined {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.length);
  return ['PK\x03\x04', 'PK\x01\x02', 'PK\x05\x06'].some((mark) => bytes.includes(mark, 0, 'latin1'))
    ? 'a part of an archive'
    : undefined;
}

const ZIP64 = 0x0001;
const UNICODE_NAME = 0x7075;
const UNICODE_COMMENT = 0x6375;
const AES = 0x9901;

type Check = (data: Uint8Array) => boolean;
const upTo =
  (most: number): Check =>
  (data) =>
    data.length <= most;
/** Alignment: so many bytes of its own, then nothing but `fill`. */
const padding =
  (own: number, ...fill: number[]): Check =>
  (data) =>
    data.subarray(own).every((byte) => fill.includes(byte));

/** What honest writers leave, and what it then looks like. */
const KNOWN: ReadonlyMap<number, Check> = new Map<number, Check>([
  [0x0000, padding(0, 0)],
  [ZIP64, upTo(28)],
  [0x0007, upTo(32)],
  [0x0009, upTo(1024)],
  // NTFS: four bytes, and one tag with three times.
  [0x000a, upTo(32)],
  [0x000c, upTo(256)],
  [0x000d, upTo(300)],
  [0x0014, upTo(1024)],
  [0x0015, upTo(1024)],
  [0x0016, upTo(1024)],
  [0x0017, upTo(1024)],
  [0x07c8, upTo(128)],
  [0x2605, upTo(64)],
  [0x2705, upTo(64)],
  [0x334d, upTo(128)],
  // torch aligns its storages: `FB`, filled with `Z`.
  [0x4246, padding(0, 0x5a, 0)],
  [0x4453, upTo(1024)],
  [0x4c41, upTo(1024)],
  // Times and owners of Info-ZIP.
  [0x5455, upTo(13)],
  [0x5855, upTo(12)],
  [UNICODE_COMMENT, () => true],
  [0x6542, upTo(1024)],
  // What libarchive writes for readers of a stream.
  [0x6c78, upTo(64)],
  [UNICODE_NAME, () => true],
  [0x7441, upTo(1024)],
  [0x756e, upTo(300)],
  [0x7855, upTo(8)],
  [0x7875, upTo(24)],
  [AES, upTo(7)],
  // Commons Compress and Android: an alignment, then zeros.
  [0xa11e, padding(2, 0)],
  [0xd935, padding(2, 0)],
  // Open Packaging: a signature, a length, zeros.
  [0xa220, padding(4, 0)],
  // Java marks its archives so; it is empty.
  [0xcafe, upTo(0)],
]);

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
