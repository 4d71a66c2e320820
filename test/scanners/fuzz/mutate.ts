// SPDX-License-Identifier: Apache-2.0
import type { Random } from './random.ts';

/** Inputs grow no further than this: time is to be spent on many of them. */
export const LARGEST_INPUT = 64 * 1024;

/** A change of an input; `other` is another seed, to take pieces from. */
type Mutation = (bytes: Buffer, random: Random, other: Buffer) => Buffer;

/** One to six changes, one after another. */
export function mutate(bytes: Buffer, other: Buffer, random: Random): Buffer {
  let mutated: Buffer = Buffer.from(bytes);
  for (let left = 1 + random.below(6); left > 0; left--) mutated = random.pick(MUTATIONS)(mutated, random, other);
  return mutated.subarray(0, LARGEST_INPUT);
}

const EDGES = [
  0n,
  1n,
  2n,
  7n,
  0x7fn,
  0x80n,
  0xffn,
  0x7fffn,
  0xffffn,
  0x7fff_ffffn,
  0x8000_0000n,
  0xffff_ffffn,
  (1n << 53n) - 1n,
  1n << 53n,
  (1n << 63n) - 1n,
  1n << 63n,
  (1n << 64n) - 1n,
];

const TOKENS = [
  ...[
    '{{',
    '}}',
    '{%',
    '%}',
    '{',
    '}',
    '[',
    ']',
    '(',
    ')',
    '"',
    "'",
    '\\',
    '\\u',
    '&',
    '*',
    '!',
    '!!',
    '<!',
    '<![CDATA[',
  ],
  ...['<!ENTITY', '&a;', ']]>', '<', '/>', '%', '#', '\n', '\r\n', '\t', ': ', '- ', '|', '>', '? ', '---\n', '\ufeff'],
  ...[
    '__class__',
    'lambda',
    'f"{',
    "b'",
    '"""',
    '@',
    ':=',
    'import ',
    'exec(',
    '-',
    'e999',
    '1e',
    '.',
    '\0',
    'PK\x03\x04',
  ],
  ...['\x80\x04', 'cos\nsystem\n', '\x93', '\x94', 'R', 't', '(', '0', '2', 'h\0', 'q\0', '\u{1F600}', '\xff\xfe'],
];

const MUTATIONS: readonly Mutation[] = [
  flipBit,
  setByte,
  setByte,
  setNumber,
  setNumber,
  nudgeNumber,
  nudgeNumber,
  pointIntoFile,
  pointIntoFile,
  swapEndian,
  insertToken,
  insertToken,
  deleteSpan,
  duplicateSpan,
  swapSpans,
  repeatSpan,
  cutTail,
  appendOther,
  splice,
  overwriteWithOther,
  setDigits,
  nest,
];

function flipBit(bytes: Buffer, random: Random): Buffer {
  const at = random.below(bytes.length);
  if (bytes.length > 0) bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
  return bytes;
}

function setByte(bytes: Buffer, random: Random): Buffer {
  if (bytes.length > 0) bytes[random.below(bytes.length)] = random.below(256);
  return bytes;
}

/** A length, a count or an offset at the edge of what fits. */
function setNumber(bytes: Buffer, random: Random): Buffer {
  return written(bytes, random, random.pick(EDGES));
}

/** Off by a little. */
function nudgeNumber(bytes: Buffer, random: Random): Buffer {
  const width = random.pick([1, 2, 4, 8]);
  if (bytes.length < width) return bytes;
  const at = random.below(bytes.length - width + 1);
  const little = random.below(2) === 0;
  put(bytes, at, width, little, get(bytes, at, width, little) + BigInt(random.below(17) - 8));
  return bytes;
}

/** An offset to somewhere in the file: back to a parent, to itself, into another object. */
function pointIntoFile(bytes: Buffer, random: Random): Buffer {
  return written(bytes, random, BigInt(random.below(bytes.length + 1)));
}

function written(bytes: Buffer, random: Random, value: bigint): Buffer {
  const width = random.pick([1, 2, 4, 8]);
  if (bytes.length < width) return bytes;
  put(bytes, random.below(bytes.length - width + 1), width, random.below(4) > 0, value);
  return bytes;
}

function swapEndian(bytes: Buffer, random: Random): Buffer {
  const width = random.pick([2, 4, 8]);
  if (bytes.length < width) return bytes;
  const at = random.below(bytes.length - width + 1);
  bytes.subarray(at, at + width).reverse();
  return bytes;
}

