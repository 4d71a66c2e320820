// SPDX-License-Identifier: Apache-2.0
import { braceFormatted, percentFormatted } from './format.ts';
import {
  type Arguments,
  atIndex,
  atKey,
  called,
  filtered,
  functionResult,
  joinedWith,
  rangeLength,
  sliced,
} from './functions.ts';
import { Mentions, type Report } from './mentions.ts';
import { type Args, MalformedTemplate, type Node, type Step } from './nodes.ts';
import { chained } from './operators.ts';
import {
  built,
  CHOSEN,
  DATA,
  either,
  itemOf,
  list,
  map,
  NUMBER,
  number,
  OBJECT,
  riskOf,
  texts,
  type Value,
  worst,
} from './values.ts';

/** Stands for the parameters of whatever a computed call reaches. */
export const ANYWHERE = 'any|';

/** Characters and items that constants may come to, all together. */
const WORK = 5_000_000;
/** Filters that take the name of another filter, or of a test, as their first argument. */
const BY_FILTER: ReadonlySet<string> = new Set(['map']);
const BY_TEST: Readonly<Record<string, number>> = { select: 0, reject: 0, selectattr: 1, rejectattr: 1 };
const WIDTHS: ReadonlySet<string> = new Set([
  'center',
  'indent',
  'batch',
  'slice',
  'ljust',
  'rjust',
  'zfill',
  'expandtabs',
]);
const ADDING: ReadonlySet<string> = new Set(['append', 'extend', 'insert', 'update', 'setdefault', 'add']);
const DUNDER = /^__[A-Za-z]\w*__$/;

/**
 * Works out what is known of expressions and reports what they name. It renders nothing: a value that is not constant
 * is known by where it comes from (values.ts).
 */
export class Evaluator {
  /** Variables, attributes of namespaces (`ns.a`) and what macros give (`m()`), each with all it may hold. */
  readonly variables: Map<string, Value>;
  readonly macros: ReadonlyMap<string, readonly string[]>;
  /** Given to the parameters of macros, in this run. */
  readonly passed: (variable: string, value: Value) => void;
  /** What any list or map is given beside what it is made of. */
  readonly added: Value[] = [];
  readonly mentions: Mentions;
  private work = 0;

  constructor(
    variables: Map<string, Value>,
    macros: ReadonlyMap<string, readonly string[]>,
    passed: (variable: string, value: Value) => void,
    report: Report,
  ) {
    this.variables = variables;
    this.macros = macros;
    this.passed = passed;
    this.mentions = new Mentions(report);
  }

  evaluate(node: Node): Value {
    const value = this.valueOf(node);
    this.spend(value, node.line);
    if (value.kind === 'texts')
      for (const text of value.texts) if (DUNDER.test(text)) this.mentions.report('jinja-string', text, node.line);
    return value;
  }

  private spend(value: Value, line: number): void {
    if (value.kind === 'texts') for (const text of value.texts) this.work += text.length;
    else if (value.kind === 'list') this.work += value.items.length;
    else if (value.kind === 'map') this.work += value.entries.size;
    if (this.work > WORK) throw new MalformedTemplate(line, 'constants that come to more than any template needs');
  }

  private valueOf(node: Node): Value {
    switch (node.kind) {
      case 'constant':
        if (typeof node.value === 'string') return texts(node.value);
        return typeof node.value === 'number' ? number(node.value) : NUMBER;
      case 'name':
        return this.nameValue(node.name, node.line);
      case 'list':
        return list(node.items.map((item) => this.evaluate(item)));
      case 'dict':
        return map(
          node.pairs.flatMap(([key, value]) => {
            const [name, held] = [this.evaluate(key), this.evaluate(value)];
            return name.kind === 'texts' ? name.texts.map((text) => [text, held] as const) : [['', held] as const];
          }),
        );
      case 'condition': {
        this.evaluate(node.test);
        const values = [node.yes, ...(node.no ? [node.no] : [])].map((branch) => this.evaluate(branch));
        return either(values);
      }
      case 'unary': {
        const value = this.evaluate(node.operand);
        return value.kind === 'number' && value.number !== undefined && node.operator === '-'
          ? number(-value.number)
          : NUMBER;
      }
      case 'chain':
        return this.chain(node);
      case 'postfix':
        return this.postfix(node);
    }
  }

