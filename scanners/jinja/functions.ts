// SPDX-License-Identifier: Apache-2.0
import {
  asText,
  built,
  CHOSEN,
  DATA,
  either,
  itemOf,
  joined,
  list,
  MOVED,
  map,
  mapTexts,
  NUMBER,
  number,
  riskOf,
  texts,
  type Value,
  worst,
} from './values.ts';

/** Arguments of a filter, method or function, as values. */
export interface Arguments {
  readonly positional: readonly Value[];
  readonly named: ReadonlyMap<string, Value>;
}

type Apply = (value: Value, args: Arguments) => Value;

const first = (args: Arguments): Value => args.positional[0] ?? DATA;
const same: Apply = (value) => value;
const counted: Apply = () => NUMBER;
const moved: Apply = (value, { positional }) => {
  const risk = worst([riskOf(value), ...positional.map(riskOf)]);
  return value.kind === 'data' && risk === 'data' ? DATA : built(worst([risk, 'moved']), '');
};
const streamed: Apply = (value) => (value.kind === 'stream' ? value : { kind: 'stream', of: value });
const changed =
  (change: (text: string) => string): Apply =>
  (value) =>
    mapTexts(value, change);

/** Filters whose result is known for constants (jinja2/filters.py). */
const FILTERS: Readonly<Record<string, Apply>> = {
  lower: changed((text) => text.toLowerCase()),
  upper: changed((text) => text.toUpperCase()),
  capitalize: changed(capitalized),
  title: changed(titled),
  trim: (value, args) => stripped(value, args, true, true),
  replace: replaced,
  reverse: reversed,
  string: asText,
  safe: asText,
  e: asText,
  escape: asText,
  forceescape: asText,
  tojson: asText,
  urlencode: asText,
  join: (value, args) => joinedWith(first(args), value, args.positional.length === 0),
  list: listed,
  sort: listed,
  unique: streamed,
  select: streamed,
  reject: streamed,
  selectattr: streamed,
  rejectattr: streamed,
  map: streamed,
  batch: streamed,
  slice: streamed,
  groupby: streamed,
  first: (value) => atIndex(value, 0),
  last: (value) => atIndex(value, -1),
  random: itemOf,
  min: itemOf,
  max: itemOf,
  default: (value, args) => either([value, first(args)]),
  d: (value, args) => either([value, first(args)]),
  items: pairs,
  dictsort: pairs,
  length: counted,
  count: counted,
  int: counted,
  float: counted,
  abs: counted,
  round: counted,
  sum: (value, args) => (args.named.get('start')?.kind === 'list' ? either([itemOf(value), value]) : NUMBER),
  wordcount: counted,
};

export function filtered(name: string, value: Value, args: Arguments): Value {
  if (Object.hasOwn(FILTERS, name)) return FILTERS[name]?.(value, args) ?? DATA;
  return moved(value, args);
}

const METHODS: Readonly<Record<string, Apply>> = {
  lower: changed((text) => text.toLowerCase()),
  casefold: changed((text) => text.toLowerCase()),
  upper: changed((text) => text.toUpperCase()),
  capitalize: changed(capitalized),
  title: changed(titled),
  swapcase: changed((text) =>
    [...text].map((c) => (c === c.toLowerCase() ? c.toUpperCase() : c.toLowerCase())).join(''),
  ),
  strip: (value, args) => stripped(value, args, true, true),
  lstrip: (value, args) => stripped(value, args, true, false),
  rstrip: (value, args) => stripped(value, args, false, true),
  replace: replaced,
  join: (value, args) => joinedWith(value, first(args), false),
  split: parts,
  rsplit: parts,
  splitlines: parts,
  partition: parts,
  rpartition: parts,
  copy: same,
  next: itemOf,
  pop: itemOf,
  get: (value, args) => either([atKey(value, first(args)), ...args.positional.slice(1)]),
  setdefault: (value, args) => either([atKey(value, first(args)), ...args.positional.slice(1)]),
  items: pairs,
  keys: (value) => (value.kind === 'map' ? list([...value.entries.keys()].map((key) => texts(key))) : DATA),
  values: (value) => (value.kind === 'map' ? list([...value.entries.values()]) : DATA),
  startswith: counted,
  endswith: counted,
  count: counted,
  index: counted,
  find: counted,
  isdigit: counted,
  append: counted,
  extend: counted,
  insert: counted,
  update: counted,
};

