// SPDX-License-Identifier: Apache-2.0
import { isSentence } from './asked.ts';
import { unescaped } from './escapes.ts';
import { ANYWHERE, Evaluator } from './evaluator.ts';
import type { Report } from './mentions.ts';
import { type Action, MalformedTemplate, type Node } from './nodes.ts';
import { actionsOf } from './statements.ts';
import { built, DATA, either, itemOf, joined, list, map, OBJECT, riskOf, type Value, worst } from './values.ts';

/** A template is worked through until its variables hold nothing new; loops that build texts never come to that. */
const ROUNDS = 8;

/**
 * Reports what a template would reach if it were rendered: attributes, methods, filters, tests, free names, statements,
 * loops that take very long. Nothing is rendered. A template that does not parse is searched for Python's own names.
 */
export function readTemplate(source: string, report: Report): void {
  let actions: Action[];
  try {
    actions = actionsOf(source);
    new TemplateReader(actions, report).read();
  } catch (error) {
    if (!(error instanceof MalformedTemplate)) throw error;
    report('jinja-malformed', error.message, error.line);
    search(source, report);
  }
}

class TemplateReader {
  private readonly actions: readonly Action[];
  private readonly report: Report;
  private readonly macros = new Map<string, readonly string[]>();
  private variables = new Map<string, Value>();

  constructor(actions: readonly Action[], report: Report) {
    this.actions = actions;
    this.report = report;
  }

  read(): void {
    for (const action of this.actions)
      if (action.kind === 'macro' && action.name !== 'caller') this.macros.set(action.name, action.parameters);
    this.settle();
    this.run(this.report, () => {});
  }

  private settle(): void {
    let added: Value[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const before = this.variables;
      const found = new Map<string, Value[]>();
      const evaluator = this.run(
        () => {},
        (name, value) => {
          const values = found.get(name);
          if (values === undefined) found.set(name, [value]);
          else if (values.length < 256) values.push(value);
          else values[0] = built(worst([...values.map(riskOf), riskOf(value)]), '');
        },
        added,
      );
      added = evaluator.added;
      this.variables = new Map([...found].map(([name, values]) => [name, either(values)]));
      const unsettled = [...this.variables].filter(([name, value]) => signature(before.get(name)) !== signature(value));
      if (unsettled.length === 0) return;
      // What still grows is put together piece by piece: its parts are known, its whole is not.
      if (round === ROUNDS - 1)
        for (const [name, value] of unsettled) this.variables.set(name, built(worst([riskOf(value), 'moved']), ''));
    }
  }

  /** A recursive loop is called with what it goes over next. */
  private reassigned(targets: readonly string[], assign: (name: string, value: Value) => void): void {
    const given = this.variables.get(ANYWHERE);
    if (given !== undefined) assignTo(targets, itemOf(given), assign);
  }

  /** All actions once, with the variables as they are; `assign` is told of all that they may be given. */
  private run(report: Report, assign: (name: string, value: Value) => void, added: readonly Value[] = []): Evaluator {
    const evaluator = new Evaluator(this.variables, this.macros, assign, report);
    evaluator.added.push(...added);
    const loops: number[] = [];
    for (const action of this.actions) this.act(action, evaluator, loops, report, assign);
    return evaluator;
  }

  private act(
    action: Action,
    evaluator: Evaluator,
    loops: number[],
    report: Report,
    assign: (name: string, value: Value) => void,
  ): void {
    switch (action.kind) {
      case 'statement':
        return void report('jinja-statement', action.name, action.line);
      case 'output':
        return void evaluator.evaluate(action.value);
      case 'asked': {
        const value = evaluator.evaluate(action.value);
        const sentence = value.kind === 'texts' ? value.texts.find(isSentence) : undefined;
        if (sentence !== undefined) report('jinja-instruction', sentence.trim().slice(0, 100), action.value.line);
        return;
      }
      case 'assign': {
        const value = evaluator.evaluate(action.value);
        if (action.looped && doubles(action.targets, action.value))
          report('jinja-range', 'doubles in a loop', action.value.line);
        return void assignTo(action.targets, value, assign);
      }
      case 'capture':
        return void assign(action.target, captured(action.pieces, action.exact, this.variables, this.macros));
      case 'macro':
        assign(action.name, OBJECT);
        for (const parameter of action.parameters) assign(parameter, this.variables.get(ANYWHERE) ?? DATA);
        assign('varargs', list([]));
        return void assign('kwargs', map([]));
      case 'loop': {
        const over = evaluator.evaluate(action.over);
        loops.push(roundsOf(action.over, over));
        assignTo(action.targets, itemOf(over), assign);
        this.reassigned(action.targets, assign);
        const all = loops.reduce((product, rounds) => product * rounds, 1);
        if (loops.length > 1) evaluator.mentions.large(all, action.line);
        return void assign('loop', DATA);
      }
      case 'end-loop':
        loops.pop();
    }
  }
}

