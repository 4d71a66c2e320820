// SPDX-License-Identifier: Apache-2.0
import { crc32 } from 'node:zlib';
import { linkProblem } from '../archive/names.ts';
import { BudgetHit } from '../budgets.ts';
import type { Decode } from '../compression/index.ts';
import { zipLzma } from '../compression/lzma.ts';
import { type Facts, type MemberFacts, newFacts } from '../facts.ts';
import type { Bytes, RandomBytes } from '../io/bytes.ts';
import { type Compression, inflate } from '../io/inflate.ts';
import { isKerasArchive, isKerasMember } from '../keras/archive.ts';
import type { Storage } from '../pickle/storages.ts';
import { isTorchscript, readScriptMember } from '../torchscript/archive.ts';
import { isExported, readExportedMember } from '../torchscript/exported.ts';
import { chainedArchives, type Part } from '../zip/chain.ts';
import { type MemberView, walkZip } from '../zip/walk.ts';
import type { Context, Extractor } from './context.ts';

/**
 * Every member that any reader would see. Pickles come first: the tensor storages they refer to, with the length they
 * say, are data and are not sniffed, since weights may look like anything.
 */
export const zip: Extractor = async (facts, bytes, context) => {
  if (bytes.random === undefined) throw new BudgetHit('heldTogether', bytes.size);
  const parts = chainedArchives(bytes.random);
  if (parts.length > 0) return readParts(facts, bytes.random, parts, context);
  const views = walkZip(facts, bytes.random, context.spending).filter((view) => !isFolder(view));
  const names = views.map((view) => view.name);
  facts.format = formatOf(names);
  if (facts.format === 'keras-zip')
    for (const { name, offset } of views)
      if (!isKerasMember(name))
        facts.problems.push({ code: 'keras-member', offset, detail: JSON.stringify(name.slice(0, 200)) });
  if (facts.format === 'torch-package')
    facts.problems.push({ code: 'torch-package', detail: 'its objects are made by the modules beside them' });
  facts.members = [];
  const state: ArchiveState = { storages: new Map(), readers: memberReaders(names) };
  for (const view of pickleFirst(views)) await readMember(facts, bytes.random, view, state, context);
  const missing = [...state.storages.keys()].find((path) => !names.includes(path));
  if (missing !== undefined) problem(facts, 'torch-storage', `${JSON.stringify(missing.slice(0, 200))} is not there`);
};

interface ArchiveState {
  /** Paths of tensor storages, with the length that a pickle says. */
  readonly storages: Map<string, number>;
  readonly readers: readonly MemberReader[];
}

/** Says more of a member than its content does by itself. */
type MemberReader = (member: MemberFacts, bytes: Bytes) => Promise<void>;

/** One archive can be of several kinds: which of them counts is told by the program that loads it. */
function memberReaders(names: readonly string[]): readonly MemberReader[] {
  return [...(isTorchscript(names) ? [readScriptMember] : []), ...(isExported(names) ? [readExportedMember] : [])];
}

/** Archives in a row are what torch.distributed.checkpoint writes, if each holds what torch.save has written. */
async function readParts(facts: Facts, bytes: RandomBytes, parts: readonly Part[], context: Context): Promise<void> {
  facts.format = 'torch-distributed';
  facts.members = [];
  for (const [i, { start, size }] of parts.entries()) {
    context.spending.spend('members', 1);
    const member: MemberFacts = { ...newFacts('unknown', size), name: `(archive ${i + 1})`, offset: start };
    facts.members.push(member);
    await context.extractInner(member, bytes.slice(start, size));
    if (member.format !== 'torch-zip') problem(member, 'zip-prefix', 'an archive among others');
  }
}

function isFolder(view: MemberView): boolean {
  return view.name.endsWith('/') && view.compressed === 0;
}

function formatOf(names: readonly string[]): string {
  if (names.some((name) => /^(?:[^/]+\/)?\.data\/extern_modules$/.test(name))) return 'torch-package';
  if (isExported(names)) return 'torch-export';
  if (names.some((name) => /^(?:[^/]+\/)?data\.pkl$/.test(name)))
    return isTorchscript(names) ? 'torchscript' : 'torch-zip';
  if (isKerasArchive(names)) return 'keras-zip';
  if (names.includes('schema.json') && names.every((name) => SKOPS_MEMBER.test(name))) return 'skops';
  if (names.includes('MAR-INF/MANIFEST.json')) return 'mar';
  return names.length > 0 && names.every((name) => name.endsWith('.npy')) ? 'npz' : 'zip';
}

/** The document of the nodes, and the arrays that they refer to. */
const SKOPS_MEMBER = /^schema\.json$|^[^/]+\.np[yz]$/;

function pickleFirst(views: readonly MemberView[]): readonly MemberView[] {
  const isPickle = (view: MemberView) => view.name.endsWith('.pkl');
  return [...views.filter(isPickle), ...views.filter((view) => !isPickle(view))];
}

