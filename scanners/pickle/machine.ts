// SPDX-License-Identifier: Apache-2.0
import { BUDGETS, BudgetHit } from '../budgets.ts';
import type { Cursor } from '../io/cursor.ts';
import { innerCalls } from './callers.ts';
import { isCostly, isCostlyKey, weightOf } from './exhaustion.ts';
import { classMade, formulaIn, hasFormula, isCopyreg, isFormulaKey } from './formula.ts';
import { codecOf, isStateKey, resolved, SOURCE_KEY } from './known-calls.ts';
import { givenBytes } from './loaders.ts';
import type { PickleRecord } from './record.ts';
import {
  type DictValue,
  describe,
  type GlobalValue,
  KEPT_ITEMS,
  KEPT_KEYS,
  KEPT_STATE_KEYS,
  type ListValue,
  type ResultValue,
  type TupleValue,
  type Value,
} from './values.ts';

/** Told of every persistent id, and where it is used. */
export type OnPersistentId = (id: Value, offset: number) => void;

/** The bytes are no pickle from here on; what ran before has been recorded. */
export class BrokenPickle extends Error {
  readonly offset: number;

  constructor(offset: number, message: string) {
    super(message);
    this.name = 'BrokenPickle';
    this.offset = offset;
  }
}

/**
 * Python's unpickler with meanings instead of objects: nothing is imported or called, what would be is recorded. Its
 * rules are those of CPython's `Modules/_pickle.c`; where the two unpicklers differ, the one that runs more counts.
 */
export class Machine {
  /** Where the current opcode is, and its name. */
  offset = 0;
  op = '';
  result: Value = null;
  /** Where the current frame ends, as it says. */
  frameEnd = -1;
  stopped = false;
  readonly record: PickleRecord;
  /** Runs a pickle that lies inside this one's stream. */
  readonly runNested: ((cursor: Cursor) => Promise<void>) | undefined;
  /** Persistent ids in order, for those who know what they mean (torch storages). */
  readonly onPersistentId: OnPersistentId | undefined;
  private readonly stack: Value[] = [];
  private readonly marks: number[] = [];
  private readonly memo = new Map<number, Value>();
  /** Places on the stack of the last two texts that came from the memo. */
  private fromMemo: readonly [number, number] = [-1, -1];

  constructor(
    record: PickleRecord,
    hooks: { onPersistentId?: OnPersistentId; runNested?: (cursor: Cursor) => Promise<void> } = {},
  ) {
    this.record = record;
    this.runNested = hooks.runNested;
    this.onPersistentId = hooks.onPersistentId;
  }

  broken(why: string): never {
    throw new BrokenPickle(this.offset, `${why} (${this.op || 'start'})`);
  }

  push(value: Value): void {
    if (this.stack.length >= BUDGETS.stack) throw new BudgetHit('stack', this.stack.length + 1);
    this.stack.push(value);
  }

  /** Nothing below the last mark can be reached, as in CPython. */
  pop(): Value {
    if (this.stack.length <= (this.marks.at(-1) ?? 0)) this.broken('the stack is empty');
    return this.stack.pop() ?? null;
  }

  top(): Value {
    if (this.stack.length <= (this.marks.at(-1) ?? 0)) this.broken('the stack is empty');
    return this.stack.at(-1) ?? null;
  }

  mark(): void {
    if (this.marks.length >= BUDGETS.stack) throw new BudgetHit('stack', this.marks.length + 1);
    this.marks.push(this.stack.length);
  }

  popMark(): Value[] {
    const mark = this.marks.pop();
    if (mark === undefined) this.broken('there is no mark');
    return this.stack.splice(mark);
  }

  /** POP takes a mark when nothing is above it. */
  discard(): void {
    const mark = this.marks.at(-1);
    if (mark !== undefined && this.stack.length === mark) this.marks.pop();
    else this.pop();
  }

  stop(): void {
    this.result = this.pop();
    this.stopped = true;
    this.record.count++;
  }

  put(index: number): void {
    if (!Number.isSafeInteger(index) || index < 0) this.broken(`memo index ${index}`);
    this.memo.set(index, this.top());
    if (this.memo.size > BUDGETS.memo) throw new BudgetHit('memo', this.memo.size);
  }

  memoize(): void {
    this.put(this.memo.size);
  }

  get(index: number): void {
    const value = this.memo.get(index);
    if (value === undefined) this.broken(`memo entry ${index} was never stored`);
    if (typeof value === 'string') this.fromMemo = [this.fromMemo[1], this.stack.length];
    this.push(value);
  }

