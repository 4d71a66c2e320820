// SPDX-License-Identifier: Apache-2.0
import type { Bytes, RandomBytes } from '../io/bytes.ts';
import { lookup3 } from './checksum.ts';
import { Fields, Hdf5File, MalformedHdf5 } from './file.ts';

export interface Superblock {
  readonly file: Hdf5File;
  /** Object header of the root group. */
  readonly root: number | undefined;
  /** Object header with messages about the whole file (superblocks 2 and later). */
  readonly extension: number | undefined;
  /** First byte behind everything that the library has allocated, counted in the file. */
  readonly end: number;
  /** Half the capacity of group index nodes, of symbol nodes, and of chunk index nodes. */
  readonly k: { readonly group: number; readonly leaf: number; readonly chunk: number };
}

const SIGNATURE = Uint8Array.of(0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a);
const LONGEST = 128;

/** Section II: the signature is at 0, or at 512, 1024 and so on behind a user block. */
export function findSuperblock(readAt: (offset: number, length: number) => Uint8Array, size: number): number {
  for (let at = 0; at + SIGNATURE.length <= size; at = at === 0 ? 512 : at * 2) {
    const found = readAt(at, SIGNATURE.length);
    if (SIGNATURE.every((byte, i) => found[i] === byte)) return at;
  }
  return -1;
}

/** HDF5 behind a user block; at the first byte its magic announces it. */
export function hdf5BehindUserBlock({ random }: Bytes): string | undefined {
  if (random === undefined) return undefined;
  return findSuperblock((at, length) => random.readAt(at, length), random.size) > 0 ? 'hdf5' : undefined;
}

/** Section II.A. @throws MalformedHdf5 */
export function readSuperblock(bytes: RandomBytes, at: number): Superblock {
  const head = bytes.readAt(at, LONGEST);
  const version = head[8] ?? 255;
  if (version <= 1) return classic(bytes, at, head, version);
  if (version <= 3) return checked(bytes, at, head);
  throw new MalformedHdf5(at + 8, `superblock version ${version} is not known`);
}

/** Versions 0 and 1. */
function classic(bytes: RandomBytes, at: number, head: Uint8Array, version: number): Superblock {
  const file = new Hdf5File(bytes, at, sizesAt(head, 13, at));
  const fields = new Fields(head, at, file.sizes);
  fields.skip(16);
  const leaf = fields.u16();
  const group = fields.u16();
  fields.skip(4);
  const chunk = version === 1 ? fields.u16() : 32;
  if (version === 1) fields.skip(2);
  const base = fields.address() ?? 0;
  fields.address();
  const end = fields.address() ?? 0;
  const driver = fields.address();
  if (driver !== undefined) throw new MalformedHdf5(at, 'the file names a driver, that is other files');
  fields.length();
  const root = fields.address();
  fields.skip(24);
  file.claim(0, fields.at);
  return { file, root, extension: undefined, end: end + at - base, k: { group, leaf, chunk } };
}

/** Versions 2 and 3: no symbol table entry, and a checksum. */
function checked(bytes: RandomBytes, at: number, head: Uint8Array): Superblock {
  const file = new Hdf5File(bytes, at, sizesAt(head, 9, at));
  const fields = new Fields(head, at, file.sizes);
  fields.skip(12);
  const base = fields.address() ?? 0;
  const extension = fields.address();
  const end = fields.address() ?? 0;
  const root = fields.address();
  const sum = lookup3(head.subarray(0, fields.at));
  if (fields.u32() !== sum) throw new MalformedHdf5(at, 'the checksum of the superblock is wrong');
  file.claim(0, fields.at);
  return { file, root, extension, end: end + at - base, k: { group: 16, leaf: 4, chunk: 32 } };
}

function sizesAt(head: Uint8Array, at: number, start: number): { offsets: number; lengths: number } {
  const [offsets = 0, lengths = 0] = head.subarray(at, at + 2);
  const known = (size: number) => size === 2 || size === 4 || size === 8;
  if (!known(offsets) || !known(lengths)) throw new MalformedHdf5(start + at, 'sizes of offsets are not 2, 4 or 8');
  return { offsets, lengths };
}
