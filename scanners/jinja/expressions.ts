// SPDX-License-Identifier: Apache-2.0
import { type Args, MalformedTemplate, NO_ARGS, type Node, type Step } from './nodes.ts';
import type { Token } from './tokens.ts';

/** Brackets and operators inside one another; a template that people wrote has a dozen. */
const DEPTH = 100;
const COMPARISONS: ReadonlySet<string> = new Set(['==', '!=', '<', '<=', '>', '>=']);
const CONSTANTS: Readonly<Record<string, boolean | null>> = {
  true: true,
  True: true,
  false: false,
  False: false,
  none: null,
  None: null,
};
/** Binary operators from the weakest to the strongest (jinja2/parser.py, `parse_math1` to `parse_pow`). */
const RANKS: readonly ReadonlySet<string>[] = [
  new Set(['+', '-']),
  new Set(['~']),
  new Set(['*', '/', '//', '%']),
  new Set(['**']),
];
const END: Token = { kind: 'end', value: '', line: 0 };

/**
 * Jinja's expressions, by recursive descent (jinja2/parser.py). Each method reads one rule of the grammar from where
 * `at` is.
 * @throws MalformedTemplate
 */
export class ExpressionParser {
  private readonly tokens: readonly Token[];
  private at = 0;
  private depth = 0;

  constructor(tokens: readonly Token[]) {
    this.tokens = tokens;
  }

  get token(): Token {
    return this.tokens[this.at] ?? END;
  }

  get ended(): boolean {
    return this.at >= this.tokens.length;
  }

  next(): Token {
    const token = this.token;
    this.at++;
    return token;
  }

  is(kind: Token['kind'], value?: string): boolean {
    const { token } = this;
    return token.kind === kind && (value === undefined || token.value === value);
  }

  skip(kind: Token['kind'], value?: string): boolean {
    if (!this.is(kind, value)) return false;
    this.at++;
    return true;
  }

  expect(kind: Token['kind'], value?: string): Token {
    if (!this.is(kind, value)) throw this.error(`expected ${value ?? kind}`);
    return this.next();
  }

  error(message: string): MalformedTemplate {
    const { kind, value, line } = this.ended ? (this.tokens.at(-1) ?? END) : this.token;
    return new MalformedTemplate(line, `${message}, found ${kind} ${JSON.stringify(value.slice(0, 40))}`);
  }

  /** An expression, with or without `a if b else c` at its top. */
  expression(withCondition = true): Node {
    this.enter();
    let node = this.junction('or');
    while (withCondition && this.skip('name', 'if')) {
      const test = this.junction('or');
      const no = this.skip('name', 'else') ? this.expression() : undefined;
      node = { kind: 'condition', test, yes: node, no, line: node.line };
    }
    this.depth--;
    return node;
  }

  /** `a, b`; one expression alone is itself. `ends` are names that end it. */
  tuple({ condition = true, ends = [] as readonly string[], bracketed = false } = {}): Node {
    const { line } = this.token;
    const items: Node[] = [];
    let comma = false;
    while (!this.tupleEnds(ends)) {
      items.push(this.expression(condition));
      if (!this.skip('operator', ',')) break;
      comma = true;
    }
    const [only] = items;
    if (only !== undefined && !comma) return only;
    if (items.length === 0 && !bracketed) throw this.error('expected an expression');
    return { kind: 'list', items, line };
  }

  args(): Args {
    this.expect('operator', '(');
    const positional: Node[] = [];
    const named: [string, Node][] = [];
    const spread: Node[] = [];
    for (let first = true; !this.skip('operator', ')'); first = false) {
      if (!first) this.expect('operator', ',');
      if (!first && this.skip('operator', ')')) break;
      if (this.skip('operator', '*') || this.skip('operator', '**')) spread.push(this.expression());
      else if (
        this.is('name') &&
        this.tokens[this.at + 1]?.kind === 'operator' &&
        this.tokens[this.at + 1]?.value === '='
      )
        named.push(this.namedArgument());
      else if (named.length > 0) throw this.error('expected a named argument');
      else positional.push(this.expression());
    }
    return { positional, named, spread };
  }