async function readMember(
  facts: Facts,
  archive: RandomBytes,
  view: MemberView,
  { storages, readers }: ArchiveState,
  context: Context,
): Promise<void> {
  const raw = archive.slice(view.dataStart, view.compressed);
  const member: MemberFacts = {
    ...newFacts('unknown', view.declared?.size ?? raw.size),
    name: view.name,
    offset: view.offset,
  };
  facts.members?.push(member);
  if (raw.size < view.compressed) problem(member, 'zip-malformed', 'the member is longer than the archive');
  const isStorage = view.method === 0 && view.declared?.size === raw.size && storages.get(view.name) === raw.size;
  const bytes = isStorage ? raw : await content(member, view, raw, context);
  if (bytes === undefined) return readStored(facts, view, raw, context);
  member.size = bytes.size;
  if (view.link) readLink(facts, view, bytes);
  if (view.declared && bytes.size !== view.declared.size && !isCipher(view))
    problem(member, 'zip-disagreement', `${view.declared.size} bytes are announced, ${bytes.size} came out`);
  if (storages.get(view.name) === bytes.size) {
    member.format = 'storage';
    member.storage = true;
    return;
  }
  if (storages.has(view.name)) problem(member, 'torch-storage', 'its length is not what the pickle says');
  const found: Storage[] = [];
  await context.extractInner(member, bytes, found);
  for (const read of readers) await read(member, bytes);
  const path = facts.format === 'torch-package' ? packagedPath : storagePath;
  for (const storage of found) storages.set(path(view.name, storage.key), storage.bytes);
}

/** What can not be unpacked may not be packed at all: readers that pass over the method take it as it is. */
async function readStored(facts: Facts, view: MemberView, raw: RandomBytes, context: Context): Promise<void> {
  const name = `${view.name} (as it is stored)`;
  const stored: MemberFacts = { ...newFacts('unknown', raw.size), name, offset: view.offset };
  facts.members?.push(stored);
  await context.extractInner(stored, raw);
}

/** `archive/data.pkl` keeps its storages in `archive/data/`, TorchScript's other pickles in `constants/`. */
function storagePath(pickle: string, key: string): string {
  return `${pickle.replace(/\bbytecode\.pkl$/, 'constants').replace(/\.pkl$/, '')}/${key}`;
}

/** All pickles of a package keep their storages in `.data/`. */
function packagedPath(pickle: string, key: string): string {
  return `${pickle.split('/', 1)[0]}/.data/${key}.storage`;
}

/** What a link leads to is the member's content. */
function readLink(facts: Facts, view: MemberView, bytes: Bytes): void {
  const target = Buffer.from(bytes.head().subarray(0, 4096)).toString('utf8');
  facts.problems.push({ ...linkProblem(view.name, target, 'a symbolic link'), offset: view.offset });
}

/** Encrypted data of the traditional kind is twelve bytes longer. */
function isCipher({ encrypted, method, compressed, declared }: MemberView): boolean {
  return encrypted === true && method === 0 && compressed === (declared?.size ?? 0) + 12;
}

/** The member's bytes, decompressed and checked; `undefined` when they can not be had. */
async function content(
  member: MemberFacts,
  view: MemberView,
  raw: RandomBytes,
  context: Context,
): Promise<Bytes | undefined> {
  if (view.method === 0) {
    checkCrc(member, view, storedCrc(view, raw));
    return raw;
  }
  const compression = decoderOf(view);
  if (compression === undefined) {
    member.format = 'unreadable';
    problem(member, 'zip-method', `compression method ${view.method} is not read`);
    return undefined;
  }
  const inflated = await inflate(raw, compression, context.spending);
  for (const detail of inflated.doubts) problem(member, 'compressed-doubt', detail);
  if (inflated.broken) problem(member, 'compressed-broken', inflated.broken);
  else if (inflated.consumed < raw.size)
    problem(member, 'zip-gap', `${raw.size - inflated.consumed} bytes after the member's compressed stream`);
  checkCrc(member, view, inflated.crc);
  return inflated.bytes;
}

/** APPNOTE.TXT 4.4.5; 20 is what some writers used for zstd before it had a number. */
const METHODS: Readonly<Record<number, Compression>> = {
  8: 'deflate',
  9: 'deflate64',
  12: 'bzip2',
  20: 'zstd',
  93: 'zstd',
  95: 'xz',
};

function decoderOf(view: MemberView): Compression | Decode | undefined {
  return view.method === 14 ? zipLzma(view.declared?.size) : METHODS[view.method];
}

function storedCrc(view: MemberView, raw: RandomBytes): number {
  if (view.declared === undefined) return 0;
  let crc = 0;
  for (let at = 0; at < raw.size; at += CRC_STEP) crc = crc32(raw.readAt(at, CRC_STEP), crc);
  return crc;
}

const CRC_STEP = 1024 * 1024;

/** Strict readers stop at a wrong CRC, torch does not: it never ends the scan. */
function checkCrc(member: MemberFacts, view: MemberView, crc: number): void {
  // Loaders ignore the mark and read on, other programs ask for a password: no honest writer does that.
  if (view.encrypted && view.declared?.crc === crc && view.declared.size > 0)
    problem(member, 'zip-false-encryption', 'it is marked as encrypted, and is not');
  if (view.declared && view.declared.crc !== crc) problem(member, 'zip-crc', 'its CRC is wrong');
}

function problem(facts: Facts, code: string, detail: string): void {
  facts.problems.push({ code, detail });
}
