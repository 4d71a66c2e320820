// SPDX-License-Identifier: Apache-2.0
import type { Cursor } from '../io/cursor.ts';
import { EndOfBytes } from '../io/cursor.ts';
import { isGlobal, isThing, type Machine } from './machine.ts';
import { KEPT_ITEMS, type Value } from './values.ts';

/**
 * joblib writes an array's bytes straight after the BUILD of its NumpyArrayWrapper (`joblib/numpy_pickle.py`,
 * `read_array`): they are data and are passed over, by exactly the length that dtype and shape give. An array of
 * objects is a pickle of its own there.
 */
export function arrayAfterBuild(m: Machine, c: Cursor, target: Value): void | Promise<void> {
  if (!isThing(target, 'result') || !isWrapper(target.callee)) return;
  if (!isThing(target.state, 'dict')) m.broken('a joblib array without its description');
  return passArray(m, c, target.state.entries);
}

function isWrapper(callee: Value): boolean {
  if (isGlobal(callee, 'joblib.numpy_pickle', 'NumpyArrayWrapper')) return true;
  return isGlobal(callee, 'sklearn.externals.joblib.numpy_pickle', 'NumpyArrayWrapper');
}

async function passArray(m: Machine, c: Cursor, described: ReadonlyMap<string, Value>): Promise<void> {
  const size = itemSize(described.get('dtype'));
  if (size === undefined) m.broken('a joblib array of a dtype whose size is not known');
  if (size === 'object') {
    await m.runNested?.(c);
    return;
  }
  const count = itemCount(described.get('shape'));
  if (count === undefined) m.broken('a joblib array without a plain shape');
  if (typeof described.get('numpy_array_alignment_bytes') === 'number') await passPadding(c);
  if (!Number.isSafeInteger(count * size)) m.broken('a joblib array of impossible size');
  if (!(await c.skip(count * size))) throw new EndOfBytes(c.offset);
}

async function passPadding(c: Cursor): Promise<void> {
  await c.fill(1);
  if (!(await c.skip(c.u8()))) throw new EndOfBytes(c.offset);
}

function itemCount(shape: Value | undefined): number | undefined {
  if (!isThing(shape, 'tuple') || shape.items === undefined) return undefined;
  let count = 1;
  for (const n of shape.items) {
    if (typeof n !== 'number' || n < 0) return undefined;
    count *= n;
  }
  return count;
}

/** `numpy.dtype("<f8", False, True)`; its state may change the byte order, and names the fields of a structured one. */
function itemSize(dtype: Value | undefined, depth = 0): number | 'object' | undefined {
  if (depth > 4 || !isThing(dtype, 'result') || !isGlobal(dtype.callee, 'numpy', 'dtype')) return undefined;
  const code = isThing(dtype.args, 'tuple') ? dtype.args.items?.[0] : undefined;
  if (typeof code !== 'string') return undefined;
  const match = /^[<>=|]?([?bBhHiIlLqQefdgFDGSUVOmMuc])(\d*)(?:\[\w+\])?$/.exec(code);
  if (!match) return undefined;
  const [, type = '', digits = ''] = match;
  if (type === 'O') return 'object';
  if (digits === '' || (type === 'V' && !isPlainStructure(dtype.state, depth))) return undefined;
  return type === 'U' ? 4 * Number(digits) : Number(digits);
}

/** `(3, "|", None, names, {name: (dtype, offset)}, ...)`: no field may hold objects, and all of them must be known. */
function isPlainStructure(state: Value | undefined, depth: number): boolean {
  const fields = isThing(state, 'tuple') ? state.items?.[4] : undefined;
  if (fields === null) return true;
  if (!isThing(fields, 'dict') || fields.entries.size >= KEPT_ITEMS) return false;
  return [...fields.entries.values()].every(
    (field) => isThing(field, 'tuple') && typeof itemSize(field.items?.[0], depth + 1) === 'number',
  );
}
