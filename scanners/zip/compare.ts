// SPDX-License-Identifier: Apache-2.0
import { isAscii, isUtf8 } from './names.ts';
import { BITS, type CentralEntry, type Entry, type LocalEntry } from './records.ts';

/** Bits in which the two headers may differ: how well it was compressed, and whether a descriptor follows. */
const FREE_BITS = 0x6 | BITS.descriptor;

/** In what the two headers of a member differ, where one reader goes by the one and another by the other. */
export function compareEntries(entry: CentralEntry, local: LocalEntry): string[] {
  const found: string[] = [];
  const differ = (what: string) => void found.push(`${shown(entry.name)}: its local header has another ${what}`);
  if (Buffer.compare(local.rawName, entry.rawName) !== 0) differ(`name, ${shown(local.name)}`);
  if (local.method !== entry.method) differ('method');
  const free = isAscii(entry.rawName) ? FREE_BITS | BITS.utf8 : FREE_BITS;
  if (((local.flags ^ entry.flags) & ~free & 0xffff) !== 0) differ('flags');
  const open = (local.flags & BITS.descriptor) !== 0;
  const same = (a: number, b: number) => a === b || (open && a === 0);
  if (!same(local.compressed, entry.compressed) || !same(local.size, entry.size)) differ('size');
  if (!same(local.crc, entry.crc)) differ('CRC');
  return found;
}

/** What readers take differently of one entry alone. */
export function disagreementsOf(entry: Entry): string[] {
  const name = shown(entry.name);
  const found: string[] = [];
  // Unpackers make a folder of it and drop the content; loaders that ask for the name read it.
  if (/[/\\]$/.test(entry.name) && entry.size > 0) found.push(`${name} is a folder with content`);
  if ((entry.flags & BITS.utf8) !== 0 && !isUtf8(entry.rawName)) found.push(`${name} is said to be UTF-8, and is not`);
  return found;
}

function shown(name: string): string {
  return JSON.stringify(name.slice(0, 120));
}
