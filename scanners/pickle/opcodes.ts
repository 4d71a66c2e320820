// SPDX-License-Identifier: Apache-2.0
import type { Cursor } from '../io/cursor.ts';
import { arrayAfterBuild } from './joblib.ts';
import {
  bytesOf,
  floatLine,
  intLine,
  line,
  longBytes,
  longLine,
  longTextOf,
  memoLine,
  quotedString,
  rawUnicode,
  sized,
  textOf,
} from './literals.ts';
import { dict, EMPTY_TUPLE, list, type Machine, tuple } from './machine.ts';
import { KEPT_TEXT } from './values.ts';

/** An opcode: its name in CPython's `pickletools.py`, and what it does. Asynchronous where bytes must be waited for. */
export interface Opcode {
  readonly name: string;
  readonly run: (machine: Machine, cursor: Cursor) => void | Promise<void>;
}

/** Every opcode of protocols 0 to 5, by its byte. */
export const OPCODES: readonly (Opcode | undefined)[] = table({
  // -- the stack and the memo
  '(': ['MARK', (m) => m.mark()],
  '.': ['STOP', (m) => m.stop()],
  '0': ['POP', (m) => m.discard()],
  '1': ['POP_MARK', (m) => void m.popMark()],
  '2': ['DUP', (m) => m.push(m.top())],
  p: ['PUT', async (m, c) => m.put(memoLine(m, await line(c)))],
  q: ['BINPUT', (m, c) => m.put(c.u8())],
  r: ['LONG_BINPUT', (m, c) => m.put(c.u32())],
  '\x94': ['MEMOIZE', (m) => m.memoize()],
  g: ['GET', async (m, c) => m.get(memoLine(m, await line(c)))],
  h: ['BINGET', (m, c) => m.get(c.u8())],
  j: ['LONG_BINGET', (m, c) => m.get(c.u32())],
  '\x80': ['PROTO', protocol],
  '\x95': ['FRAME', frame],

  // -- constants
  N: ['NONE', (m) => m.push(null)],
  '\x88': ['NEWTRUE', (m) => m.push(true)],
  '\x89': ['NEWFALSE', (m) => m.push(false)],
  I: ['INT', async (m, c) => m.push(intLine(m, await line(c)))],
  L: ['LONG', async (m, c) => m.push(longLine(m, await line(c)))],
  F: ['FLOAT', async (m, c) => m.push(floatLine(m, await line(c)))],
  J: ['BININT', (m, c) => m.push(c.i32())],
  K: ['BININT1', (m, c) => m.push(c.u8())],
  M: ['BININT2', (m, c) => m.push(c.u16())],
  G: ['BINFLOAT', (m, c) => m.push(c.f64be())],
  '\x8a': ['LONG1', async (m, c) => m.push(longBytes(await sized(m, c, c.u8())))],
  '\x8b': ['LONG4', async (m, c) => m.push(longBytes(await sized(m, c, c.i32())))],
  S: ['STRING', async (m, c) => m.push(quotedString(m, await line(c)))],
  V: ['UNICODE', async (m, c) => m.push(rawUnicode(await line(c)))],
  U: ['SHORT_BINSTRING', (m, c) => text(m, c, c.u8())],
  T: ['BINSTRING', (m, c) => text(m, c, c.i32())],
  X: ['BINUNICODE', (m, c) => text(m, c, c.u32())],
  '\x8c': ['SHORT_BINUNICODE', (m, c) => text(m, c, c.u8())],
  '\x8d': ['BINUNICODE8', (m, c) => text(m, c, Number(c.u64()))],
  C: ['SHORT_BINBYTES', (m, c) => bytes(m, c, c.u8())],
  B: ['BINBYTES', (m, c) => bytes(m, c, c.u32())],
  '\x8e': ['BINBYTES8', (m, c) => bytes(m, c, Number(c.u64()))],
  '\x96': ['BYTEARRAY8', (m, c) => bytes(m, c, Number(c.u64()))],
  '\x97': ['NEXT_BUFFER', (m) => m.push({ kind: 'other', what: 'buffer' })],
  '\x98': ['READONLY_BUFFER', (m) => void m.top()],

  // -- containers
  ')': ['EMPTY_TUPLE', (m) => m.push(EMPTY_TUPLE)],
  t: ['TUPLE', (m) => m.push(tuple(m.popMark()))],
  '\x85': ['TUPLE1', (m) => m.push(tuple([m.pop()]))],
  '\x86': ['TUPLE2', (m) => m.push(tuple(popMany(m, 2)))],
  '\x87': ['TUPLE3', (m) => m.push(tuple(popMany(m, 3)))],
  ']': ['EMPTY_LIST', (m) => m.push(list())],
  l: ['LIST', newList],
  a: ['APPEND', appendOne],
  e: ['APPENDS', appendMany],
  '}': ['EMPTY_DICT', (m) => m.push(dict())],
  d: ['DICT', newDict],
  s: ['SETITEM', setOne],
  u: ['SETITEMS', setMany],
  '\x8f': ['EMPTY_SET', (m) => m.push({ kind: 'other', what: 'set' })],
  '\x90': ['ADDITEMS', appendMany],
  '\x91': ['FROZENSET', frozenset],

  // -- what reaches outside: imports, calls, persistent objects
  c: ['GLOBAL', globalLines],
  '\x93': ['STACK_GLOBAL', stackGlobal],
  '\x82': ['EXT1', (m, c) => extension(m, c.u8())],
  '\x83': ['EXT2', (m, c) => extension(m, c.u16())],
  '\x84': ['EXT4', (m, c) => extension(m, c.i32())],
  R: ['REDUCE', reduce],
  b: ['BUILD', build],
  i: ['INST', inst],
  o: ['OBJ', obj],
  '\x81': ['NEWOBJ', reduce],
  '\x92': ['NEWOBJ_EX', newObjEx],
  P: ['PERSID', async (m, c) => m.persistent(textOf(await line(c)))],
  Q: ['BINPERSID', (m) => m.persistent(m.pop())],
});

