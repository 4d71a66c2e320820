// SPDX-License-Identifier: Apache-2.0
import type { parse } from '@bufbuild/cel';
import { CALLS, type Call } from './cel-calls.ts';
import { agree, type CelType, nameOf } from './cel-types.ts';

export type Expr = ReturnType<typeof parse>['expr'];

/** What is wrong with an expression, and the node that it is about. */
export class CelProblem extends Error {
  readonly node: bigint;

  constructor(node: bigint, message: string) {
    super(message);
    this.node = node;
  }
}

type Scope = ReadonlyMap<string, CelType>;

const BOOL: CelType = { is: 'bool' };
const DYN: CelType = { is: 'dyn' };

/**
 * The type of an expression. The library parses and runs CEL; whether names, fields, functions and their arguments fit
 * is found out here, at the start, because a rule that fails on every commit would deny every commit.
 * @throws CelProblem
 */
export function typeCheck(expr: Expr, scope: Scope): CelType {
  const { exprKind: kind, id } = expr;
  switch (kind.case) {
    case 'constExpr':
      return constant(kind.value.constantKind.case, kind.value.constantKind.value);
    case 'identExpr': {
      const found = scope.get(kind.value.name);
      if (!found) throw new CelProblem(id, `unknown name "${kind.value.name}"; the document is "evidence"`);
      return found;
    }
    case 'selectExpr': {
      const type = field(id, typeCheck(given(kind.value.operand, id), scope), kind.value.field);
      return kind.value.testOnly ? BOOL : type;
    }
    case 'callExpr': {
      const { function: name, target, args } = kind.value;
      const all = [...(target ? [target] : []), ...args];
      return call(
        id,
        name,
        target !== undefined,
        all.map((one) => typeCheck(one, scope)),
        all,
      );
    }
    case 'listExpr': {
      const [first, ...rest] = kind.value.elements.map((one) => typeCheck(one, scope));
      return { is: 'list', of: first && rest.every((one) => agree(first, one)) ? plain(first) : DYN };
    }
    case 'comprehensionExpr':
      return comprehension(id, kind.value, scope);
    case 'structExpr':
      if (kind.value.messageName !== '') throw new CelProblem(id, `unknown type "${kind.value.messageName}"`);
      for (const { value, keyKind } of kind.value.entries) {
        typeCheck(given(value, id), scope);
        if (keyKind.case === 'mapKey') typeCheck(keyKind.value, scope);
      }
      return { is: 'map', of: DYN };
    default:
      throw new CelProblem(id, 'this is no expression');
  }
}

function given(expr: Expr | undefined, id: bigint): Expr {
  if (!expr) throw new CelProblem(id, 'something is missing here');
  return expr;
}

function constant(kind: string | undefined, value: unknown): CelType {
  switch (kind) {
    case 'boolValue':
      return BOOL;
    case 'int64Value':
    case 'uint64Value':
      return { is: 'int' };
    case 'doubleValue':
      return { is: 'double' };
    case 'stringValue':
      return { is: 'word', words: [String(value)] };
    case 'bytesValue':
      return { is: 'bytes' };
    default:
      return { is: 'null' };
  }
}

function field(id: bigint, type: CelType, name: string): CelType {
  if (type.is === 'dyn') return DYN;
  if (type.is === 'map') return type.of;
  if (type.is !== 'object') throw new CelProblem(id, `a ${nameOf(type)} has no field "${name}"`);
  const found = Object.hasOwn(type.fields, name) ? type.fields[name] : undefined;
  if (!found) throw new CelProblem(id, `unknown field "${name}"; known are ${Object.keys(type.fields).join(', ')}`);
  return found;
}

function call(id: bigint, name: string, method: boolean, types: readonly CelType[], args: readonly Expr[]): CelType {
  const known: Call | undefined = Object.hasOwn(CALLS, name) ? CALLS[name] : undefined;
  if (!known) throw new CelProblem(id, `unknown function "${name}"`);
  if (known.method !== undefined && known.method !== method)
    throw new CelProblem(id, `"${name}" is ${known.method ? 'a method of a value: x.' : 'no method: '}${name}(...)`);
  const result = known.result(types);
  if (result === undefined) throw new CelProblem(id, `"${name}" does not take (${types.map(nameOf).join(', ')})`);
  if (name === '_==_' || name === '_!=_') neverEqual(id, types, args);
  return result;
}

/** `verdict == "blok"` is no mistake to CEL, and one to whoever wrote it. */
function neverEqual(id: bigint, [a, b]: readonly CelType[], args: readonly Expr[]): void {
  if (a?.is !== 'word' || b?.is !== 'word') return;
  if (args.every(({ exprKind }) => exprKind.case === 'constExpr') || a.words.some((word) => b.words.includes(word)))
    return;
  const [few, many] = a.words.length < b.words.length ? [a.words, b.words] : [b.words, a.words];
  throw new CelProblem(id, `"${few.join('", "')}" is none of ${many.join(', ')}`);
}

type Comprehension = Extract<Expr['exprKind'], { case: 'comprehensionExpr' }>['value'];

/** What macros (`exists`, `all`, `filter`, `map`, `exists_one`) become. */
function comprehension(id: bigint, value: Comprehension, scope: Scope): CelType {
  const range = typeCheck(given(value.iterRange, id), scope);
  const element = elementOf(id, range);
  const init = typeCheck(given(value.accuInit, id), scope);
  const inner = new Map(scope).set(value.iterVar, element).set(value.accuVar, init);
  typeCheck(given(value.loopCondition, id), inner);
  const step = typeCheck(given(value.loopStep, id), inner);
  return typeCheck(given(value.result, id), new Map(scope).set(value.accuVar, step));
}

function elementOf(id: bigint, range: CelType): CelType {
  if (range.is === 'list') return range.of;
  if (range.is === 'map' || range.is === 'object') return { is: 'string' };
  if (range.is === 'dyn') return DYN;
  throw new CelProblem(id, `a ${nameOf(range)} has no elements to go through`);
}

/** Of a list that somebody wrote down, the words are examples. */
function plain(type: CelType): CelType {
  return type.is === 'word' ? { is: 'string' } : type;
}
