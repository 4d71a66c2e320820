// SPDX-License-Identifier: Apache-2.0
import { DUNDER, type Listener, Meanings } from './meanings.ts';
import type { Names } from './names.ts';
import type { Token } from './tokens.ts';
import { either, joined, NOTHING, textValue, type Value } from './values.ts';

const MAX_DEPTH = 100;
const PREFIXES: ReadonlySet<string> = new Set([
  'not',
  'await',
  'yield',
  'from',
  'return',
  'del',
  'print',
  'assert',
  'raise',
]);
const WORDS: ReadonlySet<string> = new Set(['and', 'or', 'in', 'is', 'not', 'if', 'else']);
const ENDS: ReadonlySet<string> = new Set([',', ')', ']', '}', ':', '=', ';']);

/** Reads one run of tokens as expressions: what each may stand for, telling the listener what it uses. */
export class Expressions {
  private readonly tokens: readonly Token[];
  private readonly meanings: Meanings;
  at: number;
  private readonly end: number;
  private depth = 0;

  constructor(tokens: readonly Token[], at: number, end: number, names: Names, listener: Listener) {
    this.tokens = tokens;
    this.at = at;
    this.end = end;
    this.meanings = new Meanings(names, listener);
  }

  peek(): Token | undefined {
    return this.at < this.end ? this.tokens[this.at] : undefined;
  }

  is(text: string): boolean {
    const token = this.peek();
    return token?.text === text && token.kind !== 'string';
  }

  private passed(text: string): boolean {
    if (!this.is(text)) return false;
    this.at++;
    return true;
  }

  private get line(): number {
    return this.tokens[Math.min(this.at, this.tokens.length - 1)]?.line ?? 0;
  }

  /** Expressions up to the end of the tokens, whatever stands between them. */
  all(): Value {
    let value = NOTHING;
    while (this.at < this.end) {
      const before = this.at;
      value = either(value, this.list());
      if (this.at === before) this.at++;
    }
    return value;
  }

  /** `a, b`: a tuple when there is a comma. */
  list(): Value {
    const first = this.expression();
    if (!this.is(',')) return first;
    const items = [first];
    while (this.passed(',')) if (this.peek() && !ENDS.has(this.peek()?.text ?? '')) items.push(this.expression());
    return { refs: [], origin: items.reduce((all, item) => all | item.origin, 0), items };
  }

  expression(): Value {
    // What is nested deeper than any person writes is passed over token by token: nothing is resolved there.
    if (this.depth >= MAX_DEPTH) {
      this.at++;
      return NOTHING;
    }
    this.depth++;
    const value = this.operators(this.operand());
    this.depth--;
    return value;
  }

  private operators(first: Value): Value {
    let value = first;
    for (let token = this.peek(); token; token = this.peek()) {
      if (token.kind === 'op' && ENDS.has(token.text)) return value;
      if (token.text === ':=' && token.kind === 'op') {
        this.at++;
        const bound = this.expression();
        if (value.path) this.meanings.names.bind(value.path, bound);
        value = bound;
      } else if (token.kind === 'name' && (token.text === 'for' || token.text === 'async')) this.comprehension();
      else if (token.kind === 'op' ? !'({['.includes(token.text) : WORDS.has(token.text)) {
        this.at++;
        const operand = this.operand();
        value = token.text === '+' ? joined(value, operand) : combined(value, operand);
      } else return value;
    }
    return value;
  }

  /** `for targets in source`: the targets may be any of the source's items. */
  private comprehension(): void {
    this.passed('async');
    if (!this.passed('for')) return;
    const targets: string[] = [];
    for (let token = this.peek(); token && token.text !== 'in'; token = this.peek()) {
      if (token.kind === 'name') targets.push(token.text);
      this.at++;
    }
    this.passed('in');
    const source = this.operand();
    for (const target of targets) bindItems(this.meanings.names, target, source);
  }

  private operand(): Value {
    const token = this.peek();
    if (token === undefined) return NOTHING;
    if (token.kind === 'op') {
      if ('([{`'.includes(token.text)) return this.trailers(this.bracket(token.text), token);
      if (ENDS.has(token.text)) return NOTHING;
      this.at++;
      return this.nested();
    }
    if (token.kind === 'name') {
      if (token.text === 'lambda') return this.lambda();
      if (PREFIXES.has(token.text)) {
        this.at++;
        return this.nested();
      }
      this.at++;
      return this.trailers(this.meanings.names.lookup(token.text), token);
    }
    if (token.kind === 'string') return this.trailers(this.strings(), token);
    this.at++;
    if (token.kind !== 'number') return NOTHING;
    const number = Number(token.text.replaceAll('_', ''));
    return Number.isFinite(number) ? { ...NOTHING, number } : NOTHING;
  }

  private nested(): Value {
    if (this.depth >= MAX_DEPTH) return NOTHING;
    this.depth++;
    const value = this.operand();
    this.depth--;
    return value;
  }

  /** The body counts where the lambda stands: it may be called at once. */
  private lambda(): Value {
    this.at++;
    for (let token = this.peek(); token && token.text !== ':'; token = this.peek()) {
      const name = token.kind === 'name' ? token.text : '';
      this.at++;
      if (this.passed('=')) this.meanings.names.bind(name, this.expression());
    }
    this.passed(':');
    return this.expression();
  }