  /** One of the topmost `count` values is a text that was pushed from the memo. */
  isFromMemo(count: number): boolean {
    return Math.max(...this.fromMemo) >= this.stack.length - count;
  }

  global(module: Value, name: Value, fromMemo = false): Value {
    if (typeof module !== 'string' || typeof name !== 'string') {
      // Names that the file computes, or too long to be kept: what is imported can not be told from the file.
      const text = `<${describe(module)}>.<${describe(name)}>`;
      this.record.call({ kind: 'computed', text }, EMPTY_TUPLE, this.op, this.offset);
      return { kind: 'computed', text };
    }
    this.record.global(module, name, this.op, this.offset, fromMemo);
    return { kind: 'global', module, name };
  }

  call(callee: Value, args: Value): Value {
    const known = resolved(callee, args);
    if (known !== undefined) {
      if (isThing(known, 'global')) this.record.global(known.module, known.name, 'getattr', this.offset, false);
      return known;
    }
    const given = isThing(callee, 'global') ? givenBytes(callee, args, this.offset) : undefined;
    if (given !== undefined) this.record.give(given);
    if (given?.only !== true) this.record.call(callee, args, this.op, this.offset);
    this.callsWithin(callee, args);
    return { kind: 'result', callee, args } satisfies ResultValue;
  }

  /** What the called function does with its arguments, as far as that is known. */
  private callsWithin(callee: Value, args: Value): void {
    if (isThing(callee, 'global') && isCostly(callee, args)) this.use('pickle-cost', describe(callee));
    const codec = codecOf(callee, args);
    if (codec !== undefined) this.use('pickle-codec', codec);
    this.attributes(args, 2);
    const inner = innerCalls(callee, args);
    if (inner === undefined) {
      const text = `what ${describe(callee)} is given`;
      this.record.call({ kind: 'computed', text }, args, this.op, this.offset);
    }
    for (const { callee: called, args: given, op } of inner ?? []) {
      // What it is given may be the arguments themselves, as one value.
      const only = given.length === 1 ? given[0] : undefined;
      const arguments_ = isThing(only, 'tuple') ? only : tuple(given);
      this.record.call(called, arguments_, op, this.offset, describe(callee));
      if (hasFormula(called) && !isCopyreg(callee)) this.use('pickle-formula', describe(args));
    }
  }

  private attribute(key: string, value: Value): void {
    if (key !== SOURCE_KEY) this.use('pickle-attribute', key);
    else if (typeof value === 'string') this.record.source(value, this.offset);
    else if (isThing(value, 'text') && value.offset !== undefined && value.length !== undefined)
      this.record.sources.push({ offset: value.offset, length: value.length });
    else this.use('pickle-source', describe(value));
  }

  /**
   * An opcode over the end of its frame: `pickle.py` fails, and `_pickle.c` forgets the beginning of a line, so that a
   * name is another one than it seems. No writer does it; an array of joblib follows its BUILD outside of frames.
   */
  leftFrame(): void {
    if (this.op !== 'BUILD') this.use('pickle-frame', this.op);
    this.frameEnd = -1;
  }

  private use(scheme: string, name: string): void {
    this.record.uses.add(scheme, name, `byte ${this.offset}`, this.offset);
  }

  /** Keys of a state that become attributes. One that Python itself looks for changes what the object does. */
  private attributes(state: Value, depth: number): void {
    if (isThing(state, 'dict')) {
      const formula = formulaIn(state);
      if (formula !== undefined) this.use('pickle-formula', formula);
      for (const [key, value] of state.entries) if (isStateKey(key)) this.attribute(key, value);
    } else if (isThing(state, 'tuple') && depth > 0)
      for (const item of state.items ?? []) this.attributes(item, depth - 1);
  }

  /** BUILD: `__setstate__`, or attributes, of what a call returned. On anything imported it changes a class or module. */
  build(state: Value, target: Value): void {
    this.attributes(state, 1);
    if (isThing(state, 'dict')) state.isState = true;
    if (isThing(target, 'result')) {
      if (!isThing(state, 'dict') && hasFormula(classMade(target.callee, target.args)))
        this.use('pickle-formula', describe(state));
      this.record.call(target.callee, state, 'BUILD', this.offset);
      target.state = state;
    } else if (isForeign(target))
      this.record.call({ kind: 'computed', text: `${describe(target)}.__setstate__` }, state, 'BUILD', this.offset);
    if (isForeign(state))
      this.record.call(
        { kind: 'computed', text: 'an object with a callable as its state' },
        state,
        'BUILD',
        this.offset,
      );
  }

