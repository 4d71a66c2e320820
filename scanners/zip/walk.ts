// SPDX-License-Identifier: Apache-2.0

import { namesOutside } from '../archive/names.ts';
import { BUDGETS, BudgetHit, type Spending, within } from '../budgets.ts';
import type { Facts } from '../facts.ts';
import type { RandomBytes } from '../io/bytes.ts';
import { payloadName } from '../magic.ts';
import { compareEntries, disagreementsOf } from './compare.ts';
import { directoriesOf, type EndRecord, findEnd } from './end.ts';
import { MemberNames } from './member-names.ts';
import { archiveFromEnd } from './polyglot.ts';
import {
  BITS,
  type CentralEntry,
  descriptorLength,
  type Entry,
  LOCAL_BYTES,
  parseCentral,
  parseLocal,
  SIGNATURES,
  u32At,
} from './records.ts';

/** A way in which some reader sees a member's bytes. Where readers would disagree there are several of one member. */
export interface MemberView {
  readonly name: string;
  readonly offset: number;
  readonly dataStart: number;
  readonly method: number;
  readonly compressed: number;
  /** As declared; absent for what is no member. */
  readonly declared?: { readonly size: number; readonly crc: number };
  /** Its content is the target of a symbolic link. */
  readonly link?: true;
  /** Marked so, or of a method that is nothing else. */
  readonly encrypted?: true;
}

/**
 * Walk the archive as both kinds of reader do: by the central directory, and by the local headers in order. Every byte
 * between the first and the end record belongs to a member, or is reported; what only one reader would see is a member
 * all the same.
 */
export function walkZip(facts: Facts, bytes: RandomBytes, spending: Spending): MemberView[] {
  const walk = new Walk(facts, bytes, spending);
  walk.run();
  return walk.views;
}

const S_IFMT = 0xf000;
const S_IFLNK = 0xa000;
/** Pipes, devices of characters and blocks, sockets (stat(2)). */
const DEVICES: ReadonlySet<number> = new Set([0x1000, 0x2000, 0x6000, 0xc000]);
const AES_METHOD = 99;

class Walk {
  readonly views: MemberView[] = [];
  private readonly facts: Facts;
  private readonly bytes: RandomBytes;
  private readonly spending: Spending;
  private readonly names: MemberNames;
  private viewed = 0;

  constructor(facts: Facts, bytes: RandomBytes, spending: Spending) {
    this.facts = facts;
    this.bytes = bytes;
    this.spending = spending;
    this.names = new MemberNames((code, offset, detail) => this.problem(code, offset, detail));
  }

  run(): void {
    const found = findEnd(this.bytes);
    if (found === undefined) {
      this.problem('zip-no-directory', this.bytes.size, 'there is no end record: only the local headers were read');
      this.gap(0, this.bytes.size);
      return;
    }
    const { record, candidates } = found;
    if (candidates > 1) this.problem('zip-two-directories', record.at, `${candidates} end records lead to a directory`);
    for (const detail of record.disagreements) this.problem('zip-disagreement', record.at, detail);
    if (record.volumes) this.problem('zip-volumes', record.at, 'the end record counts disks');
    const start = this.directoryOf(record);
    const prefix = start - record.directoryOffset;
    const { entries, end } = this.readDirectory(record, start, prefix);
    this.walkMembers(entries, Math.max(0, start), prefix);
    this.names.checkLinks();
    this.readEnd(record, end);
  }

  /** Where the directory begins. When readers would find two of them, the other one's members are read as well. */
  private directoryOf(record: EndRecord): number {
    const before = record.directoryEnd - record.directorySize;
    const [first = before, second] = directoriesOf(this.bytes, record);
    if (second !== undefined) {
      this.problem('zip-two-directories', second, 'where the end record says, and before it, lie two directories');
      this.readOther(second, first);
    } else if (first !== before)
      this.problem('zip-disagreement', record.at, 'the directory does not end where the end record begins');
    return first;
  }

  /** The members of a directory that only some readers find; `prefix` is none for these. */
  private readOther(directory: number, mainStart: number): void {
    for (let at = directory; at !== mainStart; ) {
      const parsed = parseCentral(this.bytes, at);
      if (parsed === undefined) return;
      this.member(parsed.entry, parsed.entry.offset);
      at = parsed.next;
    }
  }

  private readDirectory(record: EndRecord, start: number, prefix: number): { entries: CentralEntry[]; end: number } {
    within('directoryBytes', record.directorySize);
    const entries: CentralEntry[] = [];
    if (start < 0) this.problem('zip-malformed', record.at, 'the directory is longer than the file');
    else if (prefix !== 0)
      this.problem('zip-prefix', 0, `the directory is ${prefix} bytes from where the end record says`);
    let at = Math.max(0, start);
    const end = Math.min(at + record.directorySize, record.directoryEnd);
    while (at < end) {
      const parsed = parseCentral(this.bytes, at);
      if (parsed === undefined) {
        this.problem('zip-malformed', at, 'the directory holds something that is no entry');
        this.view('(inside the directory)', at, end - at);
        at = end;
        break;
      }
      entries.push(parsed.entry);
      within('members', entries.length);
      at = parsed.next;
    }
    if (at > end) this.problem('zip-disagreement', end, 'the last entry runs out of the directory');
    if (entries.length !== record.entries)
      this.problem(
        'zip-disagreement',
        record.at,
        `${entries.length} entries in the directory, ${record.entries} announced`,
      );
    return { entries, end: at };
  }

