// SPDX-License-Identifier: Apache-2.0
import { within } from '../budgets.ts';
import { DataClaims, wholeNumber } from '../claims.ts';
import type { Facts } from '../facts.ts';
import { payloadName } from '../magic.ts';
import { addProblem } from '../problems.ts';
import { looksLikeCode } from '../protobuf/code-text.ts';
import { type Field, messageType } from '../protobuf/schema.ts';
import { ONNX } from '../protobuf/schemas/onnx.ts';
import { walkProtobufText } from '../protobuf/text-walk.ts';
import {
  type Frame,
  type Listener,
  lengthOf,
  numberOf,
  placeOf,
  shortPath,
  textOf,
  textValue,
  type Value,
  walkProtobuf,
} from '../protobuf/walk.ts';
import type { Range } from '../ranges.ts';
import { UseList } from '../uses.ts';
import type { Extractor } from './context.ts';
import { readSecrets } from './text.ts';

const NAME = 512;
const PATH = 8192;
const TEXT = 65_536;

/** Bits of one element, by `TensorProto.DataType`; strings (8) have no fixed size. */
const ELEMENT_BITS: Readonly<Record<number, number>> = {
  1: 32,
  2: 8,
  3: 8,
  4: 16,
  5: 16,
  6: 32,
  7: 64,
  9: 8,
  10: 16,
  11: 64,
  12: 32,
  13: 64,
  14: 64,
  15: 128,
  16: 16,
  17: 8,
  18: 8,
  19: 8,
  20: 8,
  21: 4,
  22: 4,
  23: 4,
  24: 8,
  25: 2,
  26: 2,
};

/** onnx's `docs/IR.md` and `docs/ExternalData.md`: what a model's graphs would run, and which files they read. */
export const onnx: Extractor = async (facts, bytes, context) => {
  const reader = new OnnxReader(facts);
  await walkProtobuf(bytes, messageType(ONNX, 'ModelProto'), reader, facts, context.spending);
  reader.finish();
};

/** The same in protobuf's text format, which `onnx.load` takes by the name. */
export const onnxText: Extractor = async (facts, bytes, context) => {
  const reader = new OnnxReader(facts);
  await walkProtobufText(bytes, messageType(ONNX, 'ModelProto'), reader, facts, context.spending);
  reader.finish();
  await readSecrets(facts, bytes);
};

/** A tensor in a file of its own, as onnx's test data has them. */
export const onnxTensor: Extractor = async (facts, bytes, context) => {
  const reader = new OnnxReader(facts);
  await walkProtobuf(bytes, messageType(ONNX, 'TensorProto'), reader, facts, context.spending);
  reader.finish();
};

interface Operator {
  readonly domain: string;
  readonly name: string;
  readonly at: string;
  readonly offset: number;
}

class OnnxReader implements Listener {
  readonly keep: Readonly<Record<string, number>> = {
    'ModelProto.ir_version': 0,
    'NodeProto.op_type': NAME,
    'NodeProto.domain': NAME,
    'OperatorSetIdProto.domain': NAME,
    'FunctionProto.name': NAME,
    'FunctionProto.domain': NAME,
    'TensorProto.name': NAME,
    'TensorProto.dims': 4096,
    'TensorProto.data_type': 0,
    'TensorProto.raw_data': 0,
    'TensorProto.data_location': 0,
    'StringStringEntryProto.key': NAME,
    'StringStringEntryProto.value': PATH,
    'AttributeProto.s': TEXT,
    'AttributeProto.strings': TEXT,
  };
  private readonly facts: Facts;
  private readonly uses: UseList;
  private readonly operators = new Map<string, Operator>();
  private readonly functions = new Map<string, { at: string; offset: number }>();
  private readonly domains = new Map<string, { at: string; offset: number }>();
  private readonly external = new DataClaims();
  /** The tensor that is being read; tensors do not nest. */
  private dims: number[] = [];
  private entries = new Map<string, string>();

  constructor(facts: Facts) {
    this.facts = facts;
    this.uses = new UseList(facts);
  }

  value(frame: Frame, field: Field, value: Value): void {
    if (field.key === 'TensorProto.dims' && 'number' in value) within('facts', this.dims.push(value.number));
    else if (field.key === 'AttributeProto.s' || field.key === 'AttributeProto.strings') this.attribute(frame, value);
  }

  leave(frame: Frame): void {
    switch (frame.type.name) {
      case 'ModelProto':
        // docs/IR.md: since version 3 a model must say which operator sets it uses; a file that was cut lacks them.
        if (this.domains.size === 0 && (numberOf(frame, 'ir_version') ?? 0) >= 3)
          this.problem('onnx-malformed', 'no operator set is imported', frame);
        break;
      case 'NodeProto':
        this.node(frame);
        break;
      case 'FunctionProto':
        this.define(frame);
        break;
      case 'OperatorSetIdProto':
        this.domain(frame);
        break;
      case 'StringStringEntryProto':
        this.entry(frame);
        break;
      case 'TensorProto':
        this.tensor(frame);
        break;
      case 'TrainingInfoProto':
        this.uses.add('onnx-training', 'training_info', placeOf(frame), frame.start);
    }
  }

