// SPDX-License-Identifier: Apache-2.0
import type { ResultValue, TupleValue, Value } from './values.ts';

/**
 * Calls whose result is known without making them: an attribute of something imported, or of an instance of it, is the
 * same thing as a dotted name, which rules can judge (enumerations and methods are written like that), the type of a
 * constant, and a plain type by its name.
 */
export function resolved(callee: Value, args: Value): Value | undefined {
  if (typeof callee !== 'object' || callee?.kind !== 'global') return undefined;
  const items = typeof args === 'object' && args?.kind === 'tuple' ? args.items : undefined;
  if (items === undefined) return undefined;
  const [first, second] = items;
  if (callee.module === 'dill._dill' && callee.name === '_load_type') return plainType(first);
  if (!isBuiltins(callee.module)) return undefined;
  if (callee.name === 'type' && items.length === 1 && first === null) return { kind: 'other', what: 'type of None' };
  if (callee.name !== 'getattr' || items.length !== 2 || typeof second !== 'string') return undefined;
  if (isDistribution(first) && second === '_entropy') return { kind: 'other', what: 'method of a distribution' };
  const owner = classOf(first) ?? first;
  if (typeof owner !== 'object' || owner?.kind !== 'global') return undefined;
  return { kind: 'global', module: owner.module, name: `${owner.name}.${second}` };
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

/** The class of an instance. What a function returns can be anything. */
function classOf(value: Value | undefined): Value | undefined {
  if (typeof value !== 'object' || value?.kind !== 'result') return undefined;
  const { callee } = value;
  return typeof callee === 'object' && callee?.kind === 'global' && /^_*[A-Z]/.test(callee.name) ? callee : undefined;
}

/** dill writes types of Python by their names. Those that are no plain data are left to the call. */
function plainType(name: Value | undefined): Value | undefined {
  if (typeof name !== 'string' || !PLAIN_TYPES.has(name)) return undefined;
  return { kind: 'global', module: 'builtins', name };
}

const PLAIN_TYPES: ReadonlySet<string> = new Set([
  ...['bool', 'bytearray', 'bytes', 'complex', 'dict', 'float', 'frozenset', 'int', 'list', 'object', 'range', 'set'],
  ...['slice', 'str', 'tuple'],
]);

/** What a `functools.partial` would call, and with what; `undefined` for anything else, or when its state says another. */
export function partialOf(value: Value | undefined): readonly Value[] | undefined {
  if (typeof value !== 'object' || value?.kind !== 'result') return undefined;
  const { callee, args, state } = value;
  if (typeof callee !== 'object' || callee?.kind !== 'global') return undefined;
  if (callee.module !== 'functools' || callee.name !== 'partial') return undefined;
  if (typeof args !== 'object' || args?.kind !== 'tuple') return undefined;
  return state === undefined || sameGlobal(firstOf(state), firstOf(args)) ? args.items : undefined;
}

function firstOf(value: Value): Value | undefined {
  return typeof value === 'object' && value?.kind === 'tuple' ? value.items?.[0] : undefined;
}

function sameGlobal(one: Value | undefined, other: Value | undefined): boolean {
  if (typeof one !== 'object' || one?.kind !== 'global') return false;
  return (
    typeof other === 'object' && other?.kind === 'global' && one.module === other.module && one.name === other.name
  );
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
