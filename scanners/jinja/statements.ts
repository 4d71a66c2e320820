// SPDX-License-Identifier: Apache-2.0
import { asksContent } from './asked.ts';
import { ExpressionParser } from './expressions.ts';
import type { Action, Node, Step } from './nodes.ts';
import { tokensOf } from './tokens.ts';

/** What ends a block, and what may stand between its parts. */
const BLOCKS: Readonly<Record<string, readonly string[]>> = {
  for: ['else'],
  if: ['elif', 'else'],
  set: [],
  with: [],
  autoescape: [],
  block: [],
  macro: [],
  call: [],
  filter: [],
  generation: [],
  trans: ['pluralize'],
};
const DEPTH = 200;

interface Frame {
  readonly name: string;
  /** Where the text of the block goes, when it becomes a value. */
  readonly target?: string;
  readonly pieces: Node[];
  exact: boolean;
  sawElse: boolean;
  /** What people wrote decides whether the block is written. */
  asked: boolean;
}

/**
 * What a template does, as a list of actions. Statements are those of Jinja, of its own extensions (do, loop controls,
 * trans, debug) and of transformers (generation). Blocks are kept on a stack, so their depth costs no recursion.
 * @throws MalformedTemplate
 */
export function actionsOf(source: string): Action[] {
  return new StatementParser(source).actions();
}

class StatementParser {
  private readonly p: ExpressionParser;
  private readonly found: Action[] = [];
  private readonly frames: Frame[] = [];

  constructor(source: string) {
    this.p = new ExpressionParser(tokensOf(source));
  }

  actions(): Action[] {
    while (!this.p.ended) {
      const { kind, value, line } = this.p.next();
      if (kind === 'data') this.piece({ kind: 'constant', value, line });
      else if (kind === 'output') this.output(this.p.tuple());
      else this.statement();
      if (kind !== 'data') this.p.expect('end');
    }
    const open = this.frames.at(-1);
    if (open) throw this.p.error(`a ${open.name} that does not end`);
    return this.found;
  }

  private output(value: Node): void {
    this.found.push({ kind: 'output', value });
    this.piece(value);
  }

  /** Text that the template writes, which some block around it may make a value of. */
  private piece(node: Node): void {
    if (this.frames.some(({ asked }) => asked)) this.found.push({ kind: 'asked', value: node });
    else if (node.kind === 'condition' && asksContent(node.test)) this.found.push({ kind: 'asked', value: node.yes });
    const inner = this.frames.at(-1);
    for (const frame of this.frames)
      if (frame.target !== undefined) {
        frame.pieces.push(node);
        if (frame !== inner) frame.exact = false;
      }
  }

  private statement(): void {
    const { value: name, line } = this.p.expect('name');
    if (name.startsWith('end')) return void this.end(name.slice(3));
    const around = this.frames.at(-1);
    if (around && BLOCKS[around.name]?.includes(name)) return void this.part(around, name);
    this.found.push({ kind: 'statement', name, line });
    const read = Object.hasOwn(STATEMENTS, name) ? STATEMENTS[name] : undefined;
    if (read === undefined) throw this.p.error(`an unknown statement ${JSON.stringify(name.slice(0, 40))}`);
    read.call(this, line);
  }

  private begin(name: string, target?: string, asked = false): void {
    this.p.skip('operator', ':');
    if (this.frames.length >= DEPTH) throw this.p.error(`blocks deeper than ${DEPTH} levels`);
    this.frames.push({
      name,
      ...(target === undefined ? {} : { target }),
      pieces: [],
      exact: true,
      sawElse: false,
      asked,
    });
  }

  private end(name: string): void {
    const frame = this.frames.pop();
    if (frame?.name !== name) throw this.p.error(`an end${name} without its beginning`);
    if (name === 'for') this.found.push({ kind: 'end-loop' });
    if (name === 'block') this.p.skip('name');
    const { target, pieces, exact } = frame;
    if (target !== undefined) this.found.push({ kind: 'capture', target, pieces, exact });
  }

  private part(frame: Frame, name: string): void {
    if (frame.sawElse) throw this.p.error(`a second ${name}`);
    if (name === 'elif') {
      const test = this.p.tuple({ condition: false });
      frame.asked ||= asksContent(test);
      this.value(test);
    } else frame.sawElse = true;
    if (name === 'pluralize') this.p.skip('name');
    this.p.skip('operator', ':');
  }

  /** A value that decides something and is not written. */
  private value(value: Node): void {
    this.found.push({ kind: 'output', value });
  }

  private assign(targets: readonly string[], value: Node): void {
    const looped = this.frames.some(({ name }) => name === 'for' || name === 'macro');
    this.found.push({ kind: 'assign', targets, value, looped });
  }

  for(line: number): void {
    const targets = this.targets(false);
    this.p.expect('name', 'in');
    const over = this.p.tuple({ condition: false, ends: ['recursive', 'if'] });
    this.found.push({ kind: 'loop', targets, over, line });
    if (this.p.skip('name', 'if')) this.value(this.p.expression());
    this.p.skip('name', 'recursive');
    this.begin('for');
  }

  if(): void {
    const test = this.p.tuple({ condition: false });
    this.value(test);
    this.begin('if', undefined, asksContent(test));
  }