  private nameValue(name: string, line: number): Value {
    const held = this.variables.get(name);
    // A template may assign to the name where it never runs, and mean the object all the same.
    if (held !== undefined && !LEADING_OUT.has(name)) return NAMED_OBJECTS.has(name) ? either([held, OBJECT]) : held;
    // `import|` and its like: what the parser names itself.
    if (name.includes('|')) return OBJECT;
    this.mentions.report('jinja-global', name, line);
    return functionResult(name, { positional: [], named: new Map() }) === undefined && !OBJECTS.has(name)
      ? DATA
      : OBJECT;
  }

  private chain({ first, rest, line }: Node & { kind: 'chain' }): Value {
    const operands = [this.evaluate(first), ...rest.map(({ operand }) => this.evaluate(operand))];
    const operators = rest.map(({ operator }) => operator);
    return chained(operands, operators, (count, from) => this.mentions.large(count, line, from));
  }

  private postfix({ base, steps }: Node & { kind: 'postfix' }): Value {
    let { value, at } = this.start(base, steps);
    while (at < steps.length) {
      const step = steps[at];
      if (step === undefined) break;
      const own = at === 0 && base.kind === 'name' ? base.name : undefined;
      const next = steps[at + 1];
      const call = next?.kind === 'call' ? next : undefined;
      if (step.kind === 'attribute' || step.kind === 'item') {
        value = this.lookup(value, step, call?.args, own);
        at += call === undefined ? 1 : 2;
      } else {
        value = this.step(value, step, call?.args);
        at += step.kind === 'filter' && step.name === 'attr' && call !== undefined ? 2 : 1;
      }
      this.spend(value, step.line);
    }
    return value;
  }

  /** The base, and a call of it when it is a name. */
  private start(base: Node, steps: readonly Step[]): { value: Value; at: number } {
    const [first] = steps;
    if (base.kind !== 'name') return { value: this.evaluate(base), at: 0 };
    if (first?.kind === 'test' && !this.variables.has(base.name)) return { value: DATA, at: 0 };
    if (first?.kind !== 'call') return { value: this.nameValue(base.name, base.line), at: 0 };
    const args = this.arguments(first.args);
    return { value: this.functionCall(base.name, first, args), at: 1 };
  }

  private functionCall(name: string, step: Step & { kind: 'call' }, args: Arguments): Value {
    const parameters = this.macros.get(name);
    if (parameters !== undefined) return this.macroCall(name, parameters, step.args, args);
    if (this.variables.has(name)) {
      this.passedOn(args);
      if (name === 'caller') return this.variables.get('caller()') ?? DATA;
      // The loop's own name, which no template has given to anything else: it goes down a level.
      if (name === 'loop' && this.variables.get(name)?.kind === 'data') return DATA;
      this.mentions.report('jinja-computed-attribute', 'call of a variable', step.line);
      return OBJECT;
    }
    this.mentions.report('jinja-global', `${name}()`, step.line);
    if (name === 'range') this.mentions.large(rangeLength(args), step.line);
    if (name === 'loop' || name === 'caller') this.passedOn(args);
    if (name === 'loop') return DATA;
    return functionResult(name, args) ?? (name === 'caller' ? (this.variables.get('caller()') ?? DATA) : DATA);
  }

  private macroCall(name: string, parameters: readonly string[], { spread }: Args, args: Arguments): Value {
    args.positional.forEach((value, i) => {
      const parameter = parameters[i];
      if (parameter !== undefined) this.passed(parameter, value);
    });
    for (const [parameter, value] of args.named) if (parameters.includes(parameter)) this.passed(parameter, value);
    for (const node of spread) for (const parameter of parameters) this.passed(parameter, itemOf(this.evaluate(node)));
    this.passed('varargs', list(args.positional.slice(parameters.length)));
    this.passed('kwargs', map([...args.named]));
    return this.variables.get(`${name}()`) ?? DATA;
  }

  /** What is called may be any macro: its parameters may hold any of these. */
  private passedOn({ positional, named }: Arguments): void {
    for (const value of [...positional, ...named.values()]) this.passed(ANYWHERE, value);
  }

