// SPDX-License-Identifier: Apache-2.0

import { namesOutside } from '../archive/names.ts';
import { within } from '../budgets.ts';
import { type Facts, type MemberFacts, newFacts } from '../facts.ts';
import { type Bytes, RandomBytes } from '../io/bytes.ts';
import { noteTail } from '../io/tail.ts';
import { payloadName } from '../magic.ts';
import { BLOCK, type Header, headerDoubts, parseHeader } from '../tar/header.ts';
import { TarNames } from '../tar/members.ts';
import { disagrees, naming, parsePax } from '../tar/pax.ts';
import { type Source, sourceOf } from '../tar/source.ts';
import { sparseMapLength } from '../tar/sparse.ts';
import { knowTorchTar, readTorchPart } from '../tar/torch.ts';
import type { Context, Extractor } from './context.ts';

const PLAIN = new Set(['0', '\0', '7']);
const HARD_LINK = '1';
const SYMBOLIC_LINK = '2';
const FOLDER = '5';
const DEVICES = new Set(['3', '4', '6']);
const SPARSE = 'S';
/** GNU long names and pax headers: they are about the next member. */
const EXTENSIONS = new Set(['L', 'K', 'x', 'X', 'g']);
const LONGEST_EXTENSION = 1024 * 1024;
/** A size that the twelve bytes of the header can not hold as octal digits. */
const LARGE = 8 ** 11;

/**
 * POSIX ustar and pax, with what GNU tar and the tar of Unix V7 do differently. What one reader takes from a header and
 * another from somewhere else must be the same; every block belongs to a member or to the end.
 */
export const tar: Extractor = async (facts, bytes, context) => {
  facts.members = [];
  await new TarReader(facts, facts.members, bytes, context).read();
  knowTorchTar(facts.members);
  // NeMo's SaveRestoreConnector: the configuration beside checkpoint and tokenizer files.
  if (facts.members.some(({ name }) => /^(?:\.\/)?model_config\.yaml$/.test(name))) facts.format = 'nemo';
};

class TarReader {
  private readonly facts: Facts;
  private readonly members: MemberFacts[];
  private readonly context: Context;
  private readonly source: Source;
  private readonly bytes: Bytes;
  private readonly names = new TarNames();
  /** What headers before a member say of it. */
  private next = new Map<string, string>();
  private offset = 0;
  private ended = false;

  constructor(facts: Facts, members: MemberFacts[], bytes: Bytes, context: Context) {
    this.facts = facts;
    this.members = members;
    this.context = context;
    this.source = sourceOf(bytes);
    this.bytes = bytes;
  }

  async read(): Promise<void> {
    let broken = false;
    for (;;) {
      this.offset = this.source.at;
      const block = await this.source.take(BLOCK);
      if (block.length === 0) return;
      const header = parseHeader(block);
      if (header !== undefined) {
        if (this.ended) this.problem('tar-second-archive', 'another archive follows the end of this one');
        this.ended = broken = false;
        await this.member(header);
      } else if (block.every((byte) => byte === 0)) this.ended = true;
      else if (this.ended) {
        await this.rest(block);
        return;
      } else {
        // Some readers stop here, others go on to the next header.
        if (!broken) this.problem('archive-broken', 'no header where one has its place');
        broken = true;
      }
    }
  }

  private async member(header: Header): Promise<void> {
    if (EXTENSIONS.has(header.type)) await this.extension(header);
    else {
      this.context.spending.spend('members', 1);
      for (const { code, detail } of headerDoubts(header)) this.problem(code, detail);
      await this.file(header);
      this.next = new Map();
    }
  }

  private async extension(header: Header): Promise<void> {
    if (header.size > LONGEST_EXTENSION) this.problem('archive-broken', `a name of ${header.size} bytes`);
    const data = await this.source.take(Math.min(header.size, LONGEST_EXTENSION));
    await this.source.skip(header.size - data.length);
    await this.padding(header.size, header.name);
    if (header.type === 'L' || header.type === 'K') {
      const end = data.indexOf(0);
      const text = Buffer.from(end < 0 ? data : data.subarray(0, end)).toString('utf8');
      if (end >= 0 && data.subarray(end).some((byte) => byte !== 0))
        this.problem('tar-padding', 'a long name has something behind its end');
      this.next.set(header.type === 'L' ? 'GNU path' : 'GNU linkpath', text);
      return;
    }
    const { records, problem } = parsePax(data);
    if (problem !== undefined) this.problem('tar-pax', problem);
    if (header.type === 'g') {
      // For every member that follows, to those readers that heed it.
      const names = naming(records);
      if (names.length > 0) this.problem('tar-disagreement', `a global header that sets ${names.join(', ')}`);
    } else for (const [key, value] of records) this.next.set(key, value);
  }