  /** What could only be said once the last function was read. */
  finish(): void {
    const local = new Set([...this.functions.keys()].map((key) => key.split('::')[0] ?? ''));
    for (const [name, { at, offset }] of this.functions) this.uses.add('onnx-function', name, at, offset);
    for (const [name, { at, offset }] of this.domains)
      if (!local.has(name)) this.uses.add('onnx-domain', name, at, offset);
    for (const [key, operator] of this.operators) {
      const scheme = this.functions.has(key) ? 'onnx-local-operator' : 'onnx-operator';
      this.uses.add(scheme, shortKey(operator), operator.at, operator.offset);
    }
    for (const [path, { at, offset }] of this.external.paths())
      this.uses.add('onnx-external-data', shortPath(path), at, offset);
    this.external.report(this.uses, 'onnx-external-range');
  }

  private node(frame: Frame): void {
    const name = textOf(frame, 'op_type') ?? '';
    const domain = plainDomain(textOf(frame, 'domain') ?? '');
    const key = `${domain}::${name}`;
    if (this.operators.has(key)) return;
    this.operators.set(key, { domain, name, at: placeOf(frame), offset: frame.start });
    within('facts', this.operators.size);
  }

  private define(frame: Frame): void {
    const key = `${plainDomain(textOf(frame, 'domain') ?? '')}::${textOf(frame, 'name') ?? ''}`;
    this.functions.set(key, { at: placeOf(frame), offset: frame.start });
    within('facts', this.functions.size);
  }

  private domain(frame: Frame): void {
    const name = plainDomain(textOf(frame, 'domain') ?? '');
    if (!this.domains.has(name)) this.domains.set(name, { at: placeOf(frame), offset: frame.start });
    within('facts', this.domains.size);
  }

  /** A pair of a tensor's external data, of the metadata, or of a quantisation. */
  private entry(frame: Frame): void {
    const key = textOf(frame, 'key') ?? '';
    const value = textOf(frame, 'value') ?? '';
    if (frame.field?.key === 'TensorProto.external_data') {
      if (this.entries.has(key)) this.problem('onnx-malformed', `external data says ${key} twice`, frame);
      this.entries.set(key, value);
      within('facts', this.entries.size);
      this.uses.add('onnx-external-key', key, placeOf(frame), frame.start);
    } else if (looksLikeCode(value)) this.uses.add('onnx-code-text', value, placeOf(frame), frame.start);
  }

  private attribute(frame: Frame, value: Value): void {
    if (!('bytes' in value) || value.bytes === undefined) return;
    const payload = payloadName(value.bytes);
    if (payload) this.uses.add('onnx-payload', payload, placeOf(frame), value.offset);
    else if (looksLikeCode(textValue(value)))
      this.uses.add('onnx-code-text', textValue(value), placeOf(frame), value.offset);
  }

  private tensor(frame: Frame): void {
    const { dims, entries } = this;
    this.dims = [];
    this.entries = new Map();
    const items = dims.reduce((product, dim) => product * dim, 1);
    const overflows = dims.some((dim) => dim < 0) || items > 2 ** 53;
    if (overflows) this.problem('onnx-tensor-overflow', `a tensor of ${dims.slice(0, 8).join(' x ')}`, frame);
    const bits = ELEMENT_BITS[numberOf(frame, 'data_type') ?? 0];
    const expected = bits === undefined || overflows ? undefined : Math.ceil((items * bits) / 8);
    const raw = lengthOf(frame, 'raw_data');
    if (raw !== undefined && entries.size === 0 && expected !== undefined && raw !== expected)
      this.problem('onnx-tensor-size', `a tensor of ${expected} bytes that has ${raw}`, frame);
    if (entries.has('location')) this.externalData(frame, entries, expected);
    else if (entries.size > 0 || numberOf(frame, 'data_location') === 1)
      this.problem('onnx-malformed', 'external data without a location', frame);
  }

  /** docs/ExternalData.md: both numbers are optional. Without a length, the tensor's shape says it, or the file's end. */
  private externalData(frame: Frame, entries: ReadonlyMap<string, string>, expected: number | undefined): void {
    const written = entries.get('length');
    const begin = wholeNumber(entries.get('offset') ?? '0');
    const length = written === undefined ? (expected ?? Number.POSITIVE_INFINITY) : wholeNumber(written);
    if (begin === undefined || length === undefined)
      this.problem('onnx-tensor-overflow', 'external data at no place that a file has', frame);
    else if (expected !== undefined && length !== expected)
      this.problem('onnx-tensor-size', `a tensor of ${expected} bytes that reads ${length}`, frame);
    // A tensor that lies nowhere claims no byte, and names its file all the same.
    const range: Range = begin === undefined || length === undefined ? [0, 0] : [begin, begin + length];
    this.external.add(entries.get('location') ?? '', range, placeOf(frame), frame.start);
  }

  private problem(code: string, detail: string, frame: Frame): void {
    addProblem(this.facts, { code, offset: frame.start, detail: `${detail}, at ${placeOf(frame)}` });
  }
}

/** Both spellings name the standard domain. */
function plainDomain(domain: string): string {
  return domain === 'ai.onnx' ? '' : domain;
}

/** `Add` of the standard domain, `com.microsoft::QGemm` of another. */
function shortKey({ domain, name }: Operator): string {
  return domain === '' ? name : `${domain}::${name}`;
}
