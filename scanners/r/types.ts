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