  private namedArgument(): [string, Node] {
    // The arguments become Python source, where a name in compatibility characters is the plain name.
    const name = this.next().value.normalize('NFKC');
    this.expect('operator', '=');
    return [name, this.expression()];
  }

  private tupleEnds(ends: readonly string[]): boolean {
    if (this.is('end') || this.is('operator', ')') || this.ended) return true;
    return this.is('name') && ends.includes(this.token.value);
  }

  private enter(): void {
    if (++this.depth > DEPTH) throw new MalformedTemplate(this.token.line, `nested deeper than ${DEPTH} levels`);
  }

  private junction(word: 'or' | 'and'): Node {
    const operand = () => (word === 'or' ? this.junction('and') : this.negation());
    const first = operand();
    const rest: { operator: string; operand: Node }[] = [];
    while (this.skip('name', word)) rest.push({ operator: word, operand: operand() });
    return rest.length === 0 ? first : { kind: 'chain', first, rest, line: first.line };
  }

  private negation(): Node {
    const { line } = this.token;
    if (!this.skip('name', 'not')) return this.comparison();
    this.enter();
    const operand = this.negation();
    this.depth--;
    return { kind: 'unary', operator: 'not', operand, line };
  }

  private comparison(): Node {
    const first = this.binary(0);
    const rest: { operator: string; operand: Node }[] = [];
    for (let operator = this.comparator(); operator !== undefined; operator = this.comparator())
      rest.push({ operator, operand: this.binary(0) });
    return rest.length === 0 ? first : { kind: 'chain', first, rest, line: first.line };
  }

  private comparator(): string | undefined {
    if (this.is('operator') && COMPARISONS.has(this.token.value)) return this.next().value;
    if (this.skip('name', 'in')) return 'in';
    const following = this.tokens[this.at + 1];
    if (!this.is('name', 'not') || following?.kind !== 'name' || following.value !== 'in') return undefined;
    this.at += 2;
    return 'in';
  }

  private binary(rank: number): Node {
    const operators = RANKS[rank];
    if (operators === undefined) return this.unary(true);
    const first = this.binary(rank + 1);
    const rest: { operator: string; operand: Node }[] = [];
    while (this.is('operator') && operators.has(this.token.value))
      rest.push({ operator: this.next().value, operand: this.binary(rank + 1) });
    return rest.length === 0 ? first : { kind: 'chain', first, rest, line: first.line };
  }

  /** A sign binds weaker than a postfix and stronger than a filter. */
  unary(withFilters: boolean): Node {
    const { line, value } = this.token;
    let node: Node;
    if (this.skip('operator', '-') || this.skip('operator', '+')) {
      this.enter();
      node = { kind: 'unary', operator: value, operand: this.unary(false), line };
      this.depth--;
    } else node = this.primary();
    const steps: Step[] = [];
    this.postfixes(steps);
    if (withFilters) this.filters(steps);
    return steps.length === 0 ? node : { kind: 'postfix', base: node, steps, line };
  }

  private primary(): Node {
    const token = this.next();
    const { kind, value, line } = token;
    if (kind === 'name') {
      if (Object.hasOwn(CONSTANTS, value)) return { kind: 'constant', value: CONSTANTS[value] ?? null, line };
      return { kind: 'name', name: value, line };
    }
    if (kind === 'text') return this.text(value, line);
    if (kind === 'integer' || kind === 'float') return { kind: 'constant', value: Number(value), line };
    if (kind === 'operator' && value === '(') return this.parenthesis();
    if (kind === 'operator' && value === '[') return this.list(line);
    if (kind === 'operator' && value === '{') return this.dict(line);
    this.at--;
    throw this.error('expected a value');
  }

  /** Texts that follow each other are one. */
  private text(first: string, line: number): Node {
    const parts = [first];
    while (this.is('text')) parts.push(this.next().value);
    return { kind: 'constant', value: parts.join(''), line };
  }

  private parenthesis(): Node {
    this.enter();
    const node = this.tuple({ bracketed: true });
    this.expect('operator', ')');
    this.depth--;
    return node;
  }

