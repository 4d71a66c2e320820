// SPDX-License-Identifier: Apache-2.0
import type { Bytes, RandomBytes } from '../io/bytes.ts';
import { type Outline, type OutlineField, outline } from './outline.ts';
import { FIXED32, LENGTH, VARINT } from './wire.ts';

/**
 * Protobuf says nowhere which message it is. A message is recognised by its top level, which must be wire format to the
 * last byte, and by the first messages inside it: field numbers, wire types, and names where a name must be. The walk
 * by the whole schema that follows finds what deeper down does not fit.
 */
export async function recogniseProtobuf(bytes: Bytes, head: Uint8Array): Promise<string | undefined> {
  if (bytes.random === undefined || !startsAsMessage(head)) return undefined;
  const top = await outline(bytes.random);
  if (top === undefined) return undefined;
  const message = new Message(bytes.random, top);
  for (const [format, fits] of SHAPES) if (await fits(message)) return format;
  return undefined;
}

/** The first fields of all messages that are known here have low numbers; this keeps most other content out early. */
function startsAsMessage(head: Uint8Array): boolean {
  const [first = 0] = head;
  return head.length >= 2 && first >= 0x08 && first < 0x80 && [VARINT, 1, LENGTH, FIXED32].includes(first & 7);
}

/** An outline with the bytes under it. */
class Message {
  readonly size: number;
  private readonly bytes: RandomBytes;
  private readonly fields: ReadonlyMap<number, OutlineField>;

  constructor(bytes: RandomBytes, top: Outline) {
    this.bytes = bytes;
    this.size = bytes.size;
    this.fields = top.fields;
  }

  has(field: number, wire: number): boolean {
    const found = this.fields.get(field);
    return found !== undefined && found.wire === wire && !found.mixed;
  }

  absentOr(field: number, wire: number): boolean {
    return !this.fields.has(field) || this.has(field, wire);
  }

  /** No field but these, each with its wire type. */
  only(wires: Readonly<Record<number, number>>): boolean {
    return [...this.fields].every(([field, { wire, mixed }]) => !mixed && wires[field] === wire);
  }

  any(fields: (field: number) => boolean): boolean {
    return [...this.fields.keys()].some(fields);
  }

  /** The first message in a field. */
  async inner(field: number): Promise<Message | undefined> {
    const found = this.fields.get(field);
    if (found === undefined || found.wire !== LENGTH || found.mixed) return undefined;
    const bytes = this.bytes.slice(found.start, found.length);
    const top = await outline(bytes);
    return top && new Message(bytes, top);
  }

  /** The first text in a field, when it is a name of letters, digits and a few signs. */
  isName(field: number): boolean {
    const found = this.fields.get(field);
    if (found === undefined || found.wire !== LENGTH || found.length === 0 || found.length > 512) return false;
    const text = Buffer.from(this.bytes.readAt(found.start, found.length)).toString('latin1');
    return /^[\x20-\x7e]+$/.test(text);
  }
}

type Shape = (message: Message) => Promise<boolean> | boolean;

/** Asked in this order. The more a shape requires, the earlier it comes. */
const SHAPES: readonly (readonly [format: string, fits: Shape])[] = [
  ['onnx', isOnnx],
  ['tf-saved-model', isSavedModel],
  ['coreml', isCoreml],
  ['tf-meta-graph', isMetaGraph],
  ['tf-keras-metadata', isKerasMetadata],
  ['paddle-program', isPaddleProgram],
  ['tf-graph', isGraph],
  ['caffe', isCaffe],
  ['sentencepiece', isSentencePiece],
  ['onnx-tensor', isOnnxTensor],
  ['tf-fingerprint', isFingerprint],
];

/** ModelProto: ir_version, and a graph that has nodes, a name, inputs or outputs. */
async function isOnnx(m: Message): Promise<boolean> {
  if (!m.has(7, LENGTH) || !m.absentOr(1, VARINT) || !m.absentOr(8, LENGTH)) return false;
  if (!m.has(1, VARINT) && !m.has(8, LENGTH)) return false;
  const graph = await m.inner(7);
  return graph !== undefined && [1, 5, 11, 12].some((field) => graph.has(field, LENGTH));
}

