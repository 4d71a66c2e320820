// SPDX-License-Identifier: Apache-2.0

/** What the symbolic machine holds on its stack: small constants as themselves, everything else as what it is. */
export type Value = string | number | bigint | boolean | null | Thing;

export type Thing =
  | GlobalValue
  | ResultValue
  | TupleValue
  | DictValue
  | ListValue
  | BytesValue
  | TextValue
  | { readonly kind: 'computed'; readonly text: string }
  | { readonly kind: 'extension'; readonly code: number }
  | { readonly kind: 'persistent'; readonly id: Value }
  | { readonly kind: 'other'; readonly what: string };

export interface GlobalValue {
  readonly kind: 'global';
  readonly module: string;
  readonly name: string;
}

/** What a call returns. `state` is what BUILD gave it last. */
export interface ResultValue {
  readonly kind: 'result';
  readonly callee: Value;
  readonly args: Value;
  state?: Value;
  /** Opcodes that have changed it, each once. */
  changedBy?: Set<string>;
}

/** `items` are kept for short tuples only. */
export interface TupleValue {
  readonly kind: 'tuple';
  readonly length: number;
  /** Tuples and other values in it, shared ones as often as they are met. */
  readonly weight: number;
  readonly items?: readonly Value[];
}

/** The first few entries with text keys, and those whose keys mean something to an object. */
export interface DictValue {
  readonly kind: 'dict';
  readonly entries: Map<string, Value>;
  /** It was given to an object as its state, which may hold on to it. */
  isState?: true;
}

/** Text that is too long to be kept: where it is, when that is known. */
export interface TextValue {
  readonly kind: 'text';
  readonly offset?: number;
  readonly length?: number;
}

/** `items` while all of them are text: the storage keys of a legacy torch file. */
export interface ListValue {
  readonly kind: 'list';
  items: string[] | undefined;
}

export interface BytesValue {
  readonly kind: 'bytes';
  readonly head: string;
  readonly offset: number;
  readonly length: number;
}

/** Text and bytes up to this length are kept: enough for any name, and for a message. */
export const KEPT_TEXT = 256;
export const KEPT_ITEMS = 16;
export const KEPT_KEYS = 100_000;
export const KEPT_STATE_KEYS = 1000;

export const LONG_TEXT: Thing = { kind: 'text' };

/** Text that is more than a word: a command, code, a path, an address, or too long to be known. */
export function saysMoreThanWords(value: Value, depth = 3): boolean {
  if (typeof value === 'string') return /[^\w.]/.test(value);
  if (typeof value !== 'object' || value === null || depth === 0) return false;
  switch (value.kind) {
    case 'text':
      return true;
    case 'bytes':
      return value.length > 0;
    case 'tuple':
      return value.items === undefined || value.items.some((item) => saysMoreThanWords(item, depth - 1));
    case 'list':
      return value.items === undefined || value.items.length > 0;
    case 'dict':
      for (const item of value.entries.values()) if (saysMoreThanWords(item, depth - 1)) return true;
      return false;
    default:
      return false;
  }
}

const SHOWN = 120;
const DEPTH = 6;

/** A value in words, for a finding's message: printable, one line, short. */
export function describe(value: Value): string {
  const words = new Words();
  words.value(value, DEPTH);
  return words.text(')');
}

/** Arguments in brackets. What is no tuple is spread. */
export function describeArguments(args: Value): string {
  const words = new Words();
  words.args(args, DEPTH);
  return words.text(')');
}

/** Stops writing when there is enough: values share parts, so that written out in full they could be endless. */
class Words {
  private written = '';

  private get full(): boolean {
    return this.written.length > SHOWN;
  }

  text(closing: string): string {
    return this.full ? `${this.written.slice(0, SHOWN - 3 - closing.length)}...${closing}` : this.written;
  }

  value(value: Value, depth: number): void {
    if (this.full) return;
    if (typeof value !== 'object' || value === null) this.written += constant(value);
    else if (depth === 0) this.written += '...';
    else if (value.kind === 'result') {
      this.value(value.callee, depth - 1);
      this.args(value.args, depth - 1);
    } else if (value.kind === 'tuple') this.args(value, depth);
    else if (value.kind === 'dict') this.entries(value, depth);
    else if (value.kind === 'list') this.written += listed(value);
    else this.written += simple(value);
  }

  entries({ entries }: DictValue, depth: number): void {
    this.written += '{';
    let first = true;
    for (const [key, value] of entries) {
      if (this.full) return;
      this.written += `${first ? '' : ', '}${quoted(key)}: `;
      this.value(value, depth - 1);
      first = false;
    }
    this.written += first ? '...}' : '}';
  }

  args(args: Value, depth: number): void {
    const tuple = typeof args === 'object' && args !== null && args.kind === 'tuple' ? args : undefined;
    this.written += tuple ? '(' : '(*';
    if (tuple === undefined) this.value(args, depth);
    else if (tuple.items === undefined) this.written += '...';
    for (const [i, item] of (tuple?.items ?? []).entries()) {
      if (i > 0) this.written += ', ';
      this.value(item, depth - 1);
    }
    this.written += ')';
  }
}

function constant(value: string | number | bigint | boolean | null): string {
  if (value === null) return 'None';
  if (typeof value === 'string') return quoted(value);
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return String(value);
}

function listed({ items }: ListValue): string {
  if (items === undefined || items.length === 0) return '[...]';
  return `[${items.slice(0, 8).map(quoted).join(', ')}${items.length > 8 ? ', ...' : ''}]`;
}

function simple(value: Exclude<Thing, ResultValue | TupleValue | DictValue | ListValue>): string {
  switch (value.kind) {
    case 'global':
      return plain(`${value.module}.${value.name}`);
    case 'text':
      return '<text>';
    case 'bytes':
      return `b${quoted(value.head)}${value.length > value.head.length ? '...' : ''}`;
    case 'computed':
      return value.text;
    case 'extension':
      return `<extension ${value.code}>`;
    case 'persistent':
      return '<persistent object>';
    case 'other':
      return `<${value.what}>`;
  }
}

/** Foreign text, printable ASCII, in quotes. */
function quoted(text: string): string {
  return plain(JSON.stringify(text.length > 80 ? `${text.slice(0, 77)}...` : text));
}

function plain(text: string): string {
  const short = text.length > 200 ? `${text.slice(0, 197)}...` : text;
  return short.replace(/[^\x20-\x7e]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
