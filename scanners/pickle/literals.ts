// SPDX-License-Identifier: Apache-2.0
import type { Cursor } from '../io/cursor.ts';
import { EndOfBytes } from '../io/cursor.ts';
import type { Machine } from './machine.ts';
import { KEPT_TEXT, LONG_TEXT, type Value } from './values.ts';

const NEWLINE = 0x0a;

/** A line up to its newline, which is consumed. `undefined`: longer than anyone needs, passed over. */
export async function line(cursor: Cursor, keep = KEPT_TEXT * 4): Promise<Uint8Array | undefined> {
  let length = cursor.find(NEWLINE);
  if (length < 0 && (await cursor.fill(keep + 1))) length = cursor.find(NEWLINE);
  else if (length < 0) length = cursor.find(NEWLINE);
  if (length >= 0) {
    const bytes = cursor.take(length);
    cursor.take(1);
    return length <= keep ? bytes : undefined;
  }
  // Longer than the window: go on until a newline, keeping nothing.
  for (;;) {
    cursor.take(cursor.available);
    if (!(await cursor.fill(1))) throw new EndOfBytes(cursor.offset);
    const rest = cursor.find(NEWLINE);
    if (rest < 0) continue;
    cursor.take(rest + 1);
    return undefined;
  }
}

/** A constant of known length: kept when short, else passed over. */
export async function sized(machine: Machine, cursor: Cursor, length: number): Promise<Uint8Array | undefined> {
  if (!Number.isSafeInteger(length) || length < 0) machine.broken(`a constant of ${length} bytes`);
  if (length <= KEPT_TEXT) {
    await cursor.fill(length);
    return cursor.take(length);
  }
  if (!(await cursor.skip(length))) throw new EndOfBytes(cursor.offset);
  return undefined;
}

export function textOf(bytes: Uint8Array | undefined): Value {
  return bytes === undefined ? LONG_TEXT : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
}

/** `end`: where the stream is behind the constant. */
export function longTextOf(end: number, length: number): Value {
  return { kind: 'text', offset: end - length, length };
}

export function bytesOf(bytes: Uint8Array | undefined, end: number, length: number): Value {
  const head = bytes === undefined ? '' : Buffer.from(bytes.subarray(0, 40)).toString('latin1');
  return { kind: 'bytes', head, offset: end - length, length };
}

/** STRING: a Python literal in quotes, with its escapes. */
export function quotedString(machine: Machine, bytes: Uint8Array | undefined): Value {
  if (bytes === undefined) return LONG_TEXT;
  const text = Buffer.from(bytes).toString('latin1').trimEnd();
  const quote = text.charAt(0);
  if (text.length < 2 || !`'"`.includes(quote) || !text.endsWith(quote)) machine.broken('a STRING without its quotes');
  return text.slice(1, -1).replace(ESCAPE, unescaped);
}

const ESCAPE = /\\(?:x([0-9a-fA-F]{2})|([0-7]{1,3})|([\s\S]))/g;
const SINGLE: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  a: '\x07',
  b: '\b',
  f: '\f',
  v: '\v',
  '\n': '',
};

function unescaped(whole: string, hex?: string, octal?: string, single?: string): string {
  if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
  if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8) & 0xff);
  if (single === undefined) return whole;
  if (`\\'"`.includes(single)) return single;
  return SINGLE[single] ?? whole;
}

/** UNICODE: `raw-unicode-escape`, so that a name may hide behind `\u006f\u0073`. */
export function rawUnicode(bytes: Uint8Array | undefined): Value {
  if (bytes === undefined) return LONG_TEXT;
  return Buffer.from(bytes)
    .toString('latin1')
    .replace(/\\u([0-9a-fA-F]{4})|\\U([0-9a-fA-F]{8})|\\[^uU]/g, (whole, short?: string, long?: string) => {
      if (short === undefined && long === undefined) return whole;
      const code = Number.parseInt(short ?? long ?? '', 16);
      return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
    });
}

/**
 * INT: the booleans `00` and `01`, or a number. `_pickle.c` reads it by `strtol`, which stops at a zero byte; its
 * `pickle.py` knows no leading zeros: what either of them takes is taken.
 */
export function intLine(machine: Machine, bytes: Uint8Array | undefined): Value {
  const text = (ascii(bytes).split('\0', 1)[0] ?? '').trim();
  if (text === '00' || text === '01') return text === '01';
  return integer(machine, text);
}

export function longLine(machine: Machine, bytes: Uint8Array | undefined): Value {
  return integer(machine, ascii(bytes).trim().replace(/L$/, ''));
}

/** Too long to be kept is still a number; anything else that is no number breaks the pickle, as in Python. */
function integer(machine: Machine, text: string): Value {
  if (text === TOO_LONG) return { kind: 'other', what: 'number' };
  if (!/^[+-]?(?:0[xX][0-9a-fA-F]+|0[oO]?[0-7]+|0[bB][01]+|[0-9_]+)$/.test(text)) machine.broken('not a number');
  const digits = text.replace(/_/g, '');
  const value = /^[+-]?\d+$/.test(digits) ? Number(digits) : Number.NaN;
  return Number.isNaN(value) ? { kind: 'other', what: 'number' } : value;
}

export function floatLine(machine: Machine, bytes: Uint8Array | undefined): Value {
  const text = ascii(bytes).trim();
  if (!/^[+-]?(?:nan|inf(?:inity)?|[\d_]*(?:\.[\d_]*)?(?:e[+-]?\d+)?)$/i.test(text) || text === '')
    machine.broken('not a number');
  return Number.parseFloat(text);
}

/** LONG1 and LONG4: little-endian two's complement. */
export function longBytes(bytes: Uint8Array | undefined): Value {
  if (bytes === undefined || bytes.length > 16) return { kind: 'other', what: 'number' };
  let value = 0n;
  for (const byte of bytes.toReversed()) value = (value << 8n) | BigInt(byte);
  if (((bytes.at(-1) ?? 0) & 0x80) !== 0) value -= 1n << BigInt(8 * bytes.length);
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

const TOO_LONG = 'too long';

function ascii(bytes: Uint8Array | undefined): string {
  return bytes === undefined ? TOO_LONG : Buffer.from(bytes).toString('latin1');
}

/** The index of GET and PUT: whatever Python's `int` takes, signs, leading zeros and underscores too. */
export function memoLine(machine: Machine, bytes: Uint8Array | undefined): number {
  const text = ascii(bytes).trim();
  if (!/^[+-]?\d+(?:_\d+)*$/.test(text)) machine.broken('not a memo index');
  return Number(text.replace(/_/g, ''));
}