  private arguments({ positional, named, spread }: Args): Arguments {
    for (const node of spread) this.evaluate(node);
    const values = named.map(([name, node]): [string, Value] => {
      if (DUNDER.test(name)) this.mentions.report('jinja-string', name, node.line);
      return [name, this.evaluate(node)];
    });
    return { positional: positional.map((node) => this.evaluate(node)), named: new Map(values) };
  }

  /** `.name` and `[key]`, with a call behind it or not. `own` is the variable's name when the value is one. */
  private lookup(
    value: Value,
    step: Step & { kind: 'attribute' | 'item' },
    call: Args | undefined,
    own: string | undefined,
  ): Value {
    const key = step.kind === 'attribute' ? texts(step.name) : this.evaluate(step.key);
    const args = call === undefined ? undefined : this.arguments(call);
    const held = key.kind === 'texts' && own !== undefined ? this.variables.get(`${own}.${key.texts[0]}`) : undefined;
    const known =
      held !== undefined ||
      (value.kind === 'map' && key.kind === 'texts' && key.texts.every((text) => value.entries.has(text)));
    // Only a lone underscore is a template's own to use: names of Python's own count whatever else bears them.
    const ownName = known && key.kind === 'texts' && key.texts.every((text) => /^_[A-Za-z](?!\w*__)\w*$/.test(text));
    if (!ownName) this.mentions.named(key, args !== undefined, 'subscript', step.line);
    if (key.kind === 'texts') for (const text of key.texts) this.mentions.formats(text, value, args, step.line);
    if (args === undefined) {
      const entry = key.kind === 'number' ? this.atNumber(value, key.number) : atKey(this.withAdded(value), key);
      return held === undefined
        ? entry
        : value.kind === 'map' && known && value.entries.size > 0
          ? either([held, entry])
          : held;
    }
    if (key.kind !== 'texts') {
      this.passedOn(args);
      this.mentions.report(
        'jinja-computed-attribute',
        `call of ${key.kind === 'number' ? 'a numbered' : 'an'} item`,
        step.line,
      );
      return OBJECT;
    }
    return either(key.texts.map((name) => this.method(name, held ?? value, args, step.line)));
  }

  private atNumber(value: Value, index: number | undefined): Value {
    if (index !== undefined && this.added.length === 0) return atIndex(value, index);
    return itemOf(this.withAdded(value));
  }

  /** Lists and maps that grow while the template runs may hold whatever is added to any. */
  private withAdded(value: Value): Value {
    if (this.added.length === 0) return value;
    if (value.kind === 'list') return list([...value.items, ...this.added]);
    return value.kind === 'map' ? map([...value.entries, ...this.added.map((item) => ['', item] as const)]) : value;
  }

  private method(name: string, receiver: Value, args: Arguments, line: number): Value {
    if (ADDING.has(name)) {
      const given = args.positional.flatMap((value) =>
        value.kind === 'list' ? value.items : value.kind === 'map' ? [...value.entries.values()] : [value],
      );
      if (this.added.length < 64) this.added.push(...given.slice(0, 64));
    }
    if (WIDTHS.has(name)) this.mentions.widths(args, line);
    if (name === 'format' && receiver.kind === 'texts' && receiver.texts.length === 1)
      return braceFormatted(receiver.texts[0] ?? '', args.positional, args.named);
    if (name === 'format') return built(worst([riskOf(receiver), 'moved']), '');
    if (name === 'join') return this.join(receiver, args.positional[0] ?? DATA, false);
    return called(name, receiver, args);
  }

  private join(separator: Value, value: Value, plain: boolean): Value {
    const inner = value.kind === 'stream' ? value.of : value;
    if (inner.kind !== 'list' || this.added.length === 0) return joinedWith(separator, value, plain);
    return built(worst([riskOf(inner), riskOf(separator), ...this.added.map(riskOf), 'moved']), '');
  }

  private step(value: Value, step: Step, call: Args | undefined): Value {
    switch (step.kind) {
      case 'slice':
        return sliced(
          value,
          step.parts.map((part) => part && this.evaluate(part)),
        );
      case 'filter':
        return this.filter(value, step, call);
      case 'test':
        this.mentions.report('jinja-test', step.name, step.line);
        this.arguments(step.args);
        return NUMBER;
      case 'call':
        this.passedOn(this.arguments(step.args));
        this.mentions.report('jinja-computed-attribute', 'call of a result', step.line);
        return OBJECT;
      default:
        return value;
    }
  }

