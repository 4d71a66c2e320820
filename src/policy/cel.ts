// SPDX-License-Identifier: Apache-2.0
import { type CelInput, CelScalar, celEnv, celFunc, isCelError, isCelList, isCelMap, parse, plan } from '@bufbuild/cel';
import { CelProblem, type Expr, typeCheck } from './cel-check.ts';
import { evidenceType } from './cel-types.ts';

/** `value`, or why there is none: an error, another type, or too much work. */
export type CelAnswer = { readonly value: boolean; readonly problem?: never } | { readonly problem: string };

/** A compiled expression. It gives the same answer for the same document, however fast the machine is. */
export type CelProgram = (document: CelInput) => CelAnswer;

/**
 * What one evaluation may cost, in nodes of the expression gone through: half a second or so. One exists() within
 * another over 10,000 files is far above it; over the findings of each file it is far below.
 */
const MAX_WORK = 2_000_000;
const CHARGE = 'airlock_charge';
/** A regular expression against one text, compared with a step of anything else. */
const MATCH_WEIGHT = 20;
const MAX_LENGTH = 4000;

/**
 * An expression over the evidence document, parsed, checked against the document's schema, and made to count its work.
 * @throws SyntaxError with what is wrong and where
 */
export function compileCel(text: string): CelProgram {
  if (text.length > MAX_LENGTH)
    throw new SyntaxError(`it has ${text.length} characters; at most ${MAX_LENGTH} are read`);
  const parsed = parsedCel(text);
  checked(parsed, text);
  const meter = { left: 0 };
  const run = plan(environment(meter), counted(parsed.expr));
  const program: CelProgram = (evidence) => {
    meter.left = MAX_WORK;
    const value: unknown = run({ evidence });
    if (meter.left < 0) return { problem: `it takes more work than the ${MAX_WORK} steps that a rule may take` };
    if (isCelError(value)) return { problem: value.message };
    return typeof value === 'boolean' ? { value } : { problem: 'it gave no boolean' };
  };
  return program;
}

/** Plain JSON as CEL sees it: whole numbers are ints, objects are maps. Once for all rules, which read it many times. */
export function celInput(value: unknown): CelInput {
  if (Array.isArray(value)) return value.map(celInput);
  if (typeof value === 'number' && Number.isInteger(value)) return BigInt(value);
  if (typeof value !== 'object' || value === null) return value as string | number | boolean | null;
  const map = new Map<string, CelInput>();
  for (const [key, item] of Object.entries(value)) if (item !== undefined) map.set(key, celInput(item));
  return map;
}

function parsedCel(text: string): ReturnType<typeof parse> {
  try {
    return parse(text);
  } catch (cause) {
    throw new SyntaxError(cause instanceof Error ? cause.message.replace('<input>:', 'line ') : String(cause), {
      cause,
    });
  }
}

function checked({ expr, sourceInfo }: ReturnType<typeof parse>, text: string): void {
  try {
    const type = typeCheck(expr, new Map([['evidence', evidenceType()]]));
    if (type.is !== 'bool' && type.is !== 'dyn') throw new CelProblem(expr.id, `it is a ${type.is} and no yes or no`);
    literals(expr);
  } catch (cause) {
    if (!(cause instanceof CelProblem)) throw cause;
    const offset = sourceInfo?.positions[String(cause.node)] ?? 0;
    const before = text.slice(0, offset).split('\n');
    throw new SyntaxError(`line ${before.length}:${(before.at(-1)?.length ?? 0) + 1}: ${cause.message}`, { cause });
  }
}

/** Times, durations and regular expressions that somebody wrote down wrongly fail on every commit. */
function literals(expr: Expr): void {
  for (const node of nodes(expr)) {
    if (node.exprKind.case !== 'callExpr') continue;
    const { function: name, target, args } = node.exprKind.value;
    const literal = args.at(-1);
    const isLiteral = literal?.exprKind.case === 'constExpr';
    if (name === 'matches' && !isLiteral)
      throw new CelProblem(node.id, 'the pattern of "matches" must be written down here');
    if (!['timestamp', 'duration', 'matches'].includes(name) || !isLiteral) continue;
    const empty = parse(`"".matches("")`).expr;
    const alone = name === 'matches' && target ? replaced(empty, literal) : node;
    const value: unknown = plan(celEnv(), alone)({});
    if (isCelError(value)) throw new CelProblem(literal.id, value.message);
  }
}

function replaced(call: Expr, argument: Expr): Expr {
  if (call.exprKind.case === 'callExpr') call.exprKind.value.args = [argument];
  return call;
}

function* nodes(expr: Expr | undefined): Generator<Expr> {
  if (!expr) return;
  yield expr;
  for (const child of children(expr)) yield* nodes(child);
}

function children({ exprKind: kind }: Expr): (Expr | undefined)[] {
  switch (kind.case) {
    case 'selectExpr':
      return [kind.value.operand];
    case 'callExpr':
      return [kind.value.target, ...kind.value.args];
    case 'listExpr':
      return kind.value.elements;
    case 'structExpr':
      return kind.value.entries.flatMap(({ keyKind, value }) => [
        keyKind.case === 'mapKey' ? keyKind.value : undefined,
        value,
      ]);
    case 'comprehensionExpr': {
      const { iterRange, accuInit, loopCondition, loopStep, result } = kind.value;
      return [iterRange, accuInit, loopCondition, loopStep, result];
    }
    default:
      return [];
  }
}

/** What goes through a list pays for it beforehand: the library copies the list before it looks at the first element. */
function counted(expr: Expr): Expr {
  for (const child of children(expr)) if (child) counted(child);
  const { exprKind: kind } = expr;
  if (kind.case === 'comprehensionExpr' && kind.value.iterRange) {
    const body = [kind.value.loopCondition, kind.value.loopStep].flatMap((part) => [...nodes(part)]);
    kind.value.iterRange = paid(kind.value.iterRange, body.length);
  }
  if (kind.case === 'callExpr') {
    const { function: name, args } = kind.value;
    if (name === '@in' || name === '_==_' || name === '_!=_') kind.value.args = args.map((one) => paid(one, 1));
    if (name === 'matches') kind.value.args = args.map((one) => paid(one, MATCH_WEIGHT));
  }
  return expr;
}

function paid(expr: Expr, weight: number): Expr {
  const call = parse(`${CHARGE}(0, ${weight})`).expr;
  if (call.exprKind.case === 'callExpr') call.exprKind.value.args[0] = expr;
  return call;
}

function environment(meter: { left: number }): ReturnType<typeof celEnv> {
  const charge = celFunc(CHARGE, [CelScalar.DYN, CelScalar.INT], CelScalar.DYN, (value, weight) => {
    meter.left -= costOf(value, Number(weight));
    if (meter.left < 0) throw new Error('too much work');
    return value;
  });
  return celEnv({ funcs: [charge] });
}

/**
 * By how many steps something is gone through. A list that map() or filter() made is a chain of lists of one, and each
 * step into it goes down the whole chain.
 */
function costOf(value: unknown, weight: number): number {
  if (isCelMap(value)) return value.size * weight;
  if (!isCelList(value)) return weight;
  return value.size * weight + ('_lists' in value ? (value.size * value.size) / 8 : 0);
}