type Entry = readonly [name: string, run: Opcode['run']];

function table(entries: Readonly<Record<string, Entry>>): readonly (Opcode | undefined)[] {
  const opcodes: (Opcode | undefined)[] = new Array(256).fill(undefined);
  for (const [byte, [name, run]] of Object.entries(entries)) opcodes[byte.charCodeAt(0)] = { name, run };
  return opcodes;
}

function protocol(m: Machine, c: Cursor): void {
  const version = c.u8();
  if (version > 5) m.broken(`protocol ${version}`);
  m.record.protocol = Math.max(m.record.protocol, version);
}

/** A frame says how much to read ahead, and means nothing else; `run.ts` looks whether opcodes keep to it. */
function frame(m: Machine, c: Cursor): void {
  const length = Number(c.u64());
  // A frame within a frame: `_pickle.c` may drop what is left of the first.
  if (m.frameEnd > m.offset) m.leftFrame();
  m.frameEnd = c.offset + length;
}

function text(m: Machine, c: Cursor, length: number): void | Promise<void> {
  if (isShort(c, length)) m.push(textOf(c.take(length)));
  else return sized(m, c, length).then((taken) => m.push(taken ? textOf(taken) : longTextOf(c.offset, length)));
}

function bytes(m: Machine, c: Cursor, length: number): void | Promise<void> {
  if (isShort(c, length)) m.push(bytesOf(c.take(length), c.offset, length));
  else return sized(m, c, length).then((taken) => m.push(bytesOf(taken, c.offset, length)));
}

/** Most constants are short and at hand: they cost no promise. */
function isShort(c: Cursor, length: number): boolean {
  return length >= 0 && length <= KEPT_TEXT && length <= c.available;
}

function popMany(m: Machine, count: number) {
  const items = [];
  for (let i = 0; i < count; i++) items.push(m.pop());
  return items.reverse();
}

function newList(m: Machine): void {
  const items = m.popMark();
  const made = list();
  m.append(made, items);
  m.push(made);
}

function appendOne(m: Machine): void {
  const item = m.pop();
  m.append(m.top(), [item]);
}

function appendMany(m: Machine): void {
  const items = m.popMark();
  m.append(m.top(), items);
}

function frozenset(m: Machine): void {
  m.hash(m.popMark());
  m.push({ kind: 'other', what: 'frozenset' });
}

function newDict(m: Machine): void {
  const items = m.popMark();
  const made = dict();
  m.setItems(made, items);
  m.push(made);
}

function setOne(m: Machine): void {
  const value = m.pop();
  const key = m.pop();
  m.setItems(m.top(), [key, value]);
}

function setMany(m: Machine): void {
  const items = m.popMark();
  m.setItems(m.top(), items);
}

async function globalLines(m: Machine, c: Cursor): Promise<void> {
  const module = textOf(await line(c));
  const name = textOf(await line(c));
  m.push(m.global(module, name));
}

function stackGlobal(m: Machine): void {
  const fromMemo = m.isFromMemo(2);
  const name = m.pop();
  const module = m.pop();
  m.push(m.global(module, name, fromMemo));
}

function extension(m: Machine, code: number): void {
  if (code <= 0) m.broken(`extension code ${code}`);
  m.record.extension(code);
  m.push({ kind: 'extension', code });
}

function reduce(m: Machine): void {
  const args = m.pop();
  const callee = m.pop();
  m.push(m.call(callee, args));
}

function build(m: Machine, c: Cursor): void | Promise<void> {
  const state = m.pop();
  const target = m.top();
  m.build(state, target);
  return arrayAfterBuild(m, c, target);
}

async function inst(m: Machine, c: Cursor): Promise<void> {
  const module = textOf(await line(c));
  const name = textOf(await line(c));
  // Imported first: without a mark the pickle breaks, and the module has run by then.
  const callee = m.global(module, name);
  m.push(m.call(callee, tuple(m.popMark())));
}

function obj(m: Machine): void {
  const [callee, ...args] = m.popMark();
  if (callee === undefined) m.broken('OBJ without a class');
  m.push(m.call(callee, tuple(args)));
}

function newObjEx(m: Machine): void {
  const kwargs = m.pop();
  const args = m.pop();
  const callee = m.pop();
  m.push(m.call(callee, tuple([args, kwargs])));
}
