// SPDX-License-Identifier: Apache-2.0
import { isTuple, type Literal } from './literal.ts';

/** What a description says about one item: how many bytes, whether objects are among them, or what is wrong with it. */
export type ItemSize = { readonly bytes: number; readonly objects: boolean } | { readonly wrong: string };

const SCALAR = /^[<>|=]?([?bBhHiIlLqQefdgFDGSUVOmMuca])(\d*)(?:\[(?:\d+)?\w+(?:\/\d+)?\])?$/;
const DEFAULT_BYTES: Readonly<Record<string, number>> = {
  ...{
    '?': 1,
    b: 1,
    B: 1,
    h: 2,
    H: 2,
    i: 4,
    I: 4,
    l: 8,
    L: 8,
    q: 8,
    Q: 8,
    e: 2,
    f: 4,
    d: 8,
    g: 16,
    F: 8,
    D: 16,
    G: 32,
  },
  ...{ c: 1, m: 8, M: 8, O: 8, S: 0, U: 0, V: 0, a: 0 },
};
const DEEPEST = 16;

/**
 * numpy/lib/format.py, `descr_to_dtype`: a text for plain items; a list of `(name, description)` or
 * `(name, description, shape)` for structured ones; `(description, shape)` for sub-arrays.
 */
export function itemSize(descr: Literal | undefined, depth = 0): ItemSize {
  if (depth > DEEPEST) return { wrong: 'nested too deeply' };
  if (typeof descr === 'string') return scalarSize(descr);
  if (isTuple(descr) && descr.tuple.length === 2) return times(itemSize(descr.tuple[0], depth + 1), descr.tuple[1]);
  if (!Array.isArray(descr)) return { wrong: 'no description of a type' };
  let bytes = 0;
  let objects = false;
  for (const field of descr) {
    const size = fieldSize(field, depth + 1);
    if ('wrong' in size) return size;
    bytes += size.bytes;
    objects ||= size.objects;
  }
  return { bytes, objects };
}

const OBJECT_NAMES: ReadonlySet<string> = new Set(['object', 'object_', 'O8', 'O4', '|O4']);

function scalarSize(text: string): ItemSize {
  // numpy.dtype takes the name of the type as well, though nothing writes it here.
  if (OBJECT_NAMES.has(text)) return { bytes: 0, objects: true };
  const match = SCALAR.exec(text);
  if (match === null) return { wrong: `the type ${JSON.stringify(text.slice(0, 40))}` };
  const [, type = '', digits = ''] = match;
  const size = digits === '' ? (DEFAULT_BYTES[type] ?? 0) : Number(digits);
  return { bytes: size * (type === 'U' ? 4 : 1), objects: type === 'O' };
}

/** The name is a text, or `(title, name)`. */
function fieldSize(field: Literal, depth: number): ItemSize {
  if (!isTuple(field) || field.tuple.length < 2 || field.tuple.length > 3)
    return { wrong: 'no description of a field' };
  const [name, descr, shape] = field.tuple;
  if (typeof name !== 'string' && !isTuple(name)) return { wrong: 'a field without a name' };
  const size = itemSize(descr, depth);
  return shape === undefined ? size : times(size, shape);
}

function times(size: ItemSize, shape: Literal | undefined): ItemSize {
  const count = itemCount(typeof shape === 'number' ? { tuple: [shape] } : shape);
  if (count === undefined) return { wrong: 'a sub-array without a shape' };
  return 'wrong' in size ? size : { bytes: size.bytes * count, objects: size.objects };
}

/** How many items an array of this shape has. */
export function itemCount(shape: Literal | undefined): number | undefined {
  if (!isTuple(shape)) return undefined;
  let count = 1;
  for (const n of shape.tuple) {
    if (typeof n !== 'number' || !Number.isSafeInteger(n) || n < 0) return undefined;
    count *= n;
  }
  return count;
}
