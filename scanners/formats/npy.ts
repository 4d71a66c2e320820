// SPDX-License-Identifier: Apache-2.0
import type { Spending } from '../budgets.ts';
import type { Facts } from '../facts.ts';
import type { Bytes } from '../io/bytes.ts';
import { type Cursor, EndOfBytes } from '../io/cursor.ts';
import { noteTail } from '../io/tail.ts';
import { itemCount, itemSize } from '../npy/dtype.ts';
import { type Literal, NoLiteral, parseLiteral } from '../npy/literal.ts';
import type { Context, Extractor } from './context.ts';
import { readPickleStream } from './pickle.ts';

const MAX_HEADER = 1024 * 1024;
/** Arrays that were saved one after another into one file. */
const MOST_ARRAYS = 100_000;

/** numpy/lib/format.py: magic, version, the header (a Python literal), then the items, or a pickle of the objects. */
export const npy: Extractor = async (facts, bytes, context) => {
  try {
    let offset: number | undefined = 0;
    for (let i = 0; i < MOST_ARRAYS && offset !== undefined; i++)
      offset = await readArray(facts, bytes, offset, context);
    if (offset !== undefined) broken(facts, offset, `more than ${MOST_ARRAYS} arrays`);
  } catch (error) {
    if (!(error instanceof EndOfBytes)) throw error;
    broken(facts, error.offset, 'the file ends inside the header');
  }
};

/** One array; the place of the next one, if another follows. */
async function readArray(facts: Facts, bytes: Bytes, offset: number, context: Context): Promise<number | undefined> {
  const cursor = bytes.cursor(offset);
  const header = await readHeader(facts, cursor, offset);
  if (header === undefined) return undefined;
  const start = cursor.offset;
  const size = dataSize(header);
  if (typeof size === 'string') return broken(facts, offset + 10, size);
  if (size === undefined) return readObjects(facts, bytes, start, context);
  const end = start + size;
  if (end > bytes.size) return broken(facts, start, `${size} bytes of items, and the file ends before`);
  if (end === bytes.size) return undefined;
  return nextArray(facts, bytes, cursor, end, context.spending);
}

/** The header's text; `undefined` when there is none, which is a problem by then. */
async function readHeader(facts: Facts, cursor: Cursor, offset: number): Promise<string | undefined> {
  await cursor.fill(12);
  cursor.take(6);
  const major = cursor.u8();
  const minor = cursor.u8();
  if (major < 1 || major > 3 || minor !== 0) return broken(facts, offset + 6, `version ${major}.${minor}`);
  const length = major === 1 ? cursor.u16() : cursor.u32();
  if (length > MAX_HEADER) return broken(facts, offset + 8, `a header of ${length} bytes`);
  await cursor.fill(length);
  const header = Buffer.from(cursor.take(length)).toString(major === 3 ? 'utf8' : 'latin1');
  if (!CALLS.test(header.replace(/'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"/g, ''))) return header;
  facts.problems.push({ code: 'npy-code', offset: offset + 10, detail: header.trim().slice(0, 120) });
  return undefined;
}

/** Outside of its texts a literal has no name before a bracket, and no attribute. */
const CALLS = /\b\d*[A-Za-z_]\w*\s*[([]|\)\s*\(|\.\s*[A-Za-z_]|\blambda\b|\bfor\b/;

/** An array of objects is a pickle: `numpy.load` runs it with allow_pickle. */
async function readObjects(facts: Facts, bytes: Bytes, start: number, context: Context): Promise<undefined> {
  if (bytes.random === undefined) return broken(facts, start, 'a large compressed array of objects');
  await readPickleStream(facts, bytes.random.slice(start, bytes.size - start), context);
}

async function nextArray(
  facts: Facts,
  bytes: Bytes,
  cursor: Cursor,
  end: number,
  spending: Spending,
): Promise<number | undefined> {
  const after = bytes.random ? bytes.random.cursor(end) : cursor;
  if (after === cursor) await cursor.skip(end - cursor.offset);
  await after.fill(HEAD_BYTES);
  const head = after.lookAt(HEAD_BYTES);
  if (Buffer.from(head.subarray(0, 6)).toString('latin1') === '\x93NUMPY') return end;
  if (bytes.random) await noteTail(facts, bytes.random, end, 'the items', spending);
  else broken(facts, end, 'bytes behind the items');
  return undefined;
}

const HEAD_BYTES = 4096;

/** Bytes that the items take; undefined for objects; or what is wrong with the header. */
function dataSize(header: string): number | undefined | string {
  const fields = headerFields(header);
  if (typeof fields === 'string') return fields;
  const item = itemSize(fields.get('descr'));
  if ('wrong' in item) return item.wrong;
  const count = itemCount(fields.get('shape'));
  if (count === undefined) return 'an array without a plain shape';
  if (item.objects) return undefined;
  const size = count * item.bytes;
  return Number.isSafeInteger(size) ? size : 'an array of impossible size';
}

function headerFields(header: string): Map<string, Literal> | string {
  let fields: Literal;
  try {
    fields = parseLiteral(header);
  } catch (error) {
    if (!(error instanceof NoLiteral)) throw error;
    return `a header that is no literal: ${error.message}`;
  }
  if (!(fields instanceof Map) || [...fields.keys()].sort().join() !== 'descr,fortran_order,shape')
    return 'a header that describes no array';
  return typeof fields.get('fortran_order') === 'boolean' ? fields : 'an order that is neither C nor Fortran';
}

function broken(facts: Facts, offset: number, detail: string): undefined {
  facts.problems.push({ code: 'npy-malformed', offset, detail });
  return undefined;
}
