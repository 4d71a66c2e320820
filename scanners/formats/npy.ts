// SPDX-License-Identifier: Apache-2.0
import type { Facts } from '../facts.ts';
import type { Bytes } from '../io/bytes.ts';
import { EndOfBytes } from '../io/cursor.ts';
import { readPickles } from '../pickle/stream.ts';
import type { Context, Extractor } from './context.ts';

const MAX_HEADER = 64 * 1024;

/** numpy/lib/format.py: magic, version, the header (a Python literal), then the items, or a pickle of the objects. */
export const npy: Extractor = async (facts, bytes, context) => {
  try {
    await readNpy(facts, bytes, context);
  } catch (error) {
    if (!(error instanceof EndOfBytes)) throw error;
    broken(facts, error.offset, 'the file ends inside the header');
  }
};

async function readNpy(facts: Facts, bytes: Bytes, context: Context): Promise<void> {
  const cursor = bytes.cursor();
  await cursor.fill(12);
  cursor.take(6);
  const major = cursor.u8();
  cursor.u8();
  if (major < 1 || major > 3) return broken(facts, 6, `version ${major}`);
  const length = major === 1 ? cursor.u16() : cursor.u32();
  if (length > MAX_HEADER) return broken(facts, 8, `a header of ${length} bytes`);
  await cursor.fill(length);
  const header = Buffer.from(cursor.take(length)).toString('latin1');
  const size = dataSize(header);
  if (typeof size === 'string') return broken(facts, 10, size);
  const start = cursor.offset;
  if (size === undefined) return readObjects(facts, bytes, start, context);
  if (start + size > bytes.size) broken(facts, start, `${size} bytes of items, and the file ends before`);
  else if (start + size < bytes.size)
    facts.problems.push({ code: 'trailing-bytes', offset: start + size, detail: 'bytes after the items' });
}

/** An array of objects is a pickle: `numpy.load` runs it with allow_pickle. */
async function readObjects(facts: Facts, bytes: Bytes, start: number, context: Context): Promise<void> {
  if (bytes.random === undefined) return broken(facts, start, 'a large compressed array of objects');
  await readPickles(facts, bytes.random.slice(start, bytes.size - start), context.spending);
}

const HEADER =
  /^\{\s*'descr':\s*'([<>|=]?)([?bBiufcSUOmMV])(\d*)(?:\[\w+\])?',\s*'fortran_order':\s*(?:True|False),\s*'shape':\s*\(([\d,\sL]*)\),?\s*\}\s*$/;

/** Bytes that the items take; undefined for objects; or what is wrong with the header. */
function dataSize(header: string): number | undefined | string {
  const match = HEADER.exec(header);
  if (match === null) return 'a header that is no plain array description';
  const [, , type = '', digits = '', shape = ''] = match;
  if (type === 'O') return undefined;
  const itemSize = Number(digits || 1) * (type === 'U' ? 4 : 1);
  const size = shape
    .split(',')
    .map((n) => n.trim().replace(/L$/, ''))
    .filter((n) => n !== '')
    .reduce((product, n) => product * Number(n), itemSize);
  return Number.isSafeInteger(size) ? size : 'an array of impossible size';
}

function broken(facts: Facts, offset: number, detail: string): void {
  facts.problems.push({ code: 'npy-malformed', offset, detail });
}
