// SPDX-License-Identifier: Apache-2.0
import { raw, u32, u64 } from './pickle-bytes.ts';

const big = (length: number, value: number | bigint) => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(value));
  return bytes.subarray(8 - length);
};

/** A key or the content of a text, as XGBoost writes them: its length in eight bytes. */
export const ubjKey = (name: string | Uint8Array) => raw('L', big(8, name.length), name);
export const ubjText = (value: string | Uint8Array) => raw('S', ubjKey(value));
export const ubjArray = (type: string, size: number, count: number, data: Uint8Array = Buffer.alloc(size * count)) =>
  raw('[$', type, '#L', big(8, count), data);
export const ubjList = (...items: Uint8Array[]) => raw('[#L', big(8, items.length), ...items);
export const ubjObject = (members: Readonly<Record<string, Uint8Array>>) =>
  raw('{', ...Object.entries(members).flatMap(([name, value]) => [ubjKey(name), value]), '}');

/** The document of a model with one tree. */
export function ubjModel(more: Readonly<Record<string, Uint8Array>> = {}, objective = 'reg:squarederror'): Buffer {
  const tree = ubjObject({ base_weights: ubjArray('d', 4, 3), default_left: ubjArray('U', 1, 3), id: raw('i', 0) });
  return ubjObject({
    learner: ubjObject({
      ...more,
      gradient_booster: ubjObject({
        model: ubjObject({ tree_info: ubjArray('l', 4, 1), trees: ubjList(tree) }),
        name: ubjText('gbtree'),
      }),
      learner_model_param: ubjObject({ num_class: ubjText('0') }),
      objective: ubjObject({ name: ubjText(objective) }),
    }),
    version: ubjList(raw('i', 1), raw('i', 7), raw('i', 6)),
  });
}

const prefixed = (value: string | Uint8Array) => raw(u64(value.length), value);
const padded = (length: number, ...words: readonly number[]) => {
  const start = raw(...words.map((word) => u32(word >>> 0)));
  return raw(start, Buffer.alloc(length - start.length));
};

/** A root and two leaves. */
export function xgboostTree(right = 2): Buffer {
  const node = (left: number, other: number) => padded(20, -1, left, other);
  return raw(padded(148, 1, 3), node(1, right), node(-1, -1), node(-1, -1), Buffer.alloc(48));
}

export interface XgboostParts {
  readonly objective?: string;
  readonly booster?: string;
  readonly trees?: readonly Uint8Array[];
  readonly attributes?: Readonly<Record<string, string | Uint8Array>>;
}

/** The binary of before version 2. */
export function xgboostModel(parts: XgboostParts = {}): Buffer {
  const { objective = 'binary:logistic', booster = 'gbtree', trees = [xgboostTree()], attributes = {} } = parts;
  const entries = Object.entries(attributes);
  return raw(
    'binf',
    padded(136, 0x3f000000, 4, 0, 1, 0, 1, 7),
    prefixed(objective),
    prefixed(booster),
    ...(booster === 'gblinear' ? [Buffer.alloc(136), u64(1), Buffer.alloc(4)] : []),
    ...(booster === 'gblinear' ? [] : [padded(160, trees.length), ...trees, Buffer.alloc(4 * trees.length)]),
    ...(booster === 'dart' ? [u64(trees.length), Buffer.alloc(4 * trees.length)] : []),
    u64(entries.length),
    ...entries.flatMap(([name, value]) => [prefixed(name), prefixed(value)]),
  );
}

/** A serialised booster of before version 1.6. */
export function xgboostSnapshot(model: Uint8Array, config: string | Uint8Array, length = model.length): Buffer {
  return raw('CONFIG-offset:', u64(length), model, config);
}
