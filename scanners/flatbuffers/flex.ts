// SPDX-License-Identifier: Apache-2.0

/**
 * The TensorFlow operator that a Flex operator runs: its options are a FlexBuffer (flatbuffers/flexbuffers.h) of two
 * texts, a name and a serialised NodeDef, and the delegate takes the operator from the NodeDef's field `op`, whatever
 * the custom code says. `undefined` when the options are not of that form.
 */
export function flexOperator(options: Uint8Array): string | undefined {
  const nodeDef = secondText(options);
  return nodeDef === undefined ? undefined : protoText(nodeDef, 2);
}

/** The root is at the end: value, packed type, byte width. An untyped vector keeps the types of its items behind them. */
function secondText(bytes: Uint8Array): Uint8Array | undefined {
  const end = bytes.length;
  const rootWidth = bytes[end - 1] ?? 0;
  const rootType = bytes[end - 2] ?? 0;
  if (end < 4 || rootType >> 2 !== VECTOR) return undefined;
  const width = 1 << (rootType & 3);
  const rootAt = end - 2 - rootWidth;
  const vector = rootAt - number(bytes, rootAt, rootWidth);
  if (vector < width || number(bytes, vector - width, width) !== 2) return undefined;
  const type = bytes[vector + 2 * width + 1] ?? 0;
  if (type >> 2 !== TEXT && type >> 2 !== BLOB) return undefined;
  const place = vector + width;
  const text = place - number(bytes, place, width);
  const textWidth = 1 << (type & 3);
  const length = number(bytes, text - textWidth, textWidth);
  return text >= textWidth && text + length <= end ? bytes.subarray(text, text + length) : undefined;
}

const TEXT = 5;
const VECTOR = 10;
const BLOB = 25;

function number(bytes: Uint8Array, at: number, width: number): number {
  let value = 0;
  for (let i = width - 1; i >= 0; i--) value = value * 256 + (bytes[at + i] ?? 0);
  return value;
}

/** The last length-delimited field of this number, as protobuf readers take it. */
function protoText(bytes: Uint8Array, wanted: number): string | undefined {
  let found: string | undefined;
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let shift = 0; at < bytes.length && shift < 35; shift += 7) {
      const byte = bytes[at++] ?? 0;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) break;
    }
    return value;
  };
  while (at < bytes.length) {
    const tag = varint();
    if (tag % 8 !== 2) return undefined;
    const length = varint();
    if (at + length > bytes.length) return undefined;
    if (Math.floor(tag / 8) === wanted) found = Buffer.from(bytes.subarray(at, at + length)).toString();
    at += length;
  }
  return found;
}
