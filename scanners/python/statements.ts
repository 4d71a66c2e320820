// SPDX-License-Identifier: Apache-2.0
import { bindItems, Expressions } from './expressions.ts';
import type { Listener } from './meanings.ts';
import type { Names } from './names.ts';
import { type Account, Scope } from './scopes.ts';
import type { Token } from './tokens.ts';
import { NOTHING, refValue } from './values.ts';

const COMPOUND: ReadonlySet<string> = new Set(
  'if elif else for while with try except finally match case async def class'.split(' '),
);
const COMPARING: ReadonlySet<string> = new Set(['==', '!=', '<=', '>=']);
/** Commands of a set-up script that installing the package runs, and what it calls of them. */
const INSTALLING = /^(?:setuptools|distutils)\.command\.(?:install|develop|egg_info|easy_install|sdist)\b/;
const ON_INSTALL = ['__init__', 'initialize_options', 'finalize_options', 'run'];
const AUGMENTED = /^(?:\*\*|\/\/|>>|<<|[-+*/%@&|^])?=$/;

/**
 * Reads a source statement by statement, keeping account of the bodies that they stand in. Nothing is a tree: each
 * statement is a run of tokens, and a body is what is indented below its header or follows it on the line.
 */
export class Statements {
  private readonly tokens: readonly Token[];
  private readonly account: Account;
  private readonly names: Names;
  private readonly blocks: Scope[];
  private pending: Scope | undefined;
  /** The next function is called when the process ends. */
  private isRegistered = false;

  constructor(tokens: readonly Token[], module: Scope, account: Account) {
    this.tokens = tokens;
    this.account = account;
    this.names = account.names;
    this.blocks = [module];
  }

  private get scope(): Scope {
    return this.blocks.at(-1) as Scope;
  }

  read(): void {
    for (let at = 0; at < this.tokens.length; ) {
      const token = this.tokens[at];
      if (token?.kind === 'indent') this.blocks.push(this.pending ?? this.scope);
      else if (token?.kind === 'dedent' && this.blocks.length > 1) this.blocks.pop();
      if (token?.kind === 'indent' || token?.kind === 'dedent' || token?.kind === 'newline') {
        at++;
        continue;
      }
      this.pending = undefined;
      const end = this.lineEnd(at);
      this.line(at, end, this.scope);
      at = end;
    }
  }

  /** The logical line's NEWLINE: a broken one has none before the next indentation. */
  private lineEnd(from: number): number {
    let at = from;
    while (at < this.tokens.length && !isLayout(this.tokens[at])) at++;
    return at;
  }

  /** Simple statements apart by `;`, or a header with the body that may follow on its line. */
  private line(start: number, end: number, around: Scope): void {
    let scope = around;
    let at = start;
    for (let first = this.tokens[at]; first?.kind === 'name' && COMPOUND.has(first.text); first = this.tokens[at]) {
      const colon = this.find(at, end, (token) => token.text === ':', true);
      if (colon >= end || this.isOrdinaryName(at, colon, end)) break;
      scope = this.header(at, colon, scope);
      at = colon + 1;
      if (at >= end) {
        this.pending = scope;
        return;
      }
    }
    while (at < end) {
      const stop = this.find(at, end, (token) => token.text === ';');
      this.simple(at, stop, scope);
      at = stop + 1;
    }
  }

  /** `match` and `case` are names too: `match: int = 1`, `case.x: int = 1`. A body may stand in the line of `case` only. */
  private isOrdinaryName(at: number, colon: number, end: number): boolean {
    const word = this.tokens[at]?.text;
    if (word === 'match') return colon + 1 < end;
    return word === 'case' && (colon === at + 1 || this.tokens[at + 1]?.text === '.');
  }