  private async file(header: Header): Promise<void> {
    const { type } = header;
    const name = this.effective('path', header.name);
    const size = this.effectiveSize(header);
    const problem = (code: string, detail: string) => this.problem(code, detail);
    this.names.checkName(name, problem);
    if (name !== header.name && namesOutside(header.name))
      problem('archive-traversal', `member ${JSON.stringify(header.name)} leaves the folder`);
    const isLink = type === HARD_LINK || type === SYMBOLIC_LINK;
    if (isLink)
      for (const target of new Set([this.effective('linkpath', header.link), header.link]))
        this.names.addLink(name, target, type === HARD_LINK, problem);
    if (DEVICES.has(type)) problem('archive-device', `${JSON.stringify(name)} is a device`);
    const isFolder = type === FOLDER || (PLAIN.has(type) && name.endsWith('/'));
    const isFile = PLAIN.has(type) || type === SPARSE;
    if (!(isFile || isFolder || isLink || DEVICES.has(type)))
      problem('archive-unknown-member', `${JSON.stringify(name)} has type ${JSON.stringify(type)}`);
    // Python reads on directly behind the header of such a member, GNU tar behind its content.
    if (size > 0 && (isFolder || isLink || DEVICES.has(type)))
      problem('tar-disagreement', `${JSON.stringify(name)} is no file, and has content`);
    if (type === SPARSE || naming(this.next).some((key) => key.startsWith('GNU.sparse')))
      problem('tar-sparse', `${JSON.stringify(name)} is written without its holes`);
    if (type === SPARSE) await this.passSparseMaps(header);
    const { at } = this.source;
    if (size > 0) await this.content(name, size);
    else if (isFile && !isFolder)
      await this.names.addFile(name, await this.source.part(0), this.bytes.random !== undefined, problem);
    if (this.source.at < at + size) await this.source.skip(at + size - this.source.at);
    await this.padding(size, name);
  }

  private async content(name: string, size: number): Promise<void> {
    const data = await this.source.part(size);
    const isWhole = data.size === size;
    if (!isWhole) this.problem('archive-broken', `${JSON.stringify(name)} is longer than the archive`);
    await this.names.addFile(name, data, this.bytes.random !== undefined, (code, detail) => this.problem(code, detail));
    await this.inner(name, this.offset, data);
    const map = this.next.get('GNU.sparse.major') === '1' ? sparseMapLength(data.head()) : 0;
    if (map > 0 && data.random) await this.inner(`(data of ${name})`, this.offset, data.random.slice(map, data.size));
  }

  private async inner(name: string, offset: number, bytes: Bytes): Promise<void> {
    const member: MemberFacts = { ...newFacts('unknown', bytes.size), name, offset };
    this.members.push(member);
    if (!(await readTorchPart(member, bytes, this.context.spending))) await this.context.extractInner(member, bytes);
  }

  /** What a name or target is, by the headers before the member and by its own. */
  private effective(key: 'path' | 'linkpath', own: string): string {
    const gnu = this.next.get(`GNU ${key}`);
    const pax = this.next.get(key) ?? (key === 'path' ? this.next.get('GNU.sparse.name') : undefined);
    if (gnu !== undefined && pax !== undefined && gnu !== pax)
      this.problem('tar-disagreement', `a GNU header and a pax header name ${JSON.stringify(pax)}`);
    const named = pax ?? gnu;
    if (named === undefined) return own;
    if (named.includes('\0')) this.problem('tar-disagreement', 'a name with a NUL in it');
    const verdict = this.next.has('GNU.sparse.name') ? 'no' : disagrees(named, own);
    if (verdict !== 'no')
      this.problem(
        verdict === 'yes' ? 'tar-disagreement' : 'tar-pax',
        `the header names ${JSON.stringify(own.slice(0, 100))}, what is before it ${JSON.stringify(named.slice(0, 100))}`,
      );
    return named;
  }

  private effectiveSize(header: Header): number {
    const text = this.next.get('size');
    if (text === undefined) return header.size;
    const size = /^\d{1,15}$/.test(text) ? Number(text) : undefined;
    if (size === undefined) this.problem('tar-pax', 'a size that is no number');
    else if (size !== header.size && size < LARGE)
      this.problem('tar-disagreement', `the header says ${header.size} bytes, the pax header ${size}`);
    return size ?? header.size;
  }

  /** GNU's old sparse files: more blocks of the map follow the header as long as each says so. */
  private async passSparseMaps(header: Header): Promise<void> {
    for (let more = header.raw[482] === 1; more; ) {
      const block = await this.source.take(BLOCK);
      more = block[504] === 1;
      within('members', this.source.at / BLOCK);
    }
  }

  /** A member is filled up with zeros to whole blocks. */
  private async padding(size: number, name: string): Promise<void> {
    const padding = await this.source.take(-size & (BLOCK - 1));
    if (padding.every((byte) => byte === 0)) return;
    const payload = payloadName(padding);
    this.problem(
      payload ? 'trailing-payload' : 'tar-padding',
      `${payload ?? 'something'} behind ${JSON.stringify(name.slice(0, 120))}`,
    );
    const member: MemberFacts = {
      ...newFacts('unknown', padding.length),
      name: `(behind ${name})`,
      offset: this.offset,
    };
    this.members.push(member);
    await this.context.extractInner(member, RandomBytes.ofMemory(padding));
  }

  /** Behind the end, and no header. */
  private async rest(block: Uint8Array): Promise<void> {
    const { random } = this.bytes;
    const head = random ?? RandomBytes.ofMemory(block);
    await noteTail(this.facts, head, random ? this.offset : 0, 'the end of the tar archive', this.context.spending);
    if (random) return this.inner('(after the archive)', this.offset, random.slice(this.offset, random.size));
    await this.inner('(first block after the archive)', this.offset, RandomBytes.ofMemory(block));
    const after = await this.source.part(this.bytes.size - this.source.at);
    if (after.size > 0) await this.inner('(after the archive)', this.source.at, after);
  }

  private problem(code: string, detail: string): void {
    this.facts.problems.push({ code, offset: this.offset, detail });
    within('facts', this.facts.problems.length);
  }
}