  private walkMembers(central: readonly CentralEntry[], directory: number, prefix: number): void {
    const placed = central.map((entry) => ({ entry, at: entry.offset + prefix })).sort((a, b) => a.at - b.at);
    let at = 0;
    for (const { entry, at: offset } of placed) {
      this.checkEntry(entry, offset);
      if (offset > at) this.gap(at, Math.min(offset, directory));
      else if (offset < at)
        this.problem('zip-overlap', offset, `${shown(entry.name)} begins inside the member before it`);
      at = Math.max(at, this.member(entry, offset));
    }
    if (at > directory) this.problem('zip-overlap', directory, 'the last member runs into the directory');
    else this.gap(at, directory);
  }

  /** What is wrong with an entry by itself. */
  private checkEntry(entry: CentralEntry, offset: number): void {
    this.names.add(entry, offset, (entry.mode & S_IFMT) === S_IFLNK);
    if (DEVICES.has(entry.mode & S_IFMT)) this.problem('archive-device', offset, `${shown(entry.name)} is a device`);
    if (entry.disk !== 0 && entry.disk !== 0xffff)
      this.problem('zip-volumes', offset, `${shown(entry.name)} is said to be on disk ${entry.disk}`);
    this.checkExtras(entry, entry);
    const { comment, commentAt } = entry;
    if (comment.length > 0) this.checkComment(`(comment of ${entry.name})`, comment, commentAt);
  }

  private checkExtras({ name, extras, extraAt, version }: Entry, central: CentralEntry): void {
    for (const { code, detail } of extras.complaints) this.problem(code, extraAt, `${shown(name)}: ${detail}`);
    for (const { at, length } of extras.unknown) this.view(`(extra field of ${name})`, extraAt + at, length);
    const repeated = [0, central.size, central.compressed, central.offset];
    if (extras.surplus.some((value) => !repeated.includes(value)))
      this.problem('zip-disagreement', extraAt, `${shown(name)}: the zip64 extra field says something else`);
    if ((version & 0xff) > NEWEST_VERSION)
      this.problem('zip-version', extraAt, `${shown(name)} wants version ${version & 0xff} of the format`);
  }

  /** Reads the member that the directory places here; returns where it ends. */
  private member(entry: CentralEntry, offset: number): number {
    const local = parseLocal(this.bytes, offset);
    if (local === undefined) {
      this.problem('zip-disagreement', offset, `${shown(entry.name)} has no local header`);
      return offset;
    }
    for (const detail of compareEntries(entry, local)) this.problem('zip-disagreement', offset, detail);
    for (const detail of disagreementsOf(entry)) this.problem('zip-disagreement', offset, detail);
    this.checkExtras(local, entry);
    const encrypted = ((entry.flags | local.flags) & ENCRYPTED) !== 0 || isAes(entry) || isAes(local);
    if (encrypted) this.problem('zip-encrypted', offset, `${shown(entry.name)} is marked as encrypted`);
    const { dataStart } = local;
    this.push({
      ...{ name: entry.name, offset, dataStart, method: entry.method, compressed: entry.compressed },
      declared: { size: entry.size, crc: entry.crc },
      ...((entry.mode & S_IFMT) === S_IFLNK ? { link: true } : {}),
      ...(encrypted ? { encrypted: true } : {}),
    });
    const end = dataStart + entry.compressed;
    const otherMethod = local.method !== entry.method;
    const otherSize = local.compressed !== entry.compressed && local.compressed > 0;
    if (otherMethod || otherSize)
      this.push({
        name: `${local.name} (by its local header)`,
        offset,
        dataStart,
        method: local.method,
        compressed: otherSize ? local.compressed : entry.compressed,
      });
    if ((local.flags & BITS.descriptor) === 0) return end;
    const descriptor = descriptorLength(this.bytes, end, entry);
    // Writers that announce a descriptor leave it out where there is nothing to describe.
    if (descriptor === 0 && (entry.compressed > 0 || entry.crc !== 0))
      this.problem('zip-disagreement', end, `${shown(entry.name)}: no data descriptor that fits`);
    return end + descriptor;
  }