/** SavedModel: a schema version and meta graphs. */
async function isSavedModel(m: Message): Promise<boolean> {
  if (!m.has(2, LENGTH) || !m.absentOr(1, VARINT)) return false;
  const meta = await m.inner(2);
  return meta !== undefined && (await isMetaGraph(meta));
}

/** MetaGraphDef: information about it, and a graph. */
async function isMetaGraph(m: Message): Promise<boolean> {
  if (![1, 2, 3, 4, 5, 6, 7].every((field) => m.absentOr(field, LENGTH)) || !m.has(2, LENGTH)) return false;
  const graph = await m.inner(2);
  return graph !== undefined && (await isGraph(graph));
}

/** GraphDef: nodes that each name themselves and an operation; or a function library alone. */
async function isGraph(m: Message): Promise<boolean> {
  if (!m.absentOr(1, LENGTH) || !m.absentOr(2, LENGTH) || !m.absentOr(4, LENGTH)) return false;
  const node = await m.inner(1);
  if (node !== undefined) return node.isName(1) && node.isName(2) && node.absentOr(3, LENGTH);
  const library = await m.inner(2);
  const signature = await (await library?.inner(1))?.inner(1);
  return signature?.isName(1) ?? false;
}

/** Model: specificationVersion, description, and one model type (numbered from 200). */
async function isCoreml(m: Message): Promise<boolean> {
  if (!m.has(1, VARINT) || !m.absentOr(2, LENGTH)) return false;
  return m.any((field) => field >= 200 && field <= 3000);
}

/** SavedMetadata: nodes of a number, a path and an identifier that begins with `_tf_keras`. */
async function isKerasMetadata(m: Message): Promise<boolean> {
  if (!m.only({ 1: LENGTH })) return false;
  const node = await m.inner(1);
  if (node === undefined || node.any((field) => field === 1)) return false;
  return node.isName(3) && node.isName(4) && node.absentOr(2, VARINT);
}

/** ProgramDesc: blocks with their own and their parent's number, and operations or variables. */
async function isPaddleProgram(m: Message): Promise<boolean> {
  if (!m.has(1, LENGTH) || !m.absentOr(4, LENGTH) || !m.absentOr(5, LENGTH)) return false;
  const block = await m.inner(1);
  if (block === undefined || !block.has(1, VARINT) || !block.has(2, VARINT)) return false;
  return block.has(3, LENGTH) || block.has(4, LENGTH);
}

/** NetParameter: layers (100) or the old kind (2), each of which is named. */
async function isCaffe(m: Message): Promise<boolean> {
  if (!m.absentOr(1, LENGTH)) return false;
  const layer = await m.inner(100);
  if (layer !== undefined) return layer.isName(1) && layer.isName(2);
  const old = await m.inner(2);
  return old === undefined ? false : old.isName(4) && old.has(5, VARINT);
}

/** ModelProto: pieces of a text and a score, and what the trainer was told. */
async function isSentencePiece(m: Message): Promise<boolean> {
  if (!m.has(1, LENGTH) || ![2, 3, 4, 5].every((field) => m.absentOr(field, LENGTH))) return false;
  if (!m.has(2, LENGTH) && !m.has(3, LENGTH)) return false;
  const piece = await m.inner(1);
  return piece === undefined ? false : piece.has(1, LENGTH) && piece.only({ 1: LENGTH, 2: FIXED32, 3: VARINT });
}

/** TensorProto as a file of its own (onnx test data): an element type, sizes, data. */
function isOnnxTensor(m: Message): boolean {
  const data = [4, 5, 6, 7, 9, 10, 11, 13].some((field) => m.any((present) => present === field));
  return m.has(2, VARINT) && m.absentOr(8, LENGTH) && data && m.only(TENSOR_WIRES);
}

const TENSOR_WIRES = { 1: 0, 2: 0, 3: 2, 4: 2, 5: 2, 6: 2, 7: 2, 8: 2, 9: 2, 10: 2, 11: 2, 12: 2, 13: 2, 14: 0, 16: 2 };

/** FingerprintDef: five hashes, a version, an identifier. */
function isFingerprint(m: Message): boolean {
  if (m.size > 4096 || !m.has(1, VARINT) || !m.has(6, LENGTH)) return false;
  return m.only({ 1: VARINT, 2: VARINT, 3: VARINT, 4: VARINT, 5: VARINT, 6: LENGTH, 7: LENGTH });
}
