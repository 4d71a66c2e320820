// SPDX-License-Identifier: Apache-2.0
import { BudgetHit, type BudgetName } from '../budgets.ts';
import { type Facts, type MemberFacts, newFacts } from '../facts.ts';
import type { Attribute } from '../hdf5/attributes.ts';
import type { Dataset } from '../hdf5/dataset.ts';
import { Fields, MalformedHdf5 } from '../hdf5/file.ts';
import { MESSAGE, type Message } from '../hdf5/header.ts';
import { GlobalHeap } from '../hdf5/heaps.ts';
import type { Link } from '../hdf5/links.ts';
import { findSuperblock, readSuperblock, type Superblock } from '../hdf5/superblock.ts';
import { attributeValues, type Content, contentOf } from '../hdf5/values.ts';
import { virtualSources } from '../hdf5/virtual.ts';
import { gapsOf, type Hdf5Listener, walkHdf5 } from '../hdf5/walk.ts';
import { RandomBytes } from '../io/bytes.ts';
import { isPickleStart, payloadName } from '../magic.ts';
import { addProblem } from '../problems.ts';
import { UseList } from '../uses.ts';
import { findEnd } from '../zip/end.ts';
import type { Context, Extractor } from './context.ts';

const GAPS = 100_000;
const SMALLEST_GAP = 16;
/** How far into free space the first byte that is not zero is looked for. */
const GAP_HEAD = 64 * 1024;
/** The longest attribute or text that is read as a document; Keras models with thousands of layers have 10 MB. */
const VALUE_BYTES = 64 * 1024 * 1024;
/** Declared and stored bytes of a dataset whose reading would take all memory, as Keras itself draws the line. */
const BOMB_BYTES = 4 * 1024 ** 3;
const BOMB_RATIO = 1000;

/**
 * HDF5 File Format Specification 3.0, as much of it as says what a reader would open, run or unpack: superblocks 0 to
 * 3, object headers, groups of both kinds, attributes, layouts, chunk indexes, filters. Written here because the
 * packages there are do not fit: those in JavaScript trust every offset they read and load the file whole, and the C
 * library as WebAssembly is megabytes of memory-unsafe code that wants a file system.
 */
export const hdf5: Extractor = async (facts, bytes, context) => {
  if (bytes.random === undefined) throw new BudgetHit('heldTogether', bytes.size);
  const reader = new Hdf5Reader(facts, bytes.random, context);
  try {
    await reader.read();
  } catch (error) {
    if (!(error instanceof MalformedHdf5)) throw error;
    reader.malformed('/', error);
  }
};

/** Something inside that may be a document, an archive or a pickle. */
interface Inner {
  readonly name: string;
  readonly offset: number;
  readonly bytes: RandomBytes;
}

class Hdf5Reader implements Hdf5Listener {
  private readonly facts: Facts;
  private readonly bytes: RandomBytes;
  private readonly context: Context;
  private readonly uses: UseList;
  private readonly inner: Inner[] = [];
  private heap: GlobalHeap | undefined;
  private superblock: Superblock | undefined;
  /** Attributes and groups that Keras writes into its files. */
  private isKeras = false;
  private readonly outside: { name: string; at: string }[] = [];

  constructor(facts: Facts, bytes: RandomBytes, context: Context) {
    this.facts = facts;
    this.bytes = bytes;
    this.context = context;
    this.uses = new UseList(facts);
  }

  async read(): Promise<void> {
    const start = findSuperblock((at, length) => this.bytes.readAt(at, length), this.bytes.size);
    await this.userBlock(start);
    const superblock = readSuperblock(this.bytes, start);
    this.superblock = superblock;
    this.heap = new GlobalHeap(superblock.file);
    walkHdf5(superblock, this);
    if (this.isKeras) for (const { name, at } of this.outside) this.uses.add('keras-h5-outside', name, at);
    for (const inner of this.inner) await this.readInner(inner);
    await this.tail(superblock.end);
    await this.gaps(superblock);
  }

  spend(budget: BudgetName, amount: number): void {
    this.context.spending.spend(budget, amount);
  }

  malformed(path: string, error: MalformedHdf5): void {
    this.problem('hdf5-malformed', `${path}: ${error.message}`, error.offset);
  }

