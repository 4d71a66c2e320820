// SPDX-License-Identifier: Apache-2.0

/** Where a value's bytes come from, as far as the source says. */
export const DECODED = 1;
export const DOWNLOADED = 2;

/** What the source says about a value: dotted names that it may be, a text, items, local names behind it. */
export interface Value {
  /** Dotted names from imports and builtins; a call appends `()`. */
  readonly refs: readonly string[];
  /** A name (or `self.name`) that nothing is known of yet. */
  readonly path?: string;
  readonly text?: string;
  readonly number?: number;
  readonly items?: readonly Value[];
  /** Functions and classes of this file. */
  readonly local?: readonly string[];
  readonly origin: number;
  /** Double-underscore attributes on the way here. */
  readonly dunders?: readonly string[];
}

const MAX_ALTERNATIVES = 8;
const MAX_DOTTED = 150;
const MAX_TEXT = 8192;

export const NOTHING: Value = { refs: [], origin: 0 };

export function textValue(text: string, origin = 0): Value {
  return { refs: [], text: text.slice(0, MAX_TEXT), origin };
}

export function refValue(...refs: readonly string[]): Value {
  return { refs: refs.slice(0, MAX_ALTERNATIVES), origin: 0 };
}

/** Either of the two: of an `or`, a conditional, two assignments. */
export function either(a: Value, b: Value): Value {
  const refs = [...new Set([...a.refs, ...b.refs])].slice(0, MAX_ALTERNATIVES);
  const local = [...new Set([...(a.local ?? []), ...(b.local ?? [])])].slice(0, MAX_ALTERNATIVES);
  const text = a.text ?? b.text;
  return {
    refs,
    origin: a.origin | b.origin,
    ...(text === undefined ? {} : { text }),
    ...(local.length > 0 ? { local } : {}),
    ...((a.items ?? b.items) ? { items: [...(a.items ?? []), ...(b.items ?? [])].slice(0, 64) } : {}),
  };
}

/** What is reached through three results is not followed further. */
const FOLLOWED = /\(\).*\(\).*\(\)/;

export function dotted(ref: string, name: string): string {
  return ref.length > MAX_DOTTED || FOLLOWED.test(ref) ? ref : `${ref}.${name}`;
}

export function called(ref: string): string {
  return ref.length > MAX_DOTTED || FOLLOWED.test(ref) ? ref : `${ref}()`;
}

/** `a + b` where both are known; otherwise what both came from. */
export function joined(a: Value, b: Value): Value {
  if (a.text !== undefined && b.text !== undefined) return textValue(a.text + b.text, a.origin | b.origin);
  return { ...either(a, b), ...(a.items && b.items ? { items: [...a.items, ...b.items] } : {}) };
}