  /** The first token outside brackets that fits; with `lambdas`, the colon of a lambda does not count. */
  private find(from: number, end: number, fits: (token: Token) => boolean, lambdas = false): number {
    let depth = 0;
    let open = 0;
    for (let at = from; at < end; at++) {
      const token = this.tokens[at];
      if (token === undefined || token.kind === 'string') continue;
      if (lambdas && depth === 0 && token.text === 'lambda') open++;
      else if (token.kind === 'op' && '([{'.includes(token.text)) depth++;
      else if (token.kind === 'op' && ')]}'.includes(token.text)) depth--;
      else if (depth <= 0 && token.kind === 'op' && fits(token)) {
        if (lambdas && open > 0 && token.text === ':') open--;
        else return at;
      }
    }
    return end;
  }

  /** Evaluates the header in the scope around and returns the scope of the body. */
  private header(start: number, colon: number, scope: Scope): Scope {
    const isAsync = this.tokens[start]?.text === 'async';
    const at = isAsync ? start + 1 : start;
    const word = this.tokens[at]?.text;
    const name = this.tokens[at + 1]?.text ?? '';
    if (word === 'def') return this.definition(at, colon, scope, name);
    if (word === 'class') return this.class(at, colon, scope, name);
    if (word === 'for') {
      this.loop(at, colon, scope);
      return scope;
    }
    if (word === 'with') {
      this.with(at + 1, colon, scope);
      return scope;
    }
    this.evaluate(at + 1, colon, scope);
    if (word === 'case') this.guard(at + 1, colon, scope);
    return word === 'if' && scope.kind === 'module' && this.isMainGuard(at + 1, colon)
      ? new Scope('main', '__main__', scope, this.account)
      : scope;
  }

  /** What follows `if` behind a pattern. */
  private guard(start: number, colon: number, scope: Scope): void {
    for (let at = start; at < colon; at++) {
      const token = this.tokens[at];
      if (token?.kind !== 'name' || token.text !== 'if') continue;
      this.evaluate(at + 1, colon, scope);
      return;
    }
  }

  private definition(at: number, colon: number, scope: Scope, name: string): Scope {
    this.names.define(name);
    if (this.isRegistered) scope.mentions(name, 'called');
    this.isRegistered = false;
    this.parameters(at + 2, colon, scope);
    return new Scope('function', name, scope, this.account);
  }

  /** Defaults and annotations are evaluated where the function is defined. */
  private parameters(start: number, end: number, scope: Scope): void {
    for (let at = start; at < end; at++) {
      const token = this.tokens[at];
      if (token?.kind !== 'op' || (token.text !== '=' && token.text !== ':' && token.text !== '->')) continue;
      const name = this.tokens[at - 1];
      const listener = token.text === '=' ? scope : onlyCalls(scope);
      const reader = new Expressions(this.tokens, at + 1, end, this.names, listener);
      const value = reader.expression();
      if (token.text === '=' && name?.kind === 'name') this.names.bind(name.text, value);
      at = Math.max(at, reader.at - 1);
    }
  }

  private class(at: number, colon: number, scope: Scope, name: string): Scope {
    this.names.define(name);
    for (let i = at + 2; i < colon; i++) {
      const token = this.tokens[i];
      if (token?.kind !== 'name' || !this.names.isDefined(token.text)) continue;
      const isMeta = this.tokens[i - 1]?.text === '=' && this.tokens[i - 2]?.text === 'metaclass';
      scope.mentions(token.text, isMeta ? 'metaclass' : 'header');
    }
    // Base classes are mentioned without being called.
    const bases: Listener = {
      ...telling(scope),
      mentions: (base, how, method) => (how === 'called' || method ? scope.mentions(base, how, method) : undefined),
    };
    const { refs } = new Expressions(this.tokens, at + 2, colon, this.names, bases).all();
    if (refs.some((ref) => INSTALLING.test(ref)))
      for (const method of ON_INSTALL) scope.mentions(name, 'called', method);
    const body = new Scope('class', name, scope, this.account);
    for (let i = at + 2; i < colon; i++) {
      const base = this.tokens[i];
      if (base?.kind === 'name' && this.names.isDefined(base.text) && base.text !== name) body.bases.push(base.text);
    }
    return body;
  }

