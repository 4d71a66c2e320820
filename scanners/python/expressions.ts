// SPDX-License-Identifier: Apache-2.0
import type { Names } from './names.ts';
import { libraryText, originOf, textMethod } from './texts.ts';
import type { Token } from './tokens.ts';
import { called, dotted, either, joined, NOTHING, refValue, textValue, type Value } from './values.ts';

/** What happens in an expression, told to whoever keeps account of the scope around it. */
export interface Listener {
  /** A dotted name from an import or of a builtin is used: called, or handed on. */
  refers(ref: string, line: number, args: readonly Value[] | undefined): void;
  imports(module: string, line: number): void;
  /** A function or class of this file is mentioned, perhaps through one of its attributes. */
  mentions(name: string, how: 'bare' | 'called', method?: string): void;
  dunders(chain: readonly string[], line: number): void;
  text(text: string, line: number): void;
  /** A text that is compiled. */
  source(text: string, line: number): void;
}

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
/** Ways to ask a namespace for a name, and paths that stay paths. */
const MAPPING = /\.__dict__\.(?:get|pop|setdefault|__getitem__)$/;
const SAME_PATH = /^pathlib\.(?:\w+\.)?\w+\(\)\.(?:expanduser|resolve|absolute|joinpath|with_\w+|relative_to)$/;
const DUNDER = /^__\w+__$/;
/** The object of a method, by the names that everybody gives it. */
const OWN: ReadonlySet<string> = new Set(['self', 'cls', 'super()']);
/** Attributes that are a namespace, of whatever object. */
const NAMESPACES: ReadonlyMap<string, string> = new Map([
  ['__builtins__', 'builtins'],
  ['f_builtins', 'builtins'],
  ['f_globals', 'builtins.globals()'],
]);

/** Reads one run of tokens as expressions: what each may stand for, telling the listener what it uses. */
export class Expressions {
  private readonly tokens: readonly Token[];
  private readonly names: Names;
  private readonly listener: Listener;
  at: number;
  private readonly end: number;
  private depth = 0;