function insertToken(bytes: Buffer, random: Random): Buffer {
  const at = random.below(bytes.length + 1);
  const token = Buffer.from(random.pick(TOKENS), random.below(2) === 0 ? 'latin1' : 'utf8');
  return Buffer.concat([bytes.subarray(0, at), token, bytes.subarray(at)]);
}

function deleteSpan(bytes: Buffer, random: Random): Buffer {
  const [from, to] = span(bytes, random);
  return Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]);
}

function duplicateSpan(bytes: Buffer, random: Random): Buffer {
  const [from, to] = span(bytes, random);
  const at = random.below(bytes.length + 1);
  return Buffer.concat([bytes.subarray(0, at), bytes.subarray(from, to), bytes.subarray(at)]);
}

function swapSpans(bytes: Buffer, random: Random): Buffer {
  const [from, middle] = span(bytes, random);
  const to = Math.min(bytes.length, middle + 1 + random.below(64));
  const parts = [bytes.subarray(0, from), bytes.subarray(middle, to), bytes.subarray(from, middle), bytes.subarray(to)];
  return Buffer.concat(parts);
}

/** The same again and again: depth and length, where there is no limit. */
function repeatSpan(bytes: Buffer, random: Random): Buffer {
  const [from, to] = span(bytes, random, 32);
  const room = Math.max(0, LARGEST_INPUT - bytes.length);
  const times = Math.min(1 << random.below(14), Math.floor(room / Math.max(1, to - from)));
  const repeated = Buffer.alloc(times * (to - from), bytes.subarray(from, to));
  return Buffer.concat([bytes.subarray(0, to), repeated, bytes.subarray(to)]);
}

function cutTail(bytes: Buffer, random: Random): Buffer {
  return bytes.subarray(0, random.below(bytes.length + 1));
}

function appendOther(bytes: Buffer, _random: Random, other: Buffer): Buffer {
  return Buffer.concat([bytes, other]).subarray(0, LARGEST_INPUT);
}

/** The beginning of one, the end of the other. */
function splice(bytes: Buffer, random: Random, other: Buffer): Buffer {
  const at = random.below(bytes.length + 1);
  return Buffer.concat([bytes.subarray(0, at), other.subarray(random.below(other.length + 1))]);
}

function overwriteWithOther(bytes: Buffer, random: Random, other: Buffer): Buffer {
  const [from, to] = span(other, random);
  if (bytes.length > 0) other.copy(bytes, random.below(bytes.length), from, to);
  return bytes;
}

/** Numbers in text: counts of a header, sizes in octal. */
function setDigits(bytes: Buffer, random: Random): Buffer {
  const found = [...bytes.toString('latin1').matchAll(/\d{1,30}/g)];
  if (found.length === 0) return bytes;
  const { 0: digits, index } = random.pick(found);
  const value = random.below(2) === 0 ? random.pick(EDGES).toString() : '9'.repeat(1 + random.below(30));
  const rest = bytes.subarray(index + digits.length);
  return Buffer.concat([bytes.subarray(0, index), Buffer.from(value), rest]);
}

/** What opens is opened many times over. */
function nest(bytes: Buffer, random: Random): Buffer {
  const open = random.pick([
    '[',
    '{"a":',
    '(',
    '{{ a(',
    '<a>',
    '- ',
    '{% if a %}',
    '&a [',
    '!!a ',
    'not ',
    '-',
    '~',
    '**',
    'lambda:',
  ]);
  const at = random.below(bytes.length + 1);
  const times = 1 << random.below(13);
  return Buffer.concat([bytes.subarray(0, at), Buffer.from(open.repeat(times)), bytes.subarray(at)]);
}

function span(bytes: Buffer, random: Random, longest = 512): [from: number, to: number] {
  const from = random.below(bytes.length + 1);
  return [from, Math.min(bytes.length, from + 1 + random.below(1 << random.below(Math.log2(longest) + 1)))];
}

function get(bytes: Buffer, at: number, width: number, little: boolean): bigint {
  const copy = Buffer.from(bytes.subarray(at, at + width));
  return BigInt(`0x${(little ? copy.reverse() : copy).toString('hex')}`);
}

function put(bytes: Buffer, at: number, width: number, little: boolean, value: bigint): void {
  const hex = BigInt.asUintN(width * 8, value)
    .toString(16)
    .padStart(width * 2, '0');
  const big = Buffer.from(hex, 'hex');
  bytes.set(little ? big.reverse() : big, at);
}