  setItems(target: Value, items: readonly Value[]): void {
    if (items.length % 2 !== 0) this.broken('an odd number of keys and values');
    this.changes(target);
    for (let i = 0; i < items.length; i += 2) {
      const key = items[i] ?? null;
      if (isCostlyKey(key)) this.use('pickle-cost', 'hash');
      if (!isThing(target, 'dict') || typeof key !== 'string') continue;
      if (target.entries.size < KEPT_ITEMS || (isKeptKey(key) && target.entries.size < KEPT_STATE_KEYS))
        target.entries.set(key, items[i + 1] ?? null);
      if (target.isState === true && isStateKey(key)) this.attribute(key, items[i + 1] ?? null);
    }
  }

  /** Members of sets are hashed, as keys are. */
  hash(items: readonly Value[]): void {
    if (items.some(isCostlyKey)) this.use('pickle-cost', 'hash');
  }

  append(target: Value, items: readonly Value[]): void {
    this.changes(target);
    if (this.op === 'ADDITEMS') this.hash(items);
    if (!isThing(target, 'list')) return;
    for (const item of items) {
      if (target.items === undefined) return;
      if (typeof item === 'string' && target.items.length < KEPT_KEYS) target.items.push(item);
      else target.items = undefined;
    }
  }

  persistent(id: Value): void {
    this.record.persistentIds++;
    this.onPersistentId?.(id, this.offset);
    this.push(moduleOf(id) ?? { kind: 'persistent', id });
  }

  /** Adding items to what a call returned, or to something imported, calls that thing's own methods. */
  private changes(target: Value): void {
    if (isThing(target, 'result')) {
      target.changedBy ??= new Set();
      if (target.changedBy.has(this.op)) return;
      target.changedBy.add(this.op);
      this.record.call(target.callee, EMPTY_TUPLE, this.op, this.offset);
    } else if (isForeign(target))
      this.record.call(
        { kind: 'computed', text: `${describe(target)}, to change it,` },
        EMPTY_TUPLE,
        this.op,
        this.offset,
      );
    else if (!isThing(target, TARGETS[this.op] ?? 'other')) this.use('pickle-item-target', describe(target));
  }
}

/** Kept of a state however much it holds: what means something to an object. */
function isKeptKey(key: string): boolean {
  return isStateKey(key) || isFormulaKey(key);
}

/** What takes items: `other` are sets. */
const TARGETS: Readonly<Record<string, 'list' | 'dict'>> = {
  APPEND: 'list',
  APPENDS: 'list',
  LIST: 'list',
  SETITEM: 'dict',
  SETITEMS: 'dict',
  DICT: 'dict',
};

/** torch's first format writes the class of a module with its source beside it, and gives back the class. */
function moduleOf(id: Value): GlobalValue | undefined {
  if (!isThing(id, 'tuple') || id.items?.[0] !== 'module') return undefined;
  const cls = id.items[1];
  return isThing(cls, 'global') ? cls : undefined;
}

type ThingOf<K> = Extract<Value, { kind: K }>;

export function isThing<K extends string>(value: Value | undefined, kind: K): value is ThingOf<K> {
  return typeof value === 'object' && value !== null && value.kind === kind;
}

/** Something that the file does not make itself: imported, from a registry, from the loading program, or unknown. */
function isForeign(value: Value): boolean {
  return (
    isThing(value, 'global') ||
    isThing(value, 'extension') ||
    isThing(value, 'computed') ||
    isThing(value, 'persistent')
  );
}

export function isGlobal(value: Value | undefined, module: string, name: string): value is GlobalValue {
  return isThing(value, 'global') && value.module === module && value.name === name;
}

export const EMPTY_TUPLE: TupleValue = { kind: 'tuple', length: 0, weight: 1, items: [] };

export function tuple(items: readonly Value[]): TupleValue {
  const { length } = items;
  if (length === 0) return EMPTY_TUPLE;
  let weight = 1;
  for (const item of items) weight += weightOf(item);
  return length <= KEPT_ITEMS ? { kind: 'tuple', length, weight, items } : { kind: 'tuple', length, weight };
}

export function dict(): DictValue {
  return { kind: 'dict', entries: new Map() };
}

export function list(): ListValue {
  return { kind: 'list', items: [] };
}