  constructor(tokens: readonly Token[], at: number, end: number, names: Names, listener: Listener) {
    this.tokens = tokens;
    this.at = at;
    this.end = end;
    this.names = names;
    this.listener = listener;
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
        if (value.path) this.names.bind(value.path, bound);
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
    for (const target of targets) bindItems(this.names, target, source);
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
      return this.trailers(this.names.lookup(token.text), token);
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
      if (this.passed('=')) this.names.bind(name, this.expression());
    }
    this.passed(':');
    return this.expression();
  }

  private strings(): Value {
    let text = '';
    let known = true;
    const line = this.line;
    for (let token = this.peek(); token?.kind === 'string'; token = this.peek()) {
      this.at++;
      text += token.text;
      for (const field of token.fields ?? []) {
        const value = new Expressions(field, 0, field.length, this.names, this.listener).all();
        if (value.text === undefined) known = false;
        else text = text.replace(/\{[^{}]*\}/, () => value.text ?? '');
      }
    }
    this.listener.text(text, line);
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
      for (const ref of value.refs) if (args || ref.includes('.')) this.listener.refers(ref, first.line, args);
      for (const name of value.local ?? []) this.listener.mentions(name, args ? 'called' : 'bare');
    };
    for (let token = this.peek(); token; token = this.peek()) {
      told = false;
      if (token.kind !== 'op') break;
      if (token.text === '.') {
        this.at++;
        const name = this.peek()?.kind === 'name' ? (this.peek()?.text ?? '') : '';
        if (name === '') break;
        this.at++;
        value = this.attribute(value, name, first.line);
      } else if (token.text === '(') {
        this.at++;
        const args = this.arguments();
        tell(args);
        value = this.call(value, args, first.line);
        told = true;
      } else if (token.text === '[') {
        value = this.subscript(value, first.line);
      } else break;
    }
    if (!told) tell();
    if (value.dunders && value.dunders.length > 0) this.listener.dunders(value.dunders, first.line);
    return value;
  }

  private attribute(value: Value, name: string, line: number): Value {
    for (const local of value.local ?? []) this.listener.mentions(local, 'bare', name);
    if (OWN.has(value.path ?? '')) this.listener.mentions('self', 'bare', name);
    if (value.refs.some((ref) => ref === 'sys.modules' || ref === 'builtins.globals()') && name === 'get')
      return { ...value, refs: value.refs.map((ref) => `${ref}[]`) };
    const dunders = DUNDER.test(name) ? [...(value.dunders ?? []), name].slice(-8) : value.dunders;
    const path = value.path === undefined ? undefined : `${value.path}.${name}`;
    const bound = path === undefined ? undefined : this.names.bound(path);
    const refs = value.refs.map((ref) => NAMESPACES.get(name) ?? dotted(ref, name));
    const text = value.text === undefined ? {} : { text: value.text, path: `.${name}` };
    const result: Value = { refs, origin: value.origin, ...text, ...(dunders ? { dunders } : {}) };
    const withItems = value.items === undefined ? result : { ...result, items: value.items };
    if (refs.length === 0 && name === '__builtins__') this.listener.dunders([name], line);
    const all = bound ? either(withItems, bound) : withItems;
    const local = value.local && !refs.length ? { local: value.local } : {};
    return {
      ...local,
      ...all,
      ...(dunders ? { dunders } : {}),
      ...(path && value.text === undefined ? { path } : text),
    };
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

  private call(callee: Value, args: readonly Value[], line: number): Value {
    const origin = args.reduce((all, arg) => all | arg.origin, callee.origin);
    const method = callee.text === undefined ? undefined : callee.path?.slice(1);
    if (method !== undefined && callee.text !== undefined) {
      const made = textMethod(callee.text, method, args, origin);
      if (made) return made;
    }
    let result: Value = { ...NOTHING, origin };
    for (const ref of callee.refs) result = either(result, this.callOf(ref, args, line));
    if (callee.local) result = either(result, { ...NOTHING, local: callee.local });
    const path = callee.path === undefined || callee.text !== undefined ? undefined : `${callee.path}()`;
    const returned = path === undefined ? undefined : this.names.bound(path);
    if (returned) result = either(result, returned);
    const dunders = callee.dunders ? { dunders: callee.dunders } : {};
    return { ...result, ...(path ? { path } : {}), ...dunders, origin: result.origin | origin };
  }

  private callOf(ref: string, args: readonly Value[], line: number): Value {
    const [first, second] = args;
    const getter = /^operator\.(?:attrgetter|itemgetter|methodcaller)\((.*)\)$/.exec(ref);
    if (getter && first) return this.attributes(first, getter[1] ?? '', line, args);
    if (MAPPING.test(ref) && first?.text !== undefined) return this.keyed(ref.replace(MAPPING, ''), first.text, line);
    if (SAME_PATH.test(ref)) return refValue('pathlib.Path()');
    if (ref.endsWith('.__getattribute__')) {
      const owner = second ? first : refValue(ref.replace(/\.__getattribute__$/, ''));
      const name = (second ?? first)?.text;
      return owner && name !== undefined ? this.attributes(owner, name, line) : NOTHING;
    }
    switch (ref) {
      case 'builtins.getattr':
      case 'inspect.getattr_static':
        if (first && second?.text !== undefined) return this.attributes(first, second.text, line);
        if (first) for (const owner of first.refs) this.listener.refers(`${owner}.<computed>`, line, undefined);
        return NOTHING;
      case 'builtins.vars':
        return first ? refValue(...first.refs.map((owner) => `${owner}.__dict__`)) : refValue('builtins.globals()');
      case 'builtins.globals':
      case 'builtins.locals':
        return refValue('builtins.globals()');
      case 'sys.modules[]':
      case 'builtins.globals()[]':
        return first?.text === undefined ? NOTHING : this.keyed(ref.slice(0, -2), first.text, line);
      case 'builtins.__import__':
      case 'importlib.import_module':
      case 'importlib.__import__':
        return this.imported(first, line);
      case 'operator.attrgetter':
      case 'operator.itemgetter':
      case 'operator.methodcaller':
        return first?.text === undefined ? NOTHING : refValue(`${ref}(${first.text})`);
      case 'functools.partial':
        return first ?? NOTHING;
      case 'builtins.exec':
      case 'builtins.eval':
      case 'builtins.compile':
        if (first?.text !== undefined) this.listener.source(first.text, line);
        break;
    }
    const text = libraryText(ref, args);
    if (text) return text;
    const result = called(ref);
    return { ...refValue(result), origin: originOf(result) };
  }

  /** The attribute of a computed name, which may be dotted. */
  private attributes(owner: Value, names: string, line: number, args?: readonly Value[]): Value {
    let value = owner;
    for (const name of names.split('.').slice(0, 8)) value = this.attribute(value, name, line);
    for (const ref of value.refs) this.listener.refers(ref, line, args);
    if (value.dunders?.length) this.listener.dunders(value.dunders, line);
    return value;
  }

  private imported(name: Value | undefined, line: number): Value {
    if (name?.text === undefined) {
      this.listener.imports('<computed>', line);
      return NOTHING;
    }
    this.listener.imports(name.text, line);
    const top = name.text.split('.', 1)[0] ?? '';
    return refValue(...new Set([name.text, top]));
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
      if (DUNDER.test(key.text)) this.listener.dunders([...(value.dunders ?? []), key.text], line);
      const keyed = value.refs.map((ref) => this.keyed(ref, key.text ?? '', line));
      if (keyed.length > 0) return { ...keyed.reduce(either), origin: value.origin };
    } else if (key) for (const ref of value.refs) this.listener.refers(`${ref}.<computed>`, line, undefined);
    const items = value.items ? value.items.reduce(either, NOTHING) : NOTHING;
    return { ...items, origin: value.origin | items.origin, ...(value.dunders ? { dunders: value.dunders } : {}) };
  }

  /** `sys.modules['os']`, `globals()['x']`, `os.__dict__['system']`. */
  private keyed(ref: string, key: string, line: number): Value {
    if (ref === 'sys.modules') return this.imported(textValue(key), line);
    if (ref === 'builtins.globals()') return this.names.lookup(key);
    return refValue(dotted(ref.replace(/\.__dict__$/, ''), key));
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
