// SPDX-License-Identifier: Apache-2.0
import { built, joined, riskOf, texts, type Value, worst } from './values.ts';

const DIRECTIVE = /%(?:\(([^)]{0,1000})\))?([-+ #0]*)(\*|\d+)?(?:\.(\*|\d+))?[hlL]?([diouxXeEfFgGcrsa%])/g;

/** `%` on texts and the `format` filter. `widths` is told of every width, which is how long the result gets. */
export function percentFormatted(format: Value, args: readonly Value[], widths: (width: number) => void): Value {
  if (format.kind !== 'texts') return built(worst([riskOf(format), ...args.map(riskOf), 'moved']), '');
  const [only] = format.texts;
  for (const text of format.texts)
    for (const [, , , width, precision] of text.matchAll(DIRECTIVE))
      widths(Math.max(...[width, precision].map((digits) => (digits === '*' ? largest(args) : Number(digits ?? 0)))));
  if (only === undefined || format.texts.length !== 1) return built(worst([riskOf(format), ...args.map(riskOf)]), '');
  return joined(percentParts(only, args));
}

/** A width that is among the arguments may be any of them. */
export function largest(args: readonly Value[]): number {
  return Math.max(0, ...args.map((arg) => (arg.kind === 'number' ? (arg.number ?? 0) : 0)));
}

function percentParts(text: string, args: readonly Value[]): Value[] {
  const parts: Value[] = [];
  let at = 0;
  let used = 0;
  for (const match of text.matchAll(DIRECTIVE)) {
    parts.push(texts(text.slice(at, match.index)));
    at = match.index + match[0].length;
    if (match[5] === '%') parts.push(texts('%'));
    else parts.push(percentPart(match[1], match[5] ?? 's', args, used++));
  }
  parts.push(texts(text.slice(at)));
  return parts;
}

function percentPart(key: string | undefined, type: string, args: readonly Value[], index: number): Value {
  const [first] = args;
  let arg = args[index];
  if (key !== undefined && first?.kind === 'map') arg = first.entries.get(key);
  if (arg === undefined) return { kind: 'data' };
  if (type === 'c' && arg.kind === 'number')
    return arg.number === undefined ? built('chosen', '') : texts(codePoint(arg.number));
  return arg;
}

function codePoint(code: number): string {
  return Number.isInteger(code) && code >= 0 && code <= 0x10ffff ? String.fromCodePoint(code) : '';
}

/** A replacement field of `str.format`: what it names, and what follows the name. */
export interface Field {
  readonly argument: string;
  /** `.attribute` and `[item]` in order; reading one of them is an attribute lookup in Python. */
  readonly attributes: readonly string[];
  readonly width: number;
  /** The width is an argument itself. */
  readonly takesWidth: boolean;
}

const FIELD = /\{([^{}!:]*)(?:![rsa])?(?::([^{}]*(?:\{[^{}]*\}[^{}]*)*))?\}/g;

/** The replacement fields in a text for `str.format`, those inside of a format's specification too. */
export function fieldsOf(text: string): Field[] {
  return [...text.replaceAll('{{', '').matchAll(FIELD)].flatMap(([, name = '', specification = '']) => {
    const [argument = '', ...attributes] = name.split(/[.[]/).map((part) => part.replace(/\]$/, ''));
    const width = Math.max(0, ...[...specification.matchAll(/\d+/g)].map(([digits]) => Number(digits)));
    return [{ argument, attributes, width, takesWidth: specification.includes('{') }, ...fieldsOf(specification)];
  });
}

/** `str.format` with constants. */
export function braceFormatted(text: string, args: readonly Value[], named: ReadonlyMap<string, Value>): Value {
  const parts: Value[] = [];
  let at = 0;
  let used = 0;
  for (const match of text.matchAll(FIELD)) {
    parts.push(texts(text.slice(at, match.index)));
    at = match.index + match[0].length;
    const name = match[1] ?? '';
    const arg = name === '' ? args[used++] : (named.get(name) ?? args[/^\d+$/.test(name) ? Number(name) : -1]);
    const code = match[2] === 'c' && arg?.kind === 'number' ? arg.number : undefined;
    parts.push(code === undefined ? (arg ?? built('chosen', '')) : texts(codePoint(code)));
  }
  parts.push(texts(text.slice(at)));
  return joined(parts);
}
