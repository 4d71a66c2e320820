// SPDX-License-Identifier: Apache-2.0
import { BUDGETS, BudgetHit, type Spending, within } from '../budgets.ts';
import type { Facts } from '../facts.ts';
import { namesOutside } from '../formats/names.ts';
import type { RandomBytes } from '../io/bytes.ts';
import {
  type CentralEntry,
  descriptorLength,
  type EndRecord,
  findEnd,
  type LocalEntry,
  parseCentral,
  parseLocal,
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

const BIT_ENCRYPTED = 0x1;
const BIT_DESCRIPTOR = 0x8;
const S_IFMT = 0xf000;
const S_IFLNK = 0xa000;

class Walk {
  readonly views: MemberView[] = [];
  private readonly facts: Facts;
  private readonly bytes: RandomBytes;
  private readonly spending: Spending;
  private viewed = 0;
  private readonly names = new Map<string, string>();

  constructor(facts: Facts, bytes: RandomBytes, spending: Spending) {
    this.facts = facts;
    this.bytes = bytes;
    this.spending = spending;
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
    if (record.zip64Differs) this.problem('zip-disagreement', record.at, 'the zip64 end record says something else');
    const start = record.directoryEnd - record.directorySize;
    const prefix = start - record.directoryOffset;
    const central = this.readDirectory(record, start, prefix);
    this.walkMembers(central, Math.max(0, start), prefix);
    this.readEnd(record);
  }

  private readDirectory(record: EndRecord, start: number, prefix: number): CentralEntry[] {
    within('directoryBytes', record.directorySize);
    const entries: CentralEntry[] = [];
    if (start < 0) this.problem('zip-malformed', record.at, 'the directory is longer than the file');
    else if (prefix !== 0)
      this.problem('zip-prefix', 0, `the directory is ${prefix} bytes from where the end record says`);
    let at = Math.max(0, start);
    while (at < record.directoryEnd) {
      const parsed = parseCentral(this.bytes, at);
      if (parsed === undefined) {
        this.problem('zip-malformed', at, 'the directory holds something that is no entry');
        this.view('(inside the directory)', at, record.directoryEnd - at);
        break;
      }
      entries.push(parsed.entry);
      within('members', entries.length);
      at = parsed.next;
    }
    if (entries.length !== record.entries)
      this.problem(
        'zip-disagreement',
        record.at,
        `${entries.length} entries in the directory, ${record.entries} announced`,
      );
    return entries;
  }

  private walkMembers(central: readonly CentralEntry[], directory: number, prefix: number): void {
    const placed = central.map((entry) => ({ entry, at: entry.offset + prefix })).sort((a, b) => a.at - b.at);
    let at = 0;
    for (const { entry, at: offset } of placed) {
      this.checkName(entry, offset);
      if (offset > at) this.gap(at, Math.min(offset, directory));
      else if (offset < at)
        this.problem('zip-overlap', offset, `${shown(entry.name)} begins inside the member before it`);
      at = Math.max(at, this.member(entry, offset));
    }
    if (at > directory) this.problem('zip-overlap', directory, 'the last member runs into the directory');
    else this.gap(at, directory);
  }

  /** Reads the member that the directory places here; returns where it ends. */
  private member(entry: CentralEntry, offset: number): number {
    const local = parseLocal(this.bytes, offset);
    if (local === undefined) {
      this.problem('zip-disagreement', offset, `${shown(entry.name)} has no local header`);
      return offset;
    }
    this.compare(entry, local, offset);
    const declared = { size: entry.size, crc: entry.crc };
    const { dataStart } = local;
    this.push({ name: entry.name, offset, dataStart, method: entry.method, compressed: entry.compressed, declared });
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
    if ((local.flags & BIT_DESCRIPTOR) === 0) return end;
    const descriptor = descriptorLength(this.bytes, end, entry);
    if (descriptor === 0) this.problem('zip-disagreement', end, `${shown(entry.name)}: no data descriptor that fits`);
    return end + descriptor;
  }

  private compare(entry: CentralEntry, local: LocalEntry, offset: number): void {
    const differ = (what: string) =>
      this.problem('zip-disagreement', offset, `${shown(entry.name)}: its local header has another ${what}`);
    if (local.name !== entry.name) differ(`name, ${shown(local.name)}`);
    if (local.method !== entry.method) differ('method');
    // Bit 3 may be set on one side only; encryption and the rest may not.
    if ((local.flags & ~BIT_DESCRIPTOR & 0xffff) !== (entry.flags & ~BIT_DESCRIPTOR & 0xffff)) differ('flags');
    if (((local.flags | entry.flags) & BIT_ENCRYPTED) !== 0)
      this.problem('zip-encrypted', offset, `${shown(entry.name)} is marked as encrypted`);
    const open = (local.flags & BIT_DESCRIPTOR) !== 0;
    const same = (a: number, b: number) => a === b || (open && a === 0);
    if (!same(local.compressed, entry.compressed) || !same(local.size, entry.size)) differ('size');
    if (!same(local.crc, entry.crc)) differ('CRC');
  }

  private checkName(entry: CentralEntry, offset: number): void {
    const { name } = entry;
    if (namesOutside(name)) this.problem('archive-traversal', offset, `member ${shown(name)} leaves the folder`);
    if (name.includes('\0')) this.problem('zip-malformed', offset, `member ${shown(name)} has a NUL in its name`);
    if ((entry.mode & S_IFMT) === S_IFLNK) this.problem('archive-link', offset, `${shown(name)} is a symbolic link`);
    const folded = name.toLowerCase().replace(/\\/g, '/');
    const earlier = this.names.get(folded);
    if (earlier !== undefined) this.problem('zip-duplicate', offset, `${shown(name)} is there twice`);
    this.names.set(folded, name);
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
      const open = local.compressed === 0 && (local.flags & BIT_DESCRIPTOR) !== 0;
      const compressed = Math.min(open ? to - local.dataStart : local.compressed, to - local.dataStart);
      if (compressed > 0)
        this.push({ name: local.name, offset: at, dataStart: local.dataStart, method: local.method, compressed });
      at = Math.max(at + 30, local.dataStart + Math.max(0, compressed));
    }
  }

  private other(at: number, length: number): void {
    if (isZero(this.bytes.slice(at, length))) this.problem('zip-padding', at, `${length} zero bytes between members`);
    else {
      this.problem('zip-gap', at, `${length} bytes that belong to no member`);
      this.view(`(bytes at ${at})`, at, length);
    }
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

  private readEnd(record: EndRecord): void {
    if (record.directoryEnd < record.at) this.checkZip64Region(record);
    if (record.comment.length > 0) this.view('(archive comment)', record.at + 22, record.comment.length);
    if (record.comment.length > 0 && record.comment.includes(0))
      this.problem('zip-gap', record.at + 22, 'the archive comment is no text');
    if (record.end >= this.bytes.size) return;
    this.problem('zip-tail', record.end, `${this.bytes.size - record.end} bytes after the archive`);
    this.view('(after the archive)', record.end, this.bytes.size - record.end);
  }

  /** Between the directory and the end record only the zip64 record (56 bytes) and its locator (20) have a place. */
  private checkZip64Region(record: EndRecord): void {
    const length = record.at - record.directoryEnd;
    if (length === 76) return;
    this.problem('zip-gap', record.directoryEnd, `${length} bytes between the directory and the end record`);
    this.view('(before the end record)', record.directoryEnd, length);
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

function isZero(bytes: RandomBytes): boolean {
  for (let at = 0; at < bytes.size; at += 256 * 1024)
    if (bytes.readAt(at, 256 * 1024).some((byte) => byte !== 0)) return false;
  return true;
}

function shown(name: string): string {
  return JSON.stringify(name.slice(0, 120));
}