  private strings(): Value {
    let text = '';
    let known = true;
    const line = this.line;
    const { names, listener } = this.meanings;
    for (let token = this.peek(); token?.kind === 'string'; token = this.peek()) {
      this.at++;
      text += token.text;
      for (const field of token.fields ?? []) {
        const value = new Expressions(field, 0, field.length, names, listener).all();
        if (value.text === undefined) known = false;
        else text = text.replace(/\{[^{}]*\}/, () => value.text ?? '');
      }
    }
    listener.text(text, line);
    return known ? textValue(text) : { refs: [], origin: 0 };
  }

  private bracket(opening: string): Value {
    this.at++;
    const items: Value[] = [];
    let commas = 0;
    while (this.peek() && !')]}'.includes(this.peek()?.text ?? '') && !(opening === '`' && this.is('`'))) {
      const before = this.at;
      const value = this.expression();
      if (items.length < 4096) items.push(value);
      if (this.passed(',')) commas++;
      else this.passed(':') || this.passed('=') || this.passed(';');
      if (this.at === before) this.at++;
    }
    this.at++;
    if (opening === '(' && commas === 0 && items.length > 0) return items.reduce(either);
    return { refs: [], origin: items.reduce((all, item) => all | item.origin, 0), items };
  }

  /** Attributes, calls and subscripts behind an atom. */
  private trailers(atom: Value, first: Token): Value {
    let value = atom;
    let told = false;
    const tell = (args?: readonly Value[]) => {
      for (const ref of value.refs) if (args || ref.includes('.')) this.meanings.listener.refers(ref, first.line, args);
      for (const name of value.local ?? []) this.meanings.listener.mentions(name, args ? 'called' : 'bare');
    };
    for (let token = this.peek(); token; token = this.peek()) {
      told = false;
      if (token.kind !== 'op') break;
      if (token.text === '.') {
        this.at++;
        const name = this.peek()?.kind === 'name' ? (this.peek()?.text ?? '') : '';
        if (name === '') break;
        this.at++;
        value = this.meanings.attribute(value, name, first.line);
      } else if (token.text === '(') {
        this.at++;
        const args = this.arguments();
        tell(args);
        value = this.meanings.call(value, args, first.line);
        told = true;
      } else if (token.text === '[') {
        value = this.subscript(value, first.line);
      } else break;
    }
    if (!told) tell();
    if (value.dunders && value.dunders.length > 0) this.meanings.listener.dunders(value.dunders, first.line);
    return value;
  }

  private arguments(): Value[] {
    const args: Value[] = [];
    while (this.peek() && !this.is(')')) {
      const before = this.at;
      if (this.tokens[this.at]?.kind === 'name' && this.tokens[this.at + 1]?.text === '=') this.at += 2;
      const value = this.expression();
      this.passed('=');
      if (args.length < 256) args.push(value);
      this.passed(',');
      if (this.at === before) this.at++;
    }
    this.at++;
    return args;
  }

  private subscript(value: Value, line: number): Value {
    this.at++;
    const parts: (Value | undefined)[] = [];
    const start = this.at;
    while (this.peek() && !this.is(']')) {
      const before = this.at;
      parts.push(this.expression());
      this.passed(',') || this.passed(':');
      if (this.at === before) this.at++;
    }
    const written = this.tokens.slice(start, Math.min(this.at, start + 6)).map(({ text }) => text);
    this.at++;
    if (value.text !== undefined && !value.path?.startsWith('.') && written.join('') === '::-1')
      return textValue([...value.text].reverse().join(''), value.origin);
    const key = parts.length === 1 ? parts[0] : undefined;
    const entry = key?.text === undefined ? undefined : entryOf(value, key.text);
    if (entry) return entry;
    if (value.items && key?.number !== undefined && written.length === 1)
      return { ...(value.items[key.number] ?? NOTHING), ...(value.dunders ? { dunders: value.dunders } : {}) };
    if (key?.text !== undefined) {
      if (DUNDER.test(key.text)) this.meanings.listener.dunders([...(value.dunders ?? []), key.text], line);
      const keyed = value.refs.map((ref) => this.meanings.keyed(ref, key.text ?? '', line));
      if (keyed.length > 0) return { ...keyed.reduce(either), origin: value.origin };
    } else if (key) for (const ref of value.refs) this.meanings.listener.refers(`${ref}.<computed>`, line, undefined);
    const items = value.items ? value.items.reduce(either, NOTHING) : NOTHING;
    return { ...items, origin: value.origin | items.origin, ...(value.dunders ? { dunders: value.dunders } : {}) };
  }
}

/** What a dictionary holds under a constant key: its items are keys and values in turn. */
function entryOf({ items }: Value, key: string): Value | undefined {
  const at = items?.findIndex((item, i) => i % 2 === 0 && item.text === key) ?? -1;
  return at < 0 ? undefined : items?.[at + 1];
}

function combined(a: Value, b: Value): Value {
  const { text: _text, ...rest } = either(a, b);
  return a.text !== undefined && b === NOTHING ? a : a.text === undefined && b.text === undefined ? rest : { ...rest };
}

/** Bind a name to any item of a value, or to what a call gives one by one. */
export function bindItems(names: Names, target: string, source: Value): void {
  const items = source.items?.slice(0, 64).reduce(either, NOTHING);
  names.bind(
    target,
    items ? either(items, { ...NOTHING, origin: source.origin }) : { ...NOTHING, origin: source.origin },
  );
}
