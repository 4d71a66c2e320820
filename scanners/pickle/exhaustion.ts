// SPDX-License-Identifier: Apache-2.0
import type { GlobalValue, Value } from './values.ts';

/** More than this, made of a few bytes of the file, is no value of a model but the loader's memory or time. */
const MOST_BYTES = 64 * 1024 * 1024;
const MOST_ITEMS = 10_000_000;
const MOST_DIGITS = 100_000;

type Costs = (args: readonly Value[]) => boolean;

/**
 * Calls that an honest pickle may make, and whose arguments say how much they allocate or compute. What a pickle
 * carries it carries in full: it never says a length or a range from which something is to be made.
 */
const COSTLY: ReadonlyMap<string, Costs> = new Map<string, Costs>([
  ...named(['bytes', 'bytearray'], ([length]) => isOver(length, MOST_BYTES)),
  ...named(['int', 'long'], ([value]) => digitsOf(value) > MOST_DIGITS),
  ...named(['str', 'unicode'], ([value]) => isContainer(value)),
  ...named(['set', 'frozenset', 'dict'], ([items]) => weightOf(items) > MOST_ITEMS),
  ['fractions.Fraction', (args) => args.some((arg) => digitsOf(arg) > MOST_DIGITS)],
  ['numpy.ndarray', ([shape]) => productOf(shape) > MOST_BYTES],
  ...['numpy.core.multiarray', 'numpy._core.multiarray'].map((module): [string, Costs] => [
    `${module}._reconstruct`,
    ([, shape]) => productOf(shape) > MOST_BYTES,
  ]),
]);

/** The call takes more memory or time than the file gives reason for. */
export function isCostly(callee: GlobalValue, args: Value): boolean {
  const items = typeof args === 'object' && args?.kind === 'tuple' ? args.items : undefined;
  if (items === undefined) return false;
  const costs = COSTLY.get(`${callee.module}.${callee.name}`);
  return costs?.(items) === true || items.some(isLongRange);
}

/** How many tuples must be visited to hash it: Python hashes what is shared again each time. */
export function weightOf(value: Value | undefined): number {
  return typeof value === 'object' && value?.kind === 'tuple' ? value.weight : 1;
}

/** Keys and members are hashed. */
export function isCostlyKey(value: Value): boolean {
  return weightOf(value) > MOST_ITEMS;
}

function named(names: readonly string[], costs: Costs): readonly [string, Costs][] {
  return names.flatMap((name): [string, Costs][] =>
    ['builtins', '__builtin__'].map((module) => [`${module}.${name}`, costs]),
  );
}

function isOver(value: Value | undefined, most: number): boolean {
  if (typeof value === 'object' && value?.kind === 'other') return value.what === 'number';
  return (typeof value === 'number' || typeof value === 'bigint') && value > most;
}

/** `range(...)`, or all addresses of a network, that something is made of. */
function isLongRange(value: Value): boolean {
  const made = resultOf(value);
  if (made === undefined) return false;
  if (/^(?:builtins|__builtin__)\.x?range$/.test(made.name)) return made.args.some((n) => isOver(n, MOST_ITEMS));
  return /^ipaddress\.IPv[46]Network$/.test(made.name);
}

function productOf(shape: Value | undefined): number {
  const items = typeof shape === 'object' && shape?.kind === 'tuple' ? (shape.items ?? []) : [shape ?? null];
  return items.reduce(
    (product: number, n) => product * (typeof n === 'number' || typeof n === 'bigint' ? Number(n) : 1),
    1,
  );
}

/** Digits of the number that this text, or this Decimal, stands for. */
function digitsOf(value: Value | undefined): number {
  if (typeof value === 'object' && value?.kind === 'text') return value.length ?? 0;
  if (typeof value === 'string') return value.length + exponentOf(value);
  const made = resultOf(value);
  return made?.name === 'decimal.Decimal' ? digitsOf(made.args[0]) : 0;
}

function exponentOf(text: string): number {
  return Math.abs(Number(/e([+-]?\d+)$/i.exec(text.trim().replace(/_/g, ''))?.[1] ?? 0));
}

function isContainer(value: Value | undefined): boolean {
  return typeof value === 'object' && value !== null && ['tuple', 'list', 'dict', 'result'].includes(value.kind);
}

function resultOf(value: Value | undefined): { readonly name: string; readonly args: readonly Value[] } | undefined {
  if (typeof value !== 'object' || value?.kind !== 'result') return undefined;
  const { callee, args } = value;
  if (typeof callee !== 'object' || callee?.kind !== 'global') return undefined;
  const items = typeof args === 'object' && args?.kind === 'tuple' ? args.items : undefined;
  return { name: `${callee.module}.${callee.name}`, args: items ?? [] };
}