  private list(line: number): Node {
    this.enter();
    const items: Node[] = [];
    while (!this.skip('operator', ']')) {
      if (items.length > 0) this.expect('operator', ',');
      if (items.length > 0 && this.skip('operator', ']')) break;
      items.push(this.expression());
    }
    this.depth--;
    return { kind: 'list', items, line };
  }

  private dict(line: number): Node {
    this.enter();
    const pairs: [Node, Node][] = [];
    while (!this.skip('operator', '}')) {
      if (pairs.length > 0) this.expect('operator', ',');
      if (pairs.length > 0 && this.skip('operator', '}')) break;
      const key = this.expression();
      this.expect('operator', ':');
      pairs.push([key, this.expression()]);
    }
    this.depth--;
    return { kind: 'dict', pairs, line };
  }

  private postfixes(steps: Step[]): void {
    for (;;) {
      const { line } = this.token;
      if (this.skip('operator', '.')) steps.push(this.afterPoint(line));
      else if (this.skip('operator', '[')) steps.push(this.subscript(line));
      else if (this.is('operator', '(')) steps.push({ kind: 'call', args: this.nestedArgs(), line });
      else return;
    }
  }

  private nestedArgs(): Args {
    this.enter();
    const args = this.args();
    this.depth--;
    return args;
  }

  private afterPoint(line: number): Step {
    const token = this.next();
    if (token.kind === 'name') return { kind: 'attribute', name: token.value, line };
    if (token.kind === 'integer')
      return { kind: 'item', key: { kind: 'constant', value: Number(token.value), line }, line };
    this.at--;
    throw this.error('expected a name or a number');
  }

  private subscript(line: number): Step {
    this.enter();
    const parts: Step[] = [];
    do parts.push(this.subscribed(line));
    while (this.skip('operator', ','));
    this.expect('operator', ']');
    this.depth--;
    const [only] = parts;
    if (only !== undefined && parts.length === 1) return only;
    const items = parts.flatMap((part) => (part.kind === 'item' ? [part.key] : []));
    return { kind: 'item', key: { kind: 'list', items, line }, line };
  }

  private subscribed(line: number): Step {
    const parts: (Node | undefined)[] = [this.slicePart()];
    while (parts.length < 3 && this.skip('operator', ':')) parts.push(this.slicePart());
    const [key] = parts;
    if (parts.length > 1) return { kind: 'slice', parts, line };
    if (key === undefined) throw this.error('expected a subscript');
    return { kind: 'item', key, line };
  }

  private slicePart(): Node | undefined {
    const ends = this.is('operator', ':') || this.is('operator', ']') || this.is('operator', ',');
    return ends ? undefined : this.expression();
  }

  private filters(steps: Step[]): void {
    for (;;) {
      const { line } = this.token;
      if (this.skip('operator', '|')) steps.push(this.filter(line));
      else if (this.skip('name', 'is')) steps.push(this.test(line));
      else if (this.is('operator', '(')) steps.push({ kind: 'call', args: this.nestedArgs(), line });
      else return;
    }
  }

  filter(line: number): Step {
    const name = this.dottedName();
    const args = this.is('operator', '(') ? this.nestedArgs() : NO_ARGS;
    return { kind: 'filter', name, args, line };
  }

  private test(line: number): Step {
    this.skip('name', 'not');
    const name = this.dottedName();
    let args: Args = NO_ARGS;
    if (this.is('operator', '(')) args = this.nestedArgs();
    else if (this.startsArgument()) {
      const base = this.primary();
      const inner: Step[] = [];
      this.postfixes(inner);
      const node: Node = inner.length === 0 ? base : { kind: 'postfix', base, steps: inner, line };
      args = { positional: [node], named: [], spread: [] };
    }
    return { kind: 'test', name, args, line };
  }

  private startsArgument(): boolean {
    const { kind, value } = this.token;
    if (kind === 'operator') return value === '[' || value === '{';
    if (kind !== 'name') return kind === 'text' || kind === 'integer' || kind === 'float';
    if (value === 'is') throw this.error('tests in a row');
    return value !== 'else' && value !== 'or' && value !== 'and';
  }

  private dottedName(): string {
    const parts = [this.expect('name').value];
    while (this.skip('operator', '.')) parts.push(this.expect('name').value);
    return parts.join('.');
  }
}