function assignTo(targets: readonly string[], value: Value, assign: (name: string, value: Value) => void): void {
  const [only] = targets;
  if (only === undefined) return;
  if (targets.length === 1) return void assign(only, value);
  const parts = value.kind === 'list' ? value.items : undefined;
  targets.forEach((target, i) => {
    assign(target, parts?.length === targets.length ? (parts[i] ?? DATA) : itemOf(value));
  });
}

/** The text of a block. Its pieces were evaluated where they stand, so that nothing is reported here. */
function captured(
  pieces: readonly Node[],
  exact: boolean,
  variables: Map<string, Value>,
  macros: ReadonlyMap<string, readonly string[]>,
): Value {
  const quiet = new Evaluator(
    variables,
    macros,
    () => {},
    () => {},
  );
  const values = pieces.map((piece) => quiet.evaluate(piece));
  if (exact) return joined(values);
  return built(worst([...values.map(riskOf), 'moved']), '');
}

/** Rounds of a loop whose number stands in the template; any other counts as one. */
function roundsOf(over: Node, value: Value): number {
  if (over.kind === 'postfix' && over.base.kind === 'name' && over.base.name === 'range') {
    const [call] = over.steps;
    const numbers =
      call?.kind === 'call'
        ? call.args.positional.flatMap((node) =>
            node.kind === 'constant' && typeof node.value === 'number' ? [node.value] : [],
          )
        : [];
    const [a = 1, b] = numbers;
    return Math.max(1, b === undefined ? a : b - a);
  }
  return value.kind === 'list' ? Math.max(1, value.items.length) : 1;
}

/** `{% set a = a ~ a %}`: twice as long with every round. */
function doubles(targets: readonly string[], value: Node): boolean {
  if (value.kind !== 'chain') return false;
  const operands = [value.first, ...value.rest.map(({ operand }) => operand)].map(nameIn);
  const joins = value.rest.some(({ operator }) => operator === '~' || operator === '+');
  return joins && targets.some((target) => operands.filter((name) => name === target).length > 1);
}

function nameIn(node: Node): string {
  if (node.kind === 'name') return node.name;
  if (node.kind !== 'postfix' || node.base.kind !== 'name') return '';
  const [step] = node.steps;
  return step?.kind === 'attribute' && node.steps.length === 1 ? `${node.base.name}.${step.name}` : '';
}

/** What tells one value from another, in short. */
function signature(value: Value | undefined, depth = 0): string {
  if (value === undefined) return '';
  if (value.kind === 'texts') return `t${value.texts.join('\0')}`;
  if (value.kind === 'number') return `n${value.number ?? ''}`;
  if (value.kind === 'built') return `b${value.risk}${value.start}`;
  if (depth > 3) return value.kind;
  if (value.kind === 'list')
    return `l${value.risk}${value.items
      .slice(0, 64)
      .map((item) => signature(item, depth + 1))
      .join('\x01')}`;
  if (value.kind === 'map')
    return `m${value.risk}${[...value.entries]
      .slice(0, 64)
      .map(([key, item]) => `${key}\x02${signature(item, depth + 1)}`)
      .join('\x01')}`;
  return value.kind === 'stream' ? `s${signature(value.of, depth + 1)}` : value.kind;
}

/** Names of Python's own and ways to reach them, wherever they stand. */
function search(source: string, report: Report): void {
  let plain = source;
  try {
    plain = unescaped(source, 1);
  } catch (error) {
    if (!(error instanceof MalformedTemplate)) throw error;
    plain = source.replace(/\\x5f|\\u005f|\\137/gi, '_');
  }
  for (const name of new Set(Array.from(plain.matchAll(/__[A-Za-z]\w*__/g), ([text]) => text)))
    report('jinja-string', name, 1);
  if (/\|\s*attr\b/.test(plain)) report('jinja-computed-attribute', 'attr filter with a computed name', 1);
}
