// SPDX-License-Identifier: Apache-2.0
import { fieldsOf, largest } from './format.ts';
import type { Arguments } from './functions.ts';
import { riskOf, type Value } from './values.ts';

/** Told of everything that a template names; `line` is where. */
export type Report = (scheme: string, name: string, line: number) => void;

/** Filters that look up an attribute by a path in a text, and where it stands among the arguments. */
const BY_PATH: Readonly<Record<string, number>> = {
  selectattr: 0,
  rejectattr: 0,
  groupby: 0,
  sum: 0,
  join: 1,
  unique: 1,
  min: 1,
  max: 1,
  sort: 2,
  map: -1,
};
/** ASCII identifiers, and anything that a reader may take for one. */
const IDENTIFIER = /^[A-Za-z_]\w*$|[^ -~]/;

/** Tells what the values at hand name: attributes, paths and formats, and counts that cost memory or time. */
export class Mentions {
  readonly report: Report;

  constructor(report: Report) {
    this.report = report;
  }

  /** A count that memory or time grows with, as the power of ten below it. */
  large(count: number, line: number, from = 1e5): void {
    if (count >= from) this.report('jinja-range', `10^${Math.min(308, Math.floor(Math.log10(count)))}`, line);
  }

  widths(args: Arguments, line: number): void {
    for (const value of [...args.positional, ...args.named.values()])
      if (value.kind === 'number') this.large(value.number ?? 0, line);
  }

  /** What a name in a lookup means: each alternative of a constant, or how far it is computed. */
  named(key: Value, isCalled: boolean, how: string, line: number): void {
    if (key.kind === 'texts') for (const text of key.texts) this.attribute(text, isCalled, line);
    else if (key.kind === 'built' && !/^[A-Za-z]/.test(key.start))
      this.report('jinja-computed-attribute', `${key.risk} ${how}`, line);
    else if (key.kind === 'object' || key.kind === 'stream')
      this.report('jinja-computed-attribute', `chosen ${how}`, line);
  }

  /** A text that is no identifier is no attribute. */
  attribute(name: string, isCalled: boolean, line: number): void {
    if (IDENTIFIER.test(name)) this.report(isCalled ? 'jinja-method' : 'jinja-attribute', name, line);
  }

  /** `str.format` reads attributes: of a constant text they can be seen. */
  formats(name: string, receiver: Value, args: Arguments | undefined, line: number): void {
    if (name !== 'format' && name !== 'format_map') return;
    if (receiver.kind === 'texts')
      for (const field of receiver.texts.flatMap(fieldsOf)) {
        for (const attribute of field.attributes) this.attribute(attribute, false, line);
        this.large(field.width, line);
        if (field.takesWidth && args) this.large(largest([...args.positional, ...args.named.values()]), line);
      }
    else if (args !== undefined) {
      const risk = receiver.kind === 'data' ? 'data' : riskOf(receiver);
      this.report('jinja-computed-attribute', `${risk} format`, line);
    }
  }

  paths(filter: string, args: Arguments, line: number): void {
    if (!Object.hasOwn(BY_PATH, filter)) return;
    const path = args.named.get('attribute') ?? args.positional[BY_PATH[filter] ?? -1];
    if (path === undefined) return;
    if (path.kind === 'texts')
      for (const text of path.texts) for (const name of text.split(/[.,]/)) this.attribute(name, false, line);
    else this.named(path, false, 'attribute path', line);
  }
}