  set(line: number): void {
    const targets = this.targets(true);
    if (this.p.skip('operator', '=')) return void this.assign(targets, this.p.tuple());
    const [target] = targets;
    if (target === undefined || targets.length !== 1) throw this.p.error('expected one name');
    const steps: Step[] = [];
    while (this.p.skip('operator', '|')) steps.push(this.p.filter(line));
    if (steps.length > 0) {
      const base: Node = { kind: 'name', name: `${target}|`, line };
      this.assign([target], { kind: 'postfix', base, steps, line });
    }
    this.begin('set', steps.length > 0 ? `${target}|` : target);
  }

  with(): void {
    while (!this.p.is('end') && !this.p.is('operator', ':')) {
      const targets = this.targets(false);
      this.p.expect('operator', '=');
      this.assign(targets, this.p.expression());
      if (!this.p.skip('operator', ',')) break;
    }
    this.begin('with');
  }

  autoescape(): void {
    this.value(this.p.expression());
    this.begin('autoescape');
  }

  block(): void {
    this.p.expect('name');
    this.p.skip('name', 'scoped');
    this.p.skip('name', 'required');
    this.begin('block');
  }

  macro(): void {
    const name = this.p.expect('name').value;
    this.signature(name);
    this.begin('macro', `${name}()`);
  }

  private signature(name: string): void {
    const parameters: string[] = [];
    this.p.expect('operator', '(');
    for (let first = true; !this.p.skip('operator', ')'); first = false) {
      if (!first) this.p.expect('operator', ',');
      const parameter = this.p.expect('name').value;
      parameters.push(parameter);
      if (this.p.skip('operator', '=')) this.assign([parameter], this.p.expression());
    }
    this.found.push({ kind: 'macro', name, parameters });
  }

  call(): void {
    if (this.p.is('operator', '(')) this.signature('caller');
    const node = this.p.expression();
    if (node.kind !== 'postfix' || node.steps.at(-1)?.kind !== 'call') throw this.p.error('expected a call');
    this.output(node);
    this.begin('call', 'caller()');
  }

  filter(line: number): void {
    const steps: Step[] = [this.p.filter(line)];
    while (this.p.skip('operator', '|')) steps.push(this.p.filter(line));
    this.value({ kind: 'postfix', base: { kind: 'name', name: 'filter|', line }, steps, line });
    this.begin('filter', 'filter|');
  }

  generation(): void {
    this.begin('generation');
  }

  trans(): void {
    while (!this.p.is('end') && !this.p.is('operator', ':')) {
      const name = this.p.next();
      if (name.kind !== 'name' && name.kind !== 'text') throw this.p.error('expected a name');
      if (this.p.skip('operator', '=')) this.assign([name.value], this.p.expression());
      this.p.skip('operator', ',');
    }
    this.begin('trans');
  }

  do(): void {
    this.value(this.p.tuple());
  }

  print(): void {
    while (!this.p.is('end')) {
      this.output(this.p.expression());
      if (!this.p.skip('operator', ',')) break;
    }
  }

  extends(): void {
    this.value(this.p.expression());
  }

  include(): void {
    this.value(this.p.expression());
    if (this.p.skip('name', 'ignore')) this.p.expect('name', 'missing');
    this.context();
  }

  import(line: number): void {
    this.value(this.p.expression());
    this.p.expect('name', 'as');
    this.assign([this.p.expect('name').value], { kind: 'name', name: 'import|', line });
    this.context();
  }

  from(line: number): void {
    this.value(this.p.expression());
    this.p.expect('name', 'import');
    do {
      if (this.context()) break;
      const name = this.p.expect('name').value;
      const alias = this.p.skip('name', 'as') ? this.p.expect('name').value : name;
      this.assign([alias], { kind: 'name', name: 'import|', line });
    } while (!this.context() && this.p.skip('operator', ','));
  }

  simple(): void {}

  private context(): boolean {
    if (!this.p.is('name', 'with') && !this.p.is('name', 'without')) return false;
    this.p.next();
    this.p.expect('name', 'context');
    return true;
  }

  /** Names to assign to; `ns.name` where `withAttributes`. */
  private targets(withAttributes: boolean): string[] {
    const targets: string[] = [];
    const bracketed = this.p.skip('operator', '(');
    do {
      if (targets.length > 0 && !this.p.is('name') && !this.p.is('operator', '(')) break;
      if (this.p.is('operator', '(')) targets.push(...this.targets(withAttributes));
      else targets.push(this.target(withAttributes));
    } while (this.p.skip('operator', ','));
    if (bracketed) this.p.expect('operator', ')');
    return targets;
  }

  private target(withAttributes: boolean): string {
    const { value } = this.p.expect('name');
    if (!withAttributes || !this.p.skip('operator', '.')) return value;
    return `${value}.${this.p.expect('name').value}`;
  }
}

const STATEMENTS: Readonly<Record<string, (this: StatementParser, line: number) => void>> = {
  for: StatementParser.prototype.for,
  if: StatementParser.prototype.if,
  set: StatementParser.prototype.set,
  with: StatementParser.prototype.with,
  autoescape: StatementParser.prototype.autoescape,
  block: StatementParser.prototype.block,
  macro: StatementParser.prototype.macro,
  call: StatementParser.prototype.call,
  filter: StatementParser.prototype.filter,
  generation: StatementParser.prototype.generation,
  trans: StatementParser.prototype.trans,
  do: StatementParser.prototype.do,
  print: StatementParser.prototype.print,
  extends: StatementParser.prototype.extends,
  include: StatementParser.prototype.include,
  import: StatementParser.prototype.import,
  from: StatementParser.prototype.from,
  break: StatementParser.prototype.simple,
  continue: StatementParser.prototype.simple,
  debug: StatementParser.prototype.simple,
};