  private filter(value: Value, { name, args, line }: Step & { kind: 'filter' }, call: Args | undefined): Value {
    const given = this.arguments(args);
    if (name === 'attr')
      return this.attrFilter(value, given.positional[0] ?? given.named.get('name') ?? CHOSEN, call, line);
    this.mentions.report('jinja-filter', name, line);
    if (WIDTHS.has(name)) this.mentions.widths(given, line);
    this.mentions.paths(name, given, line);
    this.byName(name, given, line);
    if (name === 'format')
      return percentFormatted(
        value,
        given.positional.length > 0 ? given.positional : [map([...given.named])],
        (width) => this.mentions.large(width, line),
      );
    if (name === 'join') return this.join(given.positional[0] ?? given.named.get('d') ?? texts(''), value, false);
    if (name === 'map') return this.mapped(value, given);
    if (name === 'default' || name === 'd')
      return filtered(name, value, {
        ...given,
        positional: [given.positional[0] ?? given.named.get('default_value') ?? texts('')],
      });
    return filtered(name, value, given);
  }

  /** `map('lower')` over constants gives constants. */
  private mapped(value: Value, args: Arguments): Value {
    const [by, ...rest] = args.positional;
    const inner = value.kind === 'stream' ? value.of : value;
    if (inner.kind !== 'list' || by?.kind !== 'texts' || by.texts.length !== 1) return { kind: 'stream', of: inner };
    const [filter = ''] = by.texts;
    const items = inner.items.map((item) =>
      filter === 'format'
        ? percentFormatted(item, rest, () => {})
        : filtered(filter, item, { positional: rest, named: args.named }),
    );
    return { kind: 'stream', of: list(items) };
  }

  /** `attr` is there to reach what a point does not: a constant name that a point may have is all it may hold. */
  private attrFilter(value: Value, name: Value, call: Args | undefined, line: number): Value {
    if (call !== undefined) this.arguments(call);
    if (name.kind !== 'texts')
      this.mentions.report('jinja-computed-attribute', 'attr filter with a computed name', line);
    else
      for (const text of name.texts) {
        this.mentions.report(call === undefined ? 'jinja-attribute' : 'jinja-method', text, line);
        this.mentions.formats(text, value, undefined, line);
        if (text === 'format' || text === 'format_map')
          this.mentions.report('jinja-computed-attribute', 'attr filter for format', line);
      }
    return OBJECT;
  }

  private byName(filter: string, args: Arguments, line: number): void {
    const isFilter = BY_FILTER.has(filter);
    const at = isFilter ? 0 : Object.hasOwn(BY_TEST, filter) ? BY_TEST[filter] : undefined;
    const name = at === undefined ? undefined : args.positional[at];
    if (name === undefined) return;
    if (name.kind !== 'texts')
      return void this.mentions.report('jinja-computed-attribute', `chosen ${isFilter ? 'filter' : 'test'}`, line);
    for (const text of name.texts)
      if (isFilter && text === 'attr') this.attrFilter(DATA, args.positional[1] ?? CHOSEN, undefined, line);
      else this.mentions.report(isFilter ? 'jinja-filter' : 'jinja-test', text, line);
  }
}

/** Jinja's own objects, whose text or attributes lead into Python in one step. */
const LEADING_OUT: ReadonlySet<string> = new Set(['self', 'lipsum', 'cycler', 'joiner']);
const NAMED_OBJECTS: ReadonlySet<string> = new Set([
  'raise_exception',
  'strftime_now',
  'url_for',
  'get_flashed_messages',
]);

/** Free names that are functions or objects of Jinja or of a web framework, whose text is no data. */
const OBJECTS: ReadonlySet<string> = new Set([
  ...['cycler', 'joiner', 'lipsum', 'namespace', 'range', 'dict', 'self', 'super', 'raise_exception', 'strftime_now'],
  ...['request', 'config', 'session', 'g', 'url_for', 'get_flashed_messages', 'caller', 'gettext', 'ngettext'],
]);
