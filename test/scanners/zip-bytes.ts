// SPDX-License-Identifier: Apache-2.0
import { crc32, deflateRawSync } from 'node:zlib';
import { raw, u16, u32, u64 } from './pickle-bytes.ts';

/** A member as the two places describe it; what is left out is told truthfully. */
export interface MemberSpec {
  readonly name: string;
  /** The bytes of the name, where they are not UTF-8. */
  readonly rawName?: Uint8Array;
  readonly data: Uint8Array;
  readonly deflate?: boolean;
  readonly crc?: number;
  readonly flags?: number;
  /** What the local header says instead. */
  readonly local?: {
    readonly name?: string;
    readonly flags?: number;
    readonly size?: number;
    readonly method?: number;
    readonly compressed?: number;
    readonly extra?: Uint8Array;
  };
  readonly central?: {
    readonly size?: number;
    readonly compressed?: number;
    readonly mode?: number;
    readonly extra?: Uint8Array;
    readonly comment?: Uint8Array;
    readonly disk?: number;
    readonly offset?: number;
    readonly version?: number;
  };
  /** Extra fields of both headers. */
  readonly extra?: Uint8Array;
  /** After the data instead of what is true. */
  readonly descriptorBytes?: Uint8Array;
  readonly method?: number;
  /** Only local: no entry in the directory. */
  readonly hidden?: boolean;
  /** Sizes after the data, as a stream writes them. */
  readonly descriptor?: boolean;
  readonly before?: Uint8Array;
  readonly zip64?: boolean;
}

export interface ZipSpec {
  readonly prefix?: Uint8Array;
  /** Where the archive begins, when its offsets count from the start of the file around it. */
  readonly base?: number;
  readonly comment?: Uint8Array;
  readonly tail?: Uint8Array;
  readonly entries?: number;
  readonly entriesHere?: number;
  readonly disk?: number;
  /** Between the directory and the end record. */
  readonly beforeEnd?: Uint8Array;
  readonly zip64Entries?: number;
  readonly zip64End?: boolean;
}

/** A zip written record by record, truthfully or not. */
export function zipOf(members: readonly MemberSpec[], spec: ZipSpec = {}): Buffer {
  const locals: Uint8Array[] = [];
  const centrals: Uint8Array[] = [];
  let offset = spec.base ?? 0;
  for (const member of members) {
    const before = member.before ?? raw();
    const local = localRecord(member);
    if (!member.hidden) centrals.push(centralRecord(member, offset + before.length));
    locals.push(before, local);
    offset += before.length + local.length;
  }
  const directory = Buffer.concat(centrals);
  const count = spec.entries ?? centrals.length;
  const end = endRecords(count, directory.length, offset, spec);
  return raw(spec.prefix ?? raw(), ...locals, directory, end, spec.tail ?? raw());
}

function localRecord(member: MemberSpec): Buffer {
  const { data, local = {} } = member;
  const packed = packedOf(member);
  const name = Buffer.from(local.name ?? member.rawName ?? member.name);
  const flags = (local.flags ?? member.flags ?? 0) | (member.descriptor ? 8 : 0);
  const crc = member.crc ?? crc32(data);
  const sizes = member.descriptor ? [0, 0, 0] : [crc, local.compressed ?? packed.length, local.size ?? data.length];
  const more = local.extra ?? member.extra ?? raw();
  const extra = raw(member.zip64 ? raw(u16(1), u16(16), u64(data.length), u64(packed.length)) : raw(), more);
  const [c = 0, p = 0, s = 0] = member.zip64 ? [crc, 0xffffffff, 0xffffffff] : sizes;
  const method = local.method ?? methodOf(member);
  const head = raw('PK\x03\x04', u16(20), u16(flags), u16(method), u32(0), u32(c), u32(p), u32(s));
  const described = member.descriptorBytes ?? raw('PK\x07\x08', u32(crc), u32(packed.length), u32(data.length));
  const tail = member.descriptor ? described : raw();
  return raw(head, u16(name.length), u16(extra.length), name, extra, packed, tail);
}

function centralRecord(member: MemberSpec, offset: number): Buffer {
  const { data, central = {} } = member;
  const name = Buffer.from(member.rawName ?? member.name);
  const comment = central.comment ?? raw();
  const flags = (member.flags ?? 0) | (member.descriptor ? 8 : 0);
  const compressed = central.compressed ?? packedOf(member).length;
  const size = central.size ?? data.length;
  const more = central.extra ?? member.extra ?? raw();
  const extra = raw(member.zip64 ? raw(u16(1), u16(16), u64(size), u64(compressed)) : raw(), more);
  const [p, s] = member.zip64 ? [0xffffffff, 0xffffffff] : [compressed, size];
  const head = raw('PK\x01\x02', u16(0x0314), u16(central.version ?? 20), u16(flags), u16(methodOf(member)), u32(0));
  const sizes = raw(
    u32(member.crc ?? crc32(data)),
    u32(p),
    u32(s),
    u16(name.length),
    u16(extra.length),
    u16(comment.length),
  );
  const place = raw(u16(central.disk ?? 0), u16(0), u32(((central.mode ?? 0o100644) << 16) >>> 0));
  return raw(head, sizes, place, u32(central.offset ?? offset), name, extra, comment);
}

function endRecords(count: number, size: number, offset: number, spec: ZipSpec): Buffer {
  const comment = spec.comment ?? raw();
  const zip64 = raw(
    'PK\x06\x06',
    u64(44),
    u16(45),
    u16(45),
    u32(0),
    u32(0),
    u64(spec.zip64Entries ?? count),
    u64(spec.zip64Entries ?? count),
    u64(size),
    u64(offset),
  );
  const locator = raw('PK\x06\x07', u32(0), u64(offset + size), u32(1));
  const plain = raw(
    'PK\x05\x06',
    u16(spec.disk ?? 0),
    u16(0),
    u16(spec.entriesHere ?? count),
    u16(count),
    u32(size),
    u32(offset),
  );
  return raw(spec.beforeEnd ?? raw(), spec.zip64End ? raw(zip64, locator) : raw(), plain, u16(comment.length), comment);
}

function methodOf(member: MemberSpec): number {
  return member.method ?? (member.deflate ? 8 : 0);
}

function packedOf(member: MemberSpec): Uint8Array {
  return member.deflate ? deflateRawSync(member.data) : member.data;
}