  /** Bytes that the directory does not account for: members that only a reader of local headers sees, or anything. */
  private gap(from: number, to: number): void {
    let at = from;
    while (at < to) {
      const local = parseLocal(this.bytes, at);
      if (local === undefined) {
        const next = this.nextLocalHeader(at + 1, to);
        this.other(at, next - at);
        at = next;
        continue;
      }
      this.problem('zip-hidden-member', at, `${shown(local.name)} is not in the central directory`);
      if (namesOutside(local.name))
        this.problem('archive-traversal', at, `member ${shown(local.name)} leaves the folder`);
      const open = local.compressed === 0 && (local.flags & BITS.descriptor) !== 0;
      const compressed = Math.min(open ? to - local.dataStart : local.compressed, to - local.dataStart);
      if (compressed > 0)
        this.push({ name: local.name, offset: at, dataStart: local.dataStart, method: local.method, compressed });
      at = Math.max(at + LOCAL_BYTES, local.dataStart + Math.max(0, compressed));
    }
  }

  private other(at: number, length: number): void {
    const region = this.bytes.slice(at, length);
    if (isZero(region)) {
      this.problem('zip-padding', at, `${length} zero bytes between members`);
      return;
    }
    const first = u32At(region.readAt(0, 4), 0);
    if (first === SIGNATURES.central || first === SIGNATURES.end || first === SIGNATURES.zip64End)
      this.problem('zip-two-directories', at, 'a part of another directory lies between the members');
    else this.problem('zip-gap', at, `${length} bytes that belong to no member`);
    this.view(`(bytes at ${at})`, at, length);
  }

  private nextLocalHeader(from: number, to: number): number {
    const step = 256 * 1024;
    for (let at = from; at < to; at += step) {
      const chunk = Buffer.from(this.bytes.readAt(at, Math.min(step + 3, to - at)));
      const found = chunk.indexOf('PK\x03\x04', 0, 'latin1');
      if (found >= 0) return at + found;
    }
    return to;
  }

  private readEnd(record: EndRecord, directoryEnd: number): void {
    this.gap(directoryEnd, record.directoryEnd);
    if (record.zip64End !== undefined) this.checkZip64Region(record, record.zip64End);
    if (record.comment.length > 0) this.checkComment('(archive comment)', record.comment, record.at + 22);
    if (record.end >= this.bytes.size) return;
    const tail = this.bytes.slice(record.end, this.bytes.size - record.end);
    // Some tar programs write zips in whole blocks.
    if (tail.size < 64 * 1024 && isZero(tail)) {
      this.problem('zip-padding', record.end, `${tail.size} zero bytes after the archive`);
      return;
    }
    const payload = payloadName(tail.head());
    if (payload) this.problem('trailing-payload', record.end, `${payload} after the archive`);
    else this.problem('zip-tail', record.end, `${tail.size} bytes after the archive`);
    this.view('(after the archive)', record.end, tail.size);
  }

  /** Between the zip64 end record and the end record only its locator (20 bytes) has a place. */
  private checkZip64Region(record: EndRecord, zip64End: number): void {
    const plainEnd = record.directoryEnd + 56;
    if (zip64End !== plainEnd)
      this.problem('zip-gap', record.directoryEnd, 'the zip64 end record has another length than the format gives it');
    if (record.at - 20 > plainEnd) this.gap(plainEnd, record.at - 20);
  }

  /** Comments are text. Nobody loads them, so that anything else there waits for another program. */
  private checkComment(name: string, comment: Uint8Array, at: number): void {
    const region = this.bytes.slice(at, comment.length);
    const payload = payloadName(comment) ?? (archiveFromEnd(region) && 'an archive');
    if (payload !== undefined) this.problem('zip-payload', at, `${shown(name)} holds ${payload}`);
    else if (comment.includes(0)) this.problem('zip-gap', at, `${shown(name)} is no text`);
    this.view(name, at, comment.length);
  }

  /** Bytes that are no member are looked at all the same. */
  private view(name: string, offset: number, compressed: number): void {
    this.push({ name, offset, dataStart: offset, method: 0, compressed });
  }

  private push(view: MemberView): void {
    this.spending.spend('members', 1);
    this.views.push(view);
    // A hundred thousand members may all be the same gigabytes: reading them would never end.
    this.viewed += this.bytes.slice(view.dataStart, view.compressed).size;
    if (this.viewed > this.bytes.size * BUDGETS.reads)
      throw new BudgetHit('reads', Math.ceil(this.viewed / this.bytes.size));
  }

  private problem(code: string, offset: number, detail: string): void {
    // A directory may place things before the file's own beginning.
    this.facts.problems.push({ code, offset: Math.max(0, offset), detail });
    within('facts', this.facts.problems.length);
  }
}

/** APPNOTE.TXT 4.4.3.2 ends at 6.3. */
const NEWEST_VERSION = 63;
const ENCRYPTED = BITS.encrypted | BITS.strong | BITS.masked;

function isAes(entry: Entry): boolean {
  return entry.method === AES_METHOD || entry.extras.aes;
}

function isZero(bytes: RandomBytes): boolean {
  for (let at = 0; at < bytes.size; at += 256 * 1024)
    if (bytes.readAt(at, 256 * 1024).some((byte) => byte !== 0)) return false;
  return true;
}

function shown(name: string): string {
  return JSON.stringify(name.slice(0, 120));
}
