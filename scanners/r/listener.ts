// SPDX-License-Identifier: Apache-2.0

/**
 * What a name or an object stands in: data, a call that is data (a formula), a function, or a promise. Nothing evaluates
 * the code of a promise that has its value already (`forced`).
 */
export type Where = 'data' | 'call' | 'forced' | 'function' | 'promise';

/** Where something is: in what, and below which names. */
export interface Place {
  readonly where: Where;
  readonly at: string;
}

/** Told what a stream holds, in the order of its bytes. */
export interface RListener {
  /** A function that a call names, or `(computed)` where it has to be worked out first. */
  call(name: string, place: Place, offset: number): void;
  /** Any other symbol, or short text, in code. */
  name(name: string, place: Place, offset: number): void;
  /** An object that is more than data. */
  object(kind: string, place: Place, offset: number): void;
  /** A package that reading the stream loads. */
  namespace(name: string, place: Place, offset: number): void;
  altrep(name: string, place: Place, offset: number): void;
  primitive(name: string, place: Place, offset: number): void;
  /** What an unforced promise would evaluate. */
  promise(code: string, place: Place, offset: number): void;
  /** A variable of a workspace. */
  variable(name: string, offset: number): void;
  /** `start` is the beginning of the bytes. */
  raw(start: Uint8Array, place: Place, offset: number, length: number): void;
}
