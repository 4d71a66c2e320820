// SPDX-License-Identifier: Apache-2.0
import { within } from '../budgets.ts';
import { cutTo } from '../cut.ts';
import type { CallFact, Facts, GlobalFact, PickleFacts } from '../facts.ts';
import { UseList } from '../uses.ts';
import type { GivenBytes } from './loaders.ts';
import { describe, describeArguments, saysMoreThanWords, type Value } from './values.ts';

const KEPT_NAME = 256;

/** Collects what the pickles of one stream import and call; equal ones are counted, the first one's place is kept. */
export class PickleRecord {
  count = 0;
  protocol = 0;
  persistentIds = 0;
  /** Calls that have run so far, equal ones too. */
  steps = 0;
  readonly uses: UseList;
  /** Texts that a class will run, and that were too long to be kept: where they are. */
  readonly sources: { readonly offset: number; readonly length: number }[] = [];
  /** What loaders are given, by its place: the same bytes may be given many times. */
  readonly given = new Map<string, GivenBytes>();
  private readonly opcodes = new Map<number, string>();
  private readonly globals = new Map<string, GlobalFact>();
  private readonly calls = new Map<string, CallFact>();
  private readonly extensions = new Set<number>();

  constructor(facts: Facts) {
    this.uses = new UseList(facts);
  }

  /** Something that reaches outside plain data was seen. */
  get reaches(): boolean {
    return this.globals.size + this.calls.size + this.extensions.size > 0;
  }

  get called(): boolean {
    return this.calls.size > 0;
  }

  /** All names look as Python's own do; text that is no pickle fails this at once. */
  get namesAreIdentifiers(): boolean {
    return [...this.globals.values()].every((g) => /^[\w.]+$/.test(g.module) && /^[\w.]+$/.test(g.name));
  }

  opcode(byte: number, name: string): void {
    this.opcodes.set(byte, name);
  }

  global(module: string, name: string, op: string, offset: number, fromMemo: boolean): void {
    const key = `${module}\0${name}`;
    const known = this.globals.get(key);
    if (known) known.count++;
    else {
      const fact: GlobalFact = { module: kept(module), name: kept(name), op, offset, count: 1 };
      this.globals.set(key, fromMemo ? { ...fact, memo: true } : fact);
    }
    within('facts', this.globals.size);
  }

  /** Calls with arguments that say more than single words are kept apart, so that a harmless one can not hide them. */
  call(callee: Value, args: Value, op: string, offset: number, via?: string): void {
    this.steps++;
    const key = `${callKey(callee, op)}\0${saysMoreThanWords(args) ? 'more' : ''}\0${via ?? ''}`;
    const known = this.calls.get(key);
    if (known) known.count++;
    else this.calls.set(key, { ...callFact(callee, args, op, offset), ...(via !== undefined && { via }) });
    within('facts', this.calls.size);
  }

  /** A loader is given bytes of the file: it runs what is in them. */
  give(bytes: GivenBytes): void {
    this.steps++;
    this.given.set(`${bytes.offset} ${bytes.loader}`, bytes);
    within('members', this.given.size);
  }

  /** Text that a class will run, line by line, so that rules can know every line that is harmless. */
  source(text: string, offset: number): void {
    for (const line of text.split('\n'))
      if (line !== '') this.uses.add('pickle-source', line, `byte ${offset}`, offset);
  }

  extension(code: number): void {
    this.extensions.add(code);
    within('facts', this.extensions.size);
  }

  facts(): PickleFacts {
    return {
      count: this.count,
      protocol: this.protocol,
      globals: [...this.globals.values()],
      calls: [...this.calls.values()],
      opcodes: [...this.opcodes.values()].sort(),
      persistentIds: this.persistentIds,
      extensions: [...this.extensions],
    };
  }
}

function callKey(callee: Value, op: string): string {
  const isGlobal = typeof callee === 'object' && callee?.kind === 'global';
  return isGlobal ? `${op}\0${callee.module}\0${callee.name}` : `${op}\0${describe(callee)}`;
}

function callFact(callee: Value, args: Value, op: string, offset: number): CallFact {
  const common = { text: describe(callee), op, args: describeArguments(args), offset, count: 1 };
  if (typeof callee !== 'object' || callee === null) return { callee: 'computed', ...common };
  if (callee.kind === 'global')
    return { callee: 'global', module: kept(callee.module), name: kept(callee.name), ...common };
  if (callee.kind === 'result') return { callee: 'result', ...common };
  return { callee: callee.kind === 'extension' ? 'extension' : 'computed', ...common };
}

function kept(name: string): string {
  return cutTo(KEPT_NAME, name);
}
