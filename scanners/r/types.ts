// SPDX-License-Identifier: Apache-2.0

/** Types of R's objects and the marks that a stream has in their place (Rinternals.h, serialize.c). */
export const T = {
  SYMBOL: 1,
  LIST: 2,
  CLOSURE: 3,
  ENVIRONMENT: 4,
  PROMISE: 5,
  CALL: 6,
  SPECIAL: 7,
  BUILTIN: 8,
  CHARACTERS: 9,
  LOGICAL: 10,
  INTEGER: 13,
  REAL: 14,
  COMPLEX: 15,
  TEXTS: 16,
  DOTS: 17,
  VECTOR: 19,
  EXPRESSIONS: 20,
  BYTECODE: 21,
  EXTERNAL_POINTER: 22,
  WEAK_REFERENCE: 23,
  RAW: 24,
  S4: 25,
  ALTREP: 238,
  LIST_WITH_ATTRIBUTES: 239,
  CALL_WITH_ATTRIBUTES: 240,
  BASE_ENVIRONMENT: 241,
  EMPTY_ENVIRONMENT: 242,
  SHARED: 243,
  SHARED_FIRST: 244,
  PERSISTENT: 247,
  PACKAGE: 248,
  NAMESPACE: 249,
  BASE_NAMESPACE: 250,
  MISSING_ARGUMENT: 251,
  UNBOUND: 252,
  GLOBAL_ENVIRONMENT: 253,
  NULL: 254,
  REFERENCE: 255,
} as const;

/** Marks that stand for one object each, with nothing behind them. */
export const CONSTANTS: ReadonlySet<number> = new Set([
  T.NULL,
  T.GLOBAL_ENVIRONMENT,
  T.EMPTY_ENVIRONMENT,
  T.BASE_ENVIRONMENT,
  T.BASE_NAMESPACE,
  T.MISSING_ARGUMENT,
  T.UNBOUND,
]);

/** Bytes of one item of the vectors of numbers. */
export const ITEM_BYTES: ReadonlyMap<number, number> = new Map([
  [T.LOGICAL, 4],
  [T.INTEGER, 4],
  [T.REAL, 8],
  [T.COMPLEX, 16],
  [T.RAW, 1],
]);

export const HAS_ATTRIBUTES = 1 << 9;
export const HAS_TAG = 1 << 10;
/** A binding whose function is called when the variable is looked at: bit 15 of the levels. */
export const ACTIVE_BINDING = 1 << 27;

/** What a promise holds, in words. */
export const CODE: Readonly<Record<number, string>> = {
  [T.CALL]: 'call',
  [T.BYTECODE]: 'bytecode',
  [T.SYMBOL]: 'symbol',
  [T.REFERENCE]: 'symbol',
};

/** Calls of compiled routines. */
export const NATIVE: ReadonlySet<string> = new Set(['.Call', '.C', '.Fortran', '.External', '.External2']);
/** What stands between the name of a native call and its first argument; a symbol is that argument. */
export const BEFORE_ARGUMENT: ReadonlySet<number> = new Set([T.LIST, T.NULL, T.SYMBOL, T.REFERENCE]);

/** Their attributes are part of them, or R reads none. */
export const NO_ATTRIBUTES: ReadonlySet<number> = new Set([
  T.ENVIRONMENT,
  T.ALTREP,
  T.PACKAGE,
  T.NAMESPACE,
  T.PERSISTENT,
]);

/** Attributes, tag, first, rest. */
export function isPair(type: number): boolean {
  return type === T.LIST || type === T.CALL || type === T.CLOSURE || type === T.PROMISE || type === T.DOTS;
}