export function called(name: string, receiver: Value, args: Arguments): Value {
  if (Object.hasOwn(METHODS, name)) return METHODS[name]?.(receiver, args) ?? DATA;
  if (receiver.kind === 'data' || receiver.kind === 'number') return DATA;
  return receiver.kind === 'texts' ? CHOSEN : OBJECT_OF[receiver.kind];
}

const OBJECT_OF: Readonly<Record<Exclude<Value['kind'], 'data' | 'number' | 'texts'>, Value>> = {
  list: CHOSEN,
  map: CHOSEN,
  stream: CHOSEN,
  object: { kind: 'object' },
  built: CHOSEN,
};

/** `value[index]` */
export function atIndex(value: Value, index: number): Value {
  if (value.kind === 'list') return value.items.at(index) ?? DATA;
  if (value.kind === 'texts') return texts(...value.texts.map((text) => [...text].at(index) ?? ''));
  if (value.kind === 'stream') return atIndex(value.of, index);
  if (value.kind === 'map' && (index === 0 || index === -1)) return texts([...value.entries.keys()].at(index) ?? '');
  return itemOf(value);
}

/** `value[key]` where the key is a text or not known. */
export function atKey(value: Value, key: Value): Value {
  if (value.kind !== 'map') return value.kind === 'object' ? value : key.kind === 'number' ? itemOf(value) : DATA;
  if (key.kind !== 'texts') return value.entries.size === 0 ? DATA : either([...value.entries.values()]);
  return either(key.texts.map((text) => value.entries.get(text) ?? DATA));
}

/** `value[start:stop:step]` with constant bounds. */
export function sliced(value: Value, bounds: readonly (Value | undefined)[]): Value {
  if (value.kind === 'data' || value.kind === 'object') return value;
  const [start, stop, step] = bounds.map((bound) => (bound?.kind === 'number' ? bound.number : undefined));
  const known = bounds.every((bound) => bound === undefined || (bound.kind === 'number' && bound.number !== undefined));
  if (value.kind === 'list') return known ? list(sliceOf(value.items, start, stop, step)) : value;
  if (value.kind === 'texts' && known)
    return texts(...value.texts.map((text) => sliceOf([...text], start, stop, step).join('')));
  return built(worst([riskOf(value), 'moved']), '');
}

function sliceOf<T>(items: readonly T[], start?: number, stop?: number, step = 1): T[] {
  const found: T[] = [];
  const size = items.length;
  if (step === 0) return found;
  const clamp = (at: number) =>
    Math.min(Math.max(at < 0 ? at + size : at, step < 0 ? -1 : 0), step < 0 ? size - 1 : size);
  const from = start === undefined ? (step < 0 ? size - 1 : 0) : clamp(start);
  const to = stop === undefined ? (step < 0 ? -1 : size) : clamp(stop);
  for (let at = from; step < 0 ? at > to : at < to; at += step) {
    const item = items[at];
    if (item !== undefined) found.push(item);
  }
  return found;
}

export function joinedWith(separator: Value, value: Value, plain: boolean): Value {
  const inner = value.kind === 'stream' ? value.of : value;
  if (inner.kind === 'map')
    return joinedWith(separator, list([...inner.entries.keys()].map((key) => texts(key))), plain);
  const between = plain ? texts('') : separator;
  if (inner.kind === 'list') return joined(inner.items.flatMap((item, i) => (i === 0 ? [item] : [between, item])));
  if (inner.kind === 'texts')
    return inner.texts.length === 1
      ? joined([...(inner.texts[0] ?? '')].flatMap((c, i) => (i === 0 ? [texts(c)] : [between, texts(c)])))
      : inner;
  if (inner.kind === 'data') return riskOf(between) === 'data' ? DATA : built(riskOf(between), '');
  return built(worst([riskOf(inner), riskOf(between), 'moved']), '');
}

function listed(value: Value): Value {
  if (value.kind === 'stream') return value.of;
  if (value.kind === 'map') return list([...value.entries.keys()].map((key) => texts(key)));
  if (value.kind === 'texts' && value.texts.length === 1) return list([...(value.texts[0] ?? '')].map((c) => texts(c)));
  return value.kind === 'texts' ? list([itemOf(value)]) : value;
}

function pairs(value: Value): Value {
  if (value.kind !== 'map') return value.kind === 'list' ? value : DATA;
  return list([...value.entries].map(([key, item]) => list([texts(key), item])));
}

