// SPDX-License-Identifier: Apache-2.0
import type { ResultValue, TupleValue, Value } from './values.ts';

/**
 * Calls whose result is known without making them: an attribute of something imported is the same thing as a dotted
 * name, which rules can judge (enumerations and class methods are written like that), and the type of a constant.
 */
export function resolved(callee: Value, args: Value): Value | undefined {
  if (typeof callee !== 'object' || callee?.kind !== 'global' || !isBuiltins(callee.module)) return undefined;
  const items = typeof args === 'object' && args?.kind === 'tuple' ? args.items : undefined;
  if (items === undefined) return undefined;
  const [first, second] = items;
  if (callee.name === 'type' && items.length === 1 && first === null) return { kind: 'other', what: 'type of None' };
  if (callee.name !== 'getattr' || items.length !== 2 || typeof second !== 'string') return undefined;
  if (isDistribution(first) && second === '_entropy') return { kind: 'other', what: 'method of a distribution' };
  if (typeof first !== 'object' || first?.kind !== 'global') return undefined;
  return { kind: 'global', module: first.module, name: `${first.name}.${second}` };
}

/**
 * scipy's discrete distributions keep `numpy.vectorize(self._entropy)`, whose function is written as an attribute of
 * the distribution itself. It is a value: nothing of it can be called by the file.
 */
function isDistribution(value: Value | undefined): boolean {
  if (typeof value !== 'object' || value?.kind !== 'result') return false;
  const { callee } = value;
  if (typeof callee !== 'object' || callee?.kind !== 'global') return false;
  return /^scipy\.stats\._\w+$/.test(callee.module) && /^(?:\w+_gen|rv_sample)$/.test(callee.name);
}

/** `_codecs.encode(text, codec)`: how protocols 0 to 2 write bytes, always as latin1. Other codecs transform. */
export function codecOf(callee: Value, args: Value): string | undefined {
  if (typeof callee !== 'object' || callee?.kind !== 'global') return undefined;
  if (callee.module !== '_codecs' || callee.name !== 'encode') return undefined;
  const items = typeof args === 'object' && args?.kind === 'tuple' ? args.items : undefined;
  if (items?.length === 1) return 'utf-8';
  const codec = items?.[1];
  return typeof codec === 'string' ? codec : 'computed';
}

/** Bytes of protocols 0 to 2: a letter is a byte. */
export function isCodecsEncode(value: Value | undefined): value is ResultValue & { readonly args: TupleValue } {
  if (typeof value !== 'object' || value?.kind !== 'result') return false;
  const codec = codecOf(value.callee, value.args);
  return codec === 'latin1' || codec === 'latin-1';
}

/** Names that Python looks for on an object by itself, and source that a class is known to run. */
export function isStateKey(key: string): boolean {
  return (key.startsWith('__') && key.endsWith('__') && key.length > 4) || key === SOURCE_KEY;
}

/** scipy's distributions run the text of this attribute when they are given their state. */
export const SOURCE_KEY = '_parse_arg_template';

function isBuiltins(module: string): boolean {
  return module === 'builtins' || module === '__builtin__';
}