  message(path: string, { type, fields }: Message): void {
    if (type === MESSAGE.driver)
      this.problem('hdf5-malformed', 'the file names a driver, that is other files', fields.start);
    if (type === MESSAGE.cacheImage || type === MESSAGE.sharedTable)
      this.problem('hdf5-unread', `${path}: message type ${type} is not read`, fields.start);
    if (type !== MESSAGE.treeK || this.superblock === undefined) return;
    fields.skip(1);
    Object.assign(this.superblock.k, { chunk: fields.u16(), group: fields.u16(), leaf: fields.u16() });
  }

  attribute(path: string, attribute: Attribute): void {
    if (path === '/' && KERAS_ATTRIBUTES.has(attribute.name)) this.isKeras = true;
    if (this.superblock === undefined || this.heap === undefined) return;
    for (const value of attributeValues(this.superblock.file, this.heap, attribute))
      this.value(`(attribute ${attribute.name.slice(0, 100)} of ${path})`, attribute.data.start, value, true);
  }

  link(path: string, link: Link): void {
    const at = `${path === '/' ? '' : path}/${link.name}`;
    if (path === '/' && KERAS_GROUPS.has(link.name)) this.isKeras = true;
    if (link.kind === 'external') this.leadsOutside('hdf5-external-link', link.file, at);
    if (link.kind === 'user') this.uses.add('hdf5-user-link', `type ${link.type}`, at);
    if (link.kind === 'soft') this.uses.add('hdf5-soft-link', link.target, at);
  }

  dataset(path: string, dataset: Dataset): void {
    const { layout, filters, declared, stored } = dataset;
    if (dataset.broken) this.malformed(path, dataset.broken);
    for (const name of dataset.externalFiles) this.leadsOutside('hdf5-external-file', name, path);
    for (const filter of filters) this.uses.add('hdf5-filter', String(filter.id), path);
    if (layout.kind === 'virtual') this.virtual(path, layout);
    else if (declared > BOMB_BYTES && declared > stored * BOMB_RATIO && dataset.externalFiles.length === 0)
      this.problem('hdf5-bomb', `${path} announces ${size(declared)}, and the file holds ${size(stored)} of it`);
    if (this.superblock === undefined || this.heap === undefined) return;
    this.content(
      path,
      layout.kind === 'contiguous' ? layout.address : undefined,
      contentOf(this.superblock.file, this.heap, dataset),
    );
  }

  private virtual(path: string, { address, index }: { address: number | undefined; index: number }): void {
    const { file } = this.superblock as Superblock;
    if (address === undefined) return;
    const block = this.heap?.value(address, index) ?? new Uint8Array(0);
    for (const source of virtualSources(new Fields(block, file.base + address, file.sizes)))
      this.leadsOutside('hdf5-virtual-source', source.file, path);
  }

  private leadsOutside(scheme: string, name: string, at: string): void {
    this.uses.add(scheme, name, at);
    this.outside.push({ name, at });
  }

  private content(path: string, address: number | undefined, { whole, values, unread }: Content): void {
    const offset = this.superblock && address !== undefined ? this.superblock.file.base + address : 0;
    if (unread !== undefined) this.problem('hdf5-unread', `${path}: ${unread}`, offset);
    if (whole instanceof RandomBytes) {
      if (isWorthReading(whole.readAt(0, 4096), whole.readAt(whole.size - 1, 1), false))
        this.inner.push({ name: `(values of ${path})`, offset, bytes: whole });
    } else if (whole !== undefined) this.value(`(values of ${path})`, offset, whole, false);
    for (const value of values ?? [])
      if (value === undefined) this.problem('hdf5-unread', `${path}: its values do not unpack`, offset);
      else this.value(`(values of ${path})`, offset, value, false);
  }

  private value(name: string, offset: number, value: Uint8Array, isAttribute: boolean): void {
    if (!isWorthReading(value.subarray(0, 4096), value.subarray(-1), isAttribute)) return;
    if (value.length > VALUE_BYTES) this.problem('hdf5-unread', `${name} is ${size(value.length)} long`, offset);
    else this.inner.push({ name, offset, bytes: RandomBytes.ofMemory(value) });
    this.spend('facts', 1);
  }

  /** Kept when something came of it: a text that only began like a document or a pickle is neither. */
  private async readInner({ name, offset, bytes }: Inner): Promise<void> {
    const member: MemberFacts = { ...newFacts('unknown', bytes.size), name, offset };
    const members = this.facts.members ?? [];
    this.facts.members = members;
    members.push(member);
    await this.context.extractInner(member, bytes);
    if (isNothing(member)) members.pop();
  }