function parts(value: Value, args: Arguments): Value {
  if (value.kind === 'data') return DATA;
  const separator = args.positional[0];
  const [text] = value.kind === 'texts' ? value.texts : [];
  if (value.kind !== 'texts' || value.texts.length !== 1 || text === undefined)
    return built(worst([riskOf(value), 'moved']), '');
  if (separator === undefined)
    return list(
      text
        .split(/\s+/)
        .filter((part) => part !== '')
        .map((part) => texts(part)),
    );
  if (separator.kind !== 'texts' || separator.texts.length !== 1 || separator.texts[0] === '')
    return built(worst([riskOf(value), 'moved']), '');
  return list(text.split(separator.texts[0] ?? '').map((part) => texts(part)));
}

function replaced(value: Value, { positional }: Arguments): Value {
  const [from, to] = positional;
  if (from?.kind === 'texts' && to?.kind === 'texts' && from.texts.length === 1 && to.texts.length === 1) {
    const [before = '', after = ''] = [from.texts[0], to.texts[0]];
    const text = asText(value);
    if (text.kind === 'texts' && after.length <= 64)
      return texts(...text.texts.map((one) => one.replaceAll(before, () => after)));
    if (text.kind === 'data') return riskOf(to) === 'data' ? DATA : MOVED;
  }
  return built(worst([riskOf(value), ...positional.map(riskOf), 'moved']), '');
}

function reversed(value: Value): Value {
  if (value.kind === 'list') return list([...value.items].reverse());
  if (value.kind === 'texts') return mapTexts(value, (text) => [...text].reverse().join(''));
  return value.kind === 'data' || value.kind === 'stream' ? value : MOVED;
}

function stripped(value: Value, { positional }: Arguments, left: boolean, right: boolean): Value {
  const [given] = positional;
  if (given !== undefined && (given.kind !== 'texts' || given.texts.length !== 1))
    return value.kind === 'data' ? DATA : built(worst([riskOf(value), 'moved']), '');
  const drop = given?.kind === 'texts' ? new Set(given.texts[0]) : undefined;
  const drops = (c: string) => (drop ? drop.has(c) : /\s/.test(c));
  return mapTexts(value, (text) => {
    const chars = [...text];
    let start = 0;
    let end = chars.length;
    while (left && start < end && drops(chars[start] ?? '')) start++;
    while (right && end > start && drops(chars[end - 1] ?? '')) end--;
    return chars.slice(start, end).join('');
  });
}

function capitalized(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1).toLowerCase();
}

function titled(text: string): string {
  return text.replace(/[A-Za-z]+/g, (word) => capitalized(word));
}

/** What a function of Jinja or of a renderer gives; `undefined` for one that is not known. */
export function functionResult(name: string, args: Arguments): Value | undefined {
  switch (name) {
    case 'range':
      return list([NUMBER]);
    case 'namespace':
    case 'dict': {
      const given = args.positional.flatMap((value) => (value.kind === 'map' ? [...value.entries] : []));
      return map([...given, ...args.named]);
    }
    case 'cycler':
      return list(args.positional);
    case 'strftime_now':
      return first(args).kind === 'texts' ? first(args) : moved(first(args), args);
    case 'lipsum':
      return CHOSEN;
    case 'raise_exception':
      return DATA;
    default:
      return undefined;
  }
}

/** How many rounds a loop over `range` with these arguments makes. */
export function rangeLength({ positional }: Arguments): number {
  const [a, b, c] = positional.map((value) => (value.kind === 'number' ? value.number : undefined));
  if (a === undefined || (positional.length > 1 && b === undefined)) return b ?? a ?? 1;
  const [from, to] = positional.length > 1 ? [a, b ?? 0] : [0, a];
  return Math.max(0, Math.ceil((to - from) / (c ?? 1)));
}

export function arithmetic(operator: string, left: Value, right: Value): Value {
  if (left.kind !== 'number' || right.kind !== 'number' || left.number === undefined || right.number === undefined)
    return NUMBER;
  const [a, b] = [left.number, right.number];
  switch (operator) {
    case '+':
      return number(a + b);
    case '-':
      return number(a - b);
    case '*':
      return number(a * b);
    case '/':
      return number(a / b);
    case '//':
      return number(Math.floor(a / b));
    case '%':
      return number(a - b * Math.floor(a / b));
    default:
      return number(a ** b);
  }
}
