// SPDX-License-Identifier: Apache-2.0
import type { Names } from './names.ts';
import { libraryText, originOf, textMethod } from './texts.ts';
import { called, dotted, either, NOTHING, refValue, textValue, type Value } from './values.ts';

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

/** Ways to ask a namespace for a name, and paths that stay paths. */
const MAPPING = /\.__dict__\.(?:get|pop|setdefault|__getitem__)$/;
const SAME_PATH = /^pathlib\.(?:\w+\.)?\w+\(\)\.(?:expanduser|resolve|absolute|joinpath|with_\w+|relative_to)$/;
export const DUNDER = /^__\w+__$/;
/** The object of a method, by the names that everybody gives it. */
const OWN: ReadonlySet<string> = new Set(['self', 'cls', 'super()']);
/** Attributes that are a namespace, of whatever object. */
const NAMESPACES: ReadonlyMap<string, string> = new Map([
  ['__builtins__', 'builtins'],
  ['f_builtins', 'builtins'],
  ['f_globals', 'builtins.globals()'],
]);

/**
 * What attributes, calls and subscripts of a value stand for, whatever the tokens were. The listener is told what is
 * used on the way.
 */
export class Meanings {
  readonly names: Names;
  readonly listener: Listener;

  constructor(names: Names, listener: Listener) {
    this.names = names;
    this.listener = listener;
  }

  attribute(value: Value, name: string, line: number): Value {
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

  call(callee: Value, args: readonly Value[], line: number): Value {
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

  /** `sys.modules['os']`, `globals()['x']`, `os.__dict__['system']`. */
  keyed(ref: string, key: string, line: number): Value {
    if (ref === 'sys.modules') return this.imported(textValue(key), line);
    if (ref === 'builtins.globals()') return this.names.lookup(key);
    return refValue(dotted(ref.replace(/\.__dict__$/, ''), key));
  }
}