  private async userBlock(length: number): Promise<void> {
    const block = this.bytes.readAt(0, Math.min(length, 64 * 1024));
    if (block.every((byte) => byte === 0)) return;
    const payload = payloadName(block);
    const isMatlab = Buffer.from(block.subarray(0, 19)).toString('latin1') === 'MATLAB 7.3 MAT-file';
    const code = payload ? 'hdf5-user-block-payload' : isMatlab ? 'hdf5-matlab' : 'hdf5-user-block';
    this.problem(code, `${length} bytes come before the HDF5 content${payload ? ` (${payload})` : ''}`, 0);
    if (payload) await this.readInner({ name: '(user block)', offset: 0, bytes: this.bytes.slice(0, length) });
  }

  private async tail(end: number): Promise<void> {
    const random = this.bytes;
    if (end > random.size)
      this.problem('hdf5-malformed', `the file is cut off: ${size(end)} are announced`, random.size);
    const found = findEnd(random);
    if (found && found.candidates > 0)
      this.problem('hdf5-zip', 'readers of archives find one from the end of the file', found.record.at);
    if (end >= random.size || end < 0) return;
    const head = random.readAt(end, 4096);
    const payload = payloadName(head);
    const detail = `${random.size - end} bytes after the end that the superblock names`;
    this.problem(payload ? 'trailing-payload' : 'trailing-bytes', payload ? `${detail} (${payload})` : detail, end);
  }

  /** Free space keeps what was there before, in honest files too: only a payload in it is worth a word. */
  private async gaps({ file, end }: Superblock): Promise<void> {
    let count = 0;
    for (const gap of gapsOf(file, file.base, Math.min(end, this.bytes.size))) {
      if (gap.end - gap.start < SMALLEST_GAP || count++ > GAPS) continue;
      const zeros = this.bytes
        .readAt(gap.start, Math.min(GAP_HEAD, gap.end - gap.start))
        .findIndex((byte) => byte !== 0);
      if (zeros < 0) continue;
      const start = gap.start + zeros;
      const payload = payloadName(this.bytes.readAt(start, 512));
      if (payload === undefined) continue;
      const before = this.facts.members?.length ?? 0;
      const bytes = this.bytes.slice(start, gap.end - start);
      await this.readInner({ name: `(free space at ${start})`, offset: start, bytes });
      // Two bytes announce a pickle, and free space holds any: it is one when it loads something.
      if (payload !== 'pickle' || (this.facts.members?.length ?? 0) > before)
        this.problem('hdf5-gap-payload', `${gap.end - start} bytes that nothing leads to (${payload})`, start);
    }
  }

  private problem(code: string, detail: string, offset?: number): void {
    const place = Number.isSafeInteger(offset) ? { offset: Math.max(0, offset ?? 0) } : {};
    addProblem(this.facts, { code, detail: detail.slice(0, 1000), ...place });
  }
}

const KERAS_ATTRIBUTES: ReadonlySet<string> = new Set([
  'keras_version',
  'model_config',
  'training_config',
  'layer_names',
]);
const KERAS_GROUPS: ReadonlySet<string> = new Set([
  '_layer_checkpoint_dependencies',
  'layers',
  'model_weights',
  'optimizer_weights',
]);

/**
 * Whether a text or octets may be something that a reader acts on: a document, an archive or program, a pickle of any
 * protocol. PyTables unpickles every text attribute that ends in a STOP.
 */
function isWorthReading(head: Uint8Array, last: Uint8Array, isAttribute: boolean): boolean {
  if (head.length < 2) return false;
  if (payloadName(head) !== undefined) return true;
  const first = head.find((byte) => byte > 0x20);
  if (isAttribute && (first === 0x7b || first === 0x5b)) return true;
  if (first === 0x7b && (head.includes(0x3a) || head.includes(0x22))) return true;
  return last[0] === 0x2e && (isAttribute || head.includes(0x0a) || isPickleStart(head));
}

/** Octets that are no document, or a pickle that loads nothing and does not end. */
function isNothing(member: MemberFacts): boolean {
  if (member.format === 'unknown' || member.format === 'text') return true;
  const { pickle } = member;
  return pickle !== undefined && pickle.count === 0 && pickle.globals.length === 0 && pickle.calls.length === 0;
}

function size(bytes: number): string {
  return Number.isSafeInteger(bytes) ? `${bytes.toLocaleString('en')} bytes` : 'more bytes than there are';
}
