// SPDX-License-Identifier: Apache-2.0

/**
 * What is known of a value without running the template.
 * - `texts`, `number`: constants, with the alternatives that different paths give. A number may be unknown.
 * - `list`, `map`: what they hold, as far as it stands in the template.
 * - `data`: comes from whoever renders: messages, tools, their fields. The template's author does not choose it.
 * - `stream`: what `select`, `map` and their like give; as text it shows the name of a Python object.
 * - `object`: a function, class, macro or other object of Python, whose text holds characters to take names from.
 * - `built`: a text put together from parts that are not all known; see {@link Risk}.
 */
export type Value =
  | { readonly kind: 'texts'; readonly texts: readonly string[] }
  | { readonly kind: 'number'; readonly number: number | undefined }
  | { readonly kind: 'list'; readonly items: readonly Value[]; readonly risk: Risk }
  | { readonly kind: 'map'; readonly entries: ReadonlyMap<string, Value>; readonly risk: Risk }
  | { readonly kind: 'data' }
  | { readonly kind: 'stream'; readonly of: Value }
  | { readonly kind: 'object' }
  | { readonly kind: 'built'; readonly risk: Risk; readonly start: string };

/**
 * How far the template's author controls a built text. `data`: data with fixed parts around it; `moved`: characters
 * are moved or replaced; `chosen`: parts are underscores, or taken from objects, or computed in an unknown way.
 */
export type Risk = 'data' | 'moved' | 'chosen';

export const DATA: Value = { kind: 'data' };
export const OBJECT: Value = { kind: 'object' };
export const NUMBER: Value = { kind: 'number', number: undefined };
export const CHOSEN: Value = { kind: 'built', risk: 'chosen', start: '' };
export const MOVED: Value = { kind: 'built', risk: 'moved', start: '' };

/** Longer texts are no names; more alternatives are no constants. */
const TEXT_LENGTH = 2048;
const ALTERNATIVES = 32;
const ITEMS = 512;

export function texts(...alternatives: readonly string[]): Value {
  const unique = [...new Set(alternatives)];
  if (unique.length > ALTERNATIVES || unique.some((text) => text.length > TEXT_LENGTH))
    return built(worst(unique.map(riskOfText)), '');
  return { kind: 'texts', texts: unique };
}

export function number(value: number | undefined): Value {
  return value === undefined ? NUMBER : { kind: 'number', number: value };
}

export function list(items: readonly Value[]): Value {
  const kept = items.slice(0, ITEMS);
  return { kind: 'list', items: kept, risk: worst(items.map(riskOf)) };
}

export function map(pairs: readonly (readonly [string, Value])[]): Value {
  const risk = worst(pairs.flatMap(([key, value]) => [riskOfText(key), riskOf(value)]));
  return { kind: 'map', entries: new Map(pairs.slice(0, ITEMS)), risk };
}

export function built(risk: Risk, start: string): Value {
  return { kind: 'built', risk, start };
}

export function worst(risks: readonly Risk[]): Risk {
  if (risks.includes('chosen')) return 'chosen';
  return risks.includes('moved') ? 'moved' : 'data';
}

/** Underscores alone, or a doubled one: a part to make a name of Python's with. */
function riskOfText(text: string): Risk {
  return /^_+$|__/.test(text) ? 'chosen' : 'data';
}

/** A fixed part of a text; a lone underscore or any fragment of one counts once characters are moved. */
export function riskOf(value: Value): Risk {
  switch (value.kind) {
    case 'texts':
      return worst(value.texts.map(riskOfText));
    case 'built':
    case 'list':
    case 'map':
      return value.risk;
    case 'object':
    case 'stream':
      return 'chosen';
    default:
      return 'data';
  }
}

/** The same value as text: what `~`, `|string` and `|join` take of it. */
export function asText(value: Value): Value {
  switch (value.kind) {
    case 'number':
      return value.number === undefined ? DATA : texts(String(value.number));
    case 'list':
    case 'map':
      return built(worst([riskOf(value), 'moved']), '');
    case 'stream':
    case 'object':
      return CHOSEN;
    default:
      return value;
  }
}

/** The texts of the parts in a row. */
export function joined(parts: readonly Value[]): Value {
  let known: string[] | undefined = [''];
  const shown = parts.map(asText);
  for (const part of shown) {
    if (part.kind !== 'texts' || known === undefined || known.length * part.texts.length > ALTERNATIVES)
      known = undefined;
    else known = known.flatMap((before) => part.texts.map((text) => before + text));
    if (known?.some((text) => text.length > TEXT_LENGTH)) known = undefined;
  }
  if (known !== undefined) return texts(...known);
  return built(worst(shown.map(riskOf)), startOf(shown));
}

/** The fixed beginning, if there is one: a name that starts with a letter is none of Python's own. */
function startOf(parts: readonly Value[]): string {
  const first = parts.find((part) => part.kind !== 'texts' || part.texts.some((text) => text !== ''));
  if (first?.kind === 'built') return first.start;
  if (first?.kind !== 'texts') return '';
  const unsafe = first.texts.find((text) => !/^[A-Za-z]/.test(text));
  return unsafe ?? first.texts[0] ?? '';
}

/** Either of the values. */
export function either(values: readonly Value[]): Value {
  const [first, ...rest] = values;
  if (first === undefined) return DATA;
  if (rest.length === 0) return first;
  const kinds = new Set(values.map(({ kind }) => kind));
  if (kinds.size === 1 && first.kind === 'texts')
    return texts(...values.flatMap((value) => (value.kind === 'texts' ? value.texts : [])));
  if (kinds.size === 1 && first.kind === 'list')
    return list(values.flatMap((value) => (value.kind === 'list' ? value.items : [])));
  if (kinds.size === 1 && first.kind === 'map')
    return map(values.flatMap((value) => (value.kind === 'map' ? [...value.entries] : [])));
  if (kinds.size === 1 && first.kind !== 'built' && first.kind !== 'number') return first;
  // Of different kinds, the constant texts decide what a name may become; else the most dangerous one counts.
  const constants = values.flatMap((value) => (value.kind === 'texts' ? value.texts : []));
  const others = values.filter(({ kind }) => kind !== 'texts' && kind !== 'data' && kind !== 'number');
  if (constants.length > 0 && others.length === 0) return texts(...constants);
  if (kinds.has('number') && others.length === 0) return kinds.has('data') ? DATA : NUMBER;
  if (others.every(({ kind }) => kind === 'list' || kind === 'map') && constants.length === 0) return others[0] ?? DATA;
  return built(worst(values.map(riskOf)), '');
}

/** What a loop over the value gives, or any item of it. */
export function itemOf(value: Value): Value {
  switch (value.kind) {
    case 'list':
      return value.items.length === 0 ? DATA : either(value.items);
    case 'map':
      return value.entries.size === 0 ? DATA : texts(...value.entries.keys());
    case 'texts':
      return texts(...new Set(value.texts.flatMap((text) => [...text])));
    case 'stream':
      return itemOf(value.of);
    case 'built':
      return value.risk === 'data' ? MOVED : value;
    default:
      return value;
  }
}

/** Apply to each alternative of a constant; what is not constant keeps its risk, with its characters moved. */
export function mapTexts(value: Value, change: (text: string) => string): Value {
  const text = asText(value);
  if (text.kind === 'texts') return texts(...text.texts.map(change));
  return text.kind === 'data' ? DATA : built(worst([riskOf(text), 'moved']), '');
}
