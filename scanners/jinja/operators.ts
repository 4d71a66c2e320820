// SPDX-License-Identifier: Apache-2.0
import { percentFormatted } from './format.ts';
import { arithmetic } from './functions.ts';
import { built, DATA, either, itemOf, joined, list, NUMBER, riskOf, texts, type Value } from './values.ts';

/** Told of a count that memory or time grows with; `from` is where it begins to matter. */
type Large = (count: number, from?: number) => void;

const REPEATED_CHARACTERS = 2048;

/** What operators of one precedence in a row give, from left to right: `a + b - c`. */
export function chained(operands: readonly Value[], operators: readonly string[], large: Large): Value {
  const [operator = ''] = operators;
  if (operator === 'and' || operator === 'or') return either(operands);
  if (operator === '~') return joined(operands);
  if (operator === '+' || operator === '-') return sum(operands, operators);
  if (!['*', '/', '//', '%', '**'].includes(operator)) return NUMBER;
  const [first = NUMBER, ...rest] = operands;
  return rest.reduce((left, right, i) => multiplied(operators[i] ?? '*', left, right, large), first);
}

function sum(operands: readonly Value[], operators: readonly string[]): Value {
  if (operators.includes('-') || operands.every(({ kind }) => kind === 'number')) {
    const [first = NUMBER, ...rest] = operands;
    return rest.reduce((left, right, i) => arithmetic(operators[i] ?? '+', left, right), first);
  }
  if (operands.some(({ kind }) => kind === 'list'))
    return list(operands.flatMap((value) => (value.kind === 'list' ? value.items : [itemOf(value)])));
  if (operands.every(({ kind }) => kind === 'data' || kind === 'number')) return DATA;
  return joined(operands);
}

function multiplied(operator: string, left: Value, right: Value, large: Large): Value {
  if (left.kind === 'number' && right.kind === 'number') {
    const result = arithmetic(operator, left, right);
    if (operator === '**' && result.kind === 'number') large(result.number ?? 0, 1e100);
    return result;
  }
  if (operator === '%') return percent(left, right, large);
  if (operator === '*') return repeated(left, right, large);
  return left.kind === 'data' || right.kind === 'data' ? DATA : NUMBER;
}

function percent(left: Value, right: Value, large: Large): Value {
  if (left.kind === 'number' || left.kind === 'data') return DATA;
  const args = right.kind === 'list' ? right.items : [right];
  return percentFormatted(left, args, (width) => large(width));
}

function repeated(left: Value, right: Value, large: Large): Value {
  const [times, value] =
    left.kind === 'number' ? [left.number, right] : [right.kind === 'number' ? right.number : undefined, left];
  if (value.kind === 'data') return DATA;
  const length = lengthOf(value);
  if (times !== undefined) large(times * length);
  if (value.kind === 'list') return value;
  if (value.kind !== 'texts' || times === undefined || times < 0 || times * length > REPEATED_CHARACTERS)
    return built(riskOf(value), '');
  return texts(...value.texts.map((text) => text.repeat(times)));
}

function lengthOf(value: Value): number {
  if (value.kind === 'list') return value.items.length;
  return value.kind === 'texts' ? Math.max(...value.texts.map((text) => text.length)) : 1;
}