  private loop(at: number, colon: number, scope: Scope): void {
    let place = at + 1;
    const targets: string[] = [];
    while (place < colon && this.tokens[place]?.text !== 'in') {
      const token = this.tokens[place++];
      if (token?.kind === 'name') targets.push(token.text);
    }
    const source = new Expressions(this.tokens, place + 1, colon, this.names, scope).list();
    for (const target of targets) bindItems(this.names, target, source);
  }

  private with(start: number, colon: number, scope: Scope): void {
    const reader = new Expressions(this.tokens, start, colon, this.names, scope);
    while (reader.at < colon) {
      const before = reader.at;
      const value = reader.expression();
      const token = reader.peek();
      if (token?.text === 'as') {
        const name = this.tokens[reader.at + 1];
        if (name?.kind === 'name') this.names.bind(name.text, value);
        reader.at += 2;
      } else if (reader.at === before) reader.at++;
    }
  }

  /** Exactly `__name__ == '__main__'`, either way round: the body does not run at import. */
  private isMainGuard(start: number, colon: number): boolean {
    const [left, operator, right] = this.tokens.slice(start, colon);
    if (colon - start !== 3 || operator?.text !== '==') return false;
    const names = [left, right].map((token) => `${token?.kind} ${token?.text}`).sort();
    return names[0] === 'name __name__' && names[1] === 'string __main__';
  }

  private evaluate(start: number, end: number, listener: Listener): void {
    new Expressions(this.tokens, start, end, this.names, listener).all();
  }

  private simple(start: number, end: number, scope: Scope): void {
    const first = this.tokens[start];
    if (first === undefined || start >= end) return;
    if (first.kind === 'name' && first.text === 'import') this.import(start + 1, end, scope);
    else if (first.kind === 'name' && first.text === 'from') this.fromImport(start + 1, end, scope);
    else if (first.kind === 'op' && first.text === '@') this.decorator(start + 1, end, scope);
    else if (first.kind === 'string' && end === start + 1 && !first.fields) return;
    else if (first.text === 'exec' && this.tokens[start + 1]?.text !== '(') this.execStatement(start, end, scope);
    else if (first.kind === 'name' && first.text === 'return') this.returned(start, end, scope);
    else this.assignment(start, end, scope);
  }

  private returned(start: number, end: number, scope: Scope): void {
    const value = new Expressions(this.tokens, start + 1, end, this.names, scope).list();
    if (scope.kind === 'function') this.names.bind(`${scope.name}()`, value);
  }

  /** Python 2: `exec code in scope`. */
  private execStatement(start: number, end: number, scope: Scope): void {
    const next = this.tokens[start + 1];
    if (!next || start + 1 >= end || next.kind === 'op') {
      this.assignment(start, end, scope);
      return;
    }
    const value = new Expressions(this.tokens, start + 1, end, this.names, scope).list();
    scope.refers('builtins.exec', next.line, [value]);
    if (value.text !== undefined) scope.source(value.text, next.line);
  }

  /** What a decorator names is called with what follows. */
  private decorator(start: number, end: number, scope: Scope): void {
    const line = this.tokens[start]?.line ?? 0;
    const value = new Expressions(this.tokens, start, end, this.names, scope).list();
    for (const ref of value.refs) scope.refers(ref, line, []);
    this.isRegistered ||= value.refs.includes('atexit.register');
    for (const name of value.local ?? []) scope.mentions(name, 'called');
  }

  private import(start: number, end: number, scope: Scope): void {
    for (let at = start; at < end; at++) {
      const { text: module, next } = this.dottedName(at);
      if (module === '') continue;
      scope.imports(module, this.tokens[at]?.line ?? 0);
      at = next;
      if (this.tokens[at]?.text === 'as') {
        this.names.bind(this.tokens[at + 1]?.text ?? '', refValue(module));
        at += 2;
      } else {
        const top = module.split('.', 1)[0] ?? '';
        this.names.bind(top, refValue(top));
      }
    }
  }

