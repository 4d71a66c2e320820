// SPDX-License-Identifier: Apache-2.0
import { partialOf } from './known-calls.ts';
import type { Value } from './values.ts';

/** A call that a function makes of what it is given. */
export interface InnerCall {
  readonly callee: Value;
  readonly args: readonly Value[];
  /** NEWOBJ: an instance without its constructor. */
  readonly op: 'REDUCE' | 'NEWOBJ';
}

type Caller = (args: readonly Value[]) => readonly InnerCall[];

/**
 * Functions of the libraries' own pickles that call what they are given, from their sources: each is harmless by
 * itself, and as dangerous as its argument. The names of modules that have moved are listed with all their names.
 */
const CALLERS: ReadonlyMap<string, Caller> = new Map([
  ...named(['copyreg', 'copy_reg'], '_reconstructor', reconstructor),
  ...named(['copyreg', 'copy_reg'], '__newobj__', ([cls, ...args]) => [instance(cls, args)]),
  ...named(['copyreg', 'copy_reg'], '__newobj_ex__', ([cls, ...args]) => [instance(cls, args)]),
  ...named(['collections'], 'defaultdict', ([factory]) => [made(factory)]),
  ...named(['dill._dill'], '_create_array', ([make, args]) => [call(make, [args ?? null])]),
  ...named(['jax._src.array'], '_reconstruct_array', ([make, args]) => [call(make, [args ?? null])]),
  ...named(['hdbscan.dist_metrics'], 'newObj', ([cls]) => [instance(cls, [])]),
  ...named(['river._river_rust.vectordict', 'river.utils.vectordict'], 'VectorDict', ([, factory]) => [made(factory)]),
  ...named(['torch._tensor'], '_rebuild_from_type_v2', ([make, , args]) => [call(make, [args ?? null])]),
  ...named(['torch._tensor', 'torch.tensor'], '_rebuild_from_type', ([make, , args]) => [call(make, [args ?? null])]),
  ...named(['torch._utils'], '_rebuild_wrapper_subclass', ([cls]) => [instance(cls, [])]),
  ...named(['numpy.random._pickle'], '__generator_ctor', generator),
  ...named(['numpy.random._pickle'], '__randomstate_ctor', generator),
  ...named(['numpy.random._pickle'], '__bit_generator_ctor', ([cls]) => [call(cls, [])]),
  ...named(['numpy.random'], '__RandomState_ctor', generator),
  ...named(['numpy.ma.core'], '_mareconstruct', ([cls, base]) => [instance(cls, []), instance(base, [])]),
  ...named(['pandas.core.indexes.base'], '_new_Index', ([cls, fields]) => [call(cls, [fields ?? null])]),
  ...named(['pandas.core.indexes.datetimes'], '_new_DatetimeIndex', ([cls, f]) => [call(cls, [f ?? null])]),
  ...named(['pandas.core.indexes.timedeltas'], '_new_TimedeltaIndex', ([cls, f]) => [call(cls, [f ?? null])]),
  ...named(['pandas.core.indexes.period'], '_new_PeriodIndex', ([cls, f]) => [call(cls, [f ?? null])]),
  ...named(['pandas.core.indexes.interval'], '_new_IntervalIndex', ([cls, f]) => [call(cls, [f ?? null])]),
  ...named(
    [
      'sklearn.metrics._dist_metrics',
      'sklearn.neighbors._dist_metrics',
      'sklearn.neighbors.dist_metrics',
      'sklearn.neighbors._kd_tree',
      'sklearn.neighbors.kd_tree',
      'sklearn.neighbors._ball_tree',
      'sklearn.neighbors.ball_tree',
    ],
    'newObj',
    ([cls]) => [instance(cls, [])],
  ),
]);

/** Calls that this call makes in turn; `undefined` when its arguments are not plain enough to tell. */
export function innerCalls(callee: Value, args: Value): readonly InnerCall[] | undefined {
  if (typeof callee !== 'object' || callee?.kind !== 'global') return NONE;
  const caller = CALLERS.get(`${callee.module}\0${callee.name}`);
  if (caller === undefined) return NONE;
  if (typeof args !== 'object' || args?.kind !== 'tuple' || args.items === undefined) return undefined;
  return caller(args.items).filter(({ callee: inner }) => isCallable(inner));
}

const NONE: readonly InnerCall[] = [];

/** A constant can not be called, and a container of the file neither. */
function isCallable(value: Value): boolean {
  return typeof value === 'object' && value !== null && CALLABLE.has(value.kind);
}

const CALLABLE: ReadonlySet<string> = new Set(['global', 'result', 'computed', 'extension', 'persistent']);

/** `base.__new__(cls, state)` and `base.__init__(instance, state)`, or `object.__new__(cls)`. */
function reconstructor([cls, base, state]: readonly Value[]): readonly InnerCall[] {
  const isObject =
    typeof base === 'object' && base?.kind === 'global' && base.name === 'object' && /builtin/.test(base.module);
  return isObject ? [instance(cls, [])] : [instance(cls, []), call(base, [state ?? null])];
}

/** `Generator(make(name))`; `name` may also be the class itself, or an instance of it. */
function generator([name, make]: readonly Value[]): readonly InnerCall[] {
  const isClass = typeof name === 'object' && name?.kind === 'global';
  return [...(isClass ? [call(name, [])] : []), call(make, [name ?? null])];
}

/** A factory of values is called with nothing, or with what a partial adds. */
function made(factory: Value | undefined): InnerCall {
  const [inner, ...args] = partialOf(factory) ?? [factory ?? null];
  return call(inner, args);
}

function instance(callee: Value | undefined, args: readonly Value[]): InnerCall {
  return { callee: callee ?? null, args, op: 'NEWOBJ' };
}

function call(callee: Value | undefined, args: readonly Value[]): InnerCall {
  return { callee: callee ?? null, args, op: 'REDUCE' };
}

function named(modules: readonly string[], name: string, caller: Caller): readonly (readonly [string, Caller])[] {
  return modules.map((module) => [`${module}\0${name}`, caller] as const);
}