  private fromImport(start: number, end: number, scope: Scope): void {
    const { text: module, next } = this.dottedName(start);
    const line = this.tokens[start]?.line ?? 0;
    if (this.tokens[next]?.text !== 'import') return;
    scope.imports(module, line);
    for (let at = next + 1; at < end; at++) {
      const token = this.tokens[at];
      if (token?.text === '*') this.names.star(module);
      if (token?.kind !== 'name') continue;
      const isAliased = this.tokens[at + 1]?.text === 'as';
      const alias = isAliased ? (this.tokens[at + 2]?.text ?? '') : token.text;
      this.names.bind(alias, refValue(`${module}.${token.text}`));
      if (isAliased) at += 2;
    }
  }

  private dottedName(start: number): { text: string; next: number } {
    let text = '';
    let at = start;
    for (; at < this.tokens.length; at++) {
      const token = this.tokens[at];
      if (
        token?.kind === 'op' ? /^\.+$/.test(token.text) : token?.kind === 'name' && !/^(?:import|as)$/.test(token.text)
      )
        text += token?.text ?? '';
      else break;
    }
    return { text, next: at };
  }

  /** `a = b = value`, `a: T = value`, `a, b = x, y`, or an expression. An annotation is evaluated too. */
  private assignment(start: number, end: number, scope: Scope): void {
    const colon = this.find(start, end, (token) => token.text === ':', true);
    const annotated = this.find(colon, end, (token) => token.text === '=');
    if (colon < end) this.evaluate(colon + 1, annotated, onlyCalls(scope));
    const targets: { start: number; equals: number; path: string | undefined }[] = [];
    let from = start;
    for (;;) {
      const equals = this.find(from, end, (token) => AUGMENTED.test(token.text) && !COMPARING.has(token.text));
      if (equals >= end) break;
      const { path } = new Expressions(this.tokens, from, equals, this.names, scope).list();
      targets.push({ start: from, equals, path });
      from = equals + 1;
    }
    const value = new Expressions(this.tokens, from, end, this.names, scope).list();
    for (const { start: first, equals, path } of targets) {
      if (path?.endsWith('.__code__'))
        scope.refers('types.FunctionType.__code__', this.tokens[first]?.line ?? 0, [value]);
      // What is added to is known no longer.
      if (path !== undefined && this.tokens[equals]?.text === '+=') this.names.blur(path);
      if (path !== undefined) this.names.bind(path, value);
      else if (this.tokens[equals - 1]?.kind === 'name') this.bindTargets(first, equals, value);
    }
  }

  private bindTargets(start: number, equals: number, value: ReturnType<Expressions['list']>): void {
    const names: string[] = [];
    for (let at = start; at < equals; at++) {
      const token = this.tokens[at];
      if (token?.kind === 'name' && names.length < 64) names.push(token.text);
    }
    const pairs = value.items?.length === names.length ? value.items : undefined;
    for (const [i, name] of names.entries()) {
      if (pairs) this.names.bind(name, pairs[i] ?? NOTHING);
      else bindItems(this.names, name, value);
    }
  }
}

/** What is told to the scope, so that parts of it can be told otherwise. */
function telling(scope: Scope): Listener {
  return {
    refers: (...told) => scope.refers(...told),
    imports: (...told) => scope.imports(...told),
    mentions: (...told) => scope.mentions(...told),
    dunders: (...told) => scope.dunders(...told),
    text: (...told) => scope.text(...told),
    source: (...told) => scope.source(...told),
  };
}

/** An annotation names types without using them; what it calls is called. */
function onlyCalls(scope: Scope): Listener {
  return {
    ...telling(scope),
    refers: (ref, line, args) => (args === undefined ? undefined : scope.refers(ref, line, args)),
  };
}

function isLayout(token: Token | undefined): boolean {
  return token?.kind === 'newline' || token?.kind === 'indent' || token?.kind === 'dedent';
}
