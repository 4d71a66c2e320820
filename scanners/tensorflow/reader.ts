// SPDX-License-Identifier: Apache-2.0
import { within } from '../budgets.ts';
import type { Facts } from '../facts.ts';
import { HeldTexts } from '../io/held-texts.ts';
import { payloadName } from '../magic.ts';
import { looksLikeCode } from '../protobuf/code-text.ts';
import type { Field } from '../protobuf/schema.ts';
import { type Frame, type Listener, placeOf, shortPath, textOf, textValue, type Value } from '../protobuf/walk.ts';
import { UseList } from '../uses.ts';
import { nodeName, PathTrace } from './paths.ts';

const NAME = 512;
const TEXT = 8192;
const METADATA = 4 * 1024 * 1024;
/** Keras metadata of one file, all layers together; identical texts are held once. */
const ALL_METADATA = 64 * 1024 * 1024;

/** A text attribute that is looked at because it begins like a path or an address, or climbs. */
const PLACE = /^(?:\/\w|~\/|[A-Za-z]:[\\/]|\\\\|[A-Za-z][A-Za-z0-9+.-]*:\/\/)|(?:^|[\\/])\.\.(?:[\\/]|$)/;

interface Operator {
  readonly at: string;
  readonly offset: number;
}

/** Which operations the graphs and functions of a model would run, and with which files. */
export class TensorflowReader implements Listener {
  readonly keep: Readonly<Record<string, number>> = {
    'NodeDef.name': NAME,
    'NodeDef.op': NAME,
    'NodeDef.input': NAME,
    'NodeDef.AttrEntry.key': NAME,
    'AttrValue.s': TEXT,
    'AttrValue.ListValue.s': TEXT,
    'TensorProto.string_val': TEXT,
    'TensorInfo.name': NAME,
    'NameAttrList.name': NAME,
    'OpDef.name': NAME,
    'AssetFileDef.filename': TEXT,
    'SavedUserObject.identifier': NAME,
    'SavedUserObject.metadata': METADATA,
    'KerasObject.identifier': NAME,
    'KerasObject.metadata': METADATA,
  };
  /** Text to the identifier of the object that it configures. */
  readonly metadata = new Map<string, string>();
  private metadataBytes = 0;
  private readonly facts: Facts;
  private readonly uses: UseList;
  private operators = new Map<string, Operator>();
  private defined = new Set<string>();
  private signature = '';
  /** The node that is being read: nodes do not nest. */
  private readonly inputs = new HeldTexts();
  private attributes = new Map<string, readonly string[]>();
  private readonly texts = new HeldTexts();
  private graphPaths = new PathTrace();
  private functionPaths = new PathTrace();
  private assetTensors = new Set<string>();

  constructor(facts: Facts) {
    this.facts = facts;
    this.uses = new UseList(facts);
  }

  value(frame: Frame, field: Field, value: Value): void {
    if (field.key === 'NodeDef.input') this.inputs.add(textValue(value));
    else if (field.key === 'NameAttrList.name') this.operator(textValue(value), placeOf(frame), frame.start);
    else if (field.key === 'AttrValue.s' || field.key === 'AttrValue.ListValue.s') this.attributeText(frame, value);
    else if (field.key === 'TensorProto.string_val') this.texts.add(textValue(value));
  }

  leave(frame: Frame): void {
    switch (frame.type.name) {
      case 'NodeDef.AttrEntry':
        this.attributes.set(textOf(frame, 'key') ?? '', this.texts.take());
        break;
      case 'NodeDef':
        this.node(frame);
        break;
      case 'OpDef':
        if (frame.field?.key === 'FunctionDef.signature') this.signature = textOf(frame, 'name') ?? '';
        break;
      case 'FunctionDef':
        this.define();
        break;
      case 'GraphDef':
        this.endGraph();
        break;
      case 'AssetFileDef':
        this.asset(frame);
        break;
      case 'TensorInfo':
        if (frame.field?.key === 'AssetFileDef.tensor_info')
          this.assetTensors.add(nodeName(textOf(frame, 'name') ?? ''));
        break;
      case 'MetaGraphDef':
        this.endMetaGraph();
        break;
      case 'SavedUserObject':
      case 'KerasObject':
        this.keras(frame);
        break;
    }
  }

  finish(): void {
    this.endGraph();
    this.endMetaGraph();
  }

  private operator(name: string, at: string, offset: number): void {
    if (this.operators.has(name)) return;
    this.operators.set(name, { at, offset });
    within('facts', this.operators.size);
  }

  private node(frame: Frame): void {
    const op = textOf(frame, 'op') ?? '';
    const name = textOf(frame, 'name') ?? '';
    const { attributes } = this;
    const inputs = this.inputs.take();
    this.attributes = new Map();
    this.texts.take();
    this.operator(op, `${placeOf(frame)} ${name}`, frame.start);
    for (const [attribute, values] of attributes)
      if (op !== 'Const' && attribute !== 'value') this.places(op, attribute, values, frame);
    const paths = frame.field?.key === 'FunctionDef.node_def' ? this.functionPaths : this.graphPaths;
    paths.node({ name, op, inputs, texts: attributes.get('value') ?? [], at: placeOf(frame), offset: frame.start });
  }

  private places(op: string, attribute: string, values: readonly string[], frame: Frame): void {
    for (const value of values)
      if (PLACE.test(value)) this.uses.add('tf-attribute', `${op}.${attribute}=${value}`, placeOf(frame), frame.start);
  }

  private attributeText(frame: Frame, value: Value): void {
    if (!('bytes' in value) || value.bytes === undefined) return;
    const text = textValue(value);
    this.texts.add(text);
    const payload = value.length >= 8 ? payloadName(value.bytes) : undefined;
    if (payload) this.uses.add('tf-payload', payload, placeOf(frame), value.offset);
    else if (looksLikeCode(text)) this.uses.add('tf-code-text', text, placeOf(frame), value.offset);
  }

  private define(): void {
    this.defined.add(this.signature);
    within('facts', this.defined.size);
    this.signature = '';
    for (const { path, at, offset } of this.functionPaths.found())
      this.uses.add('tf-path', shortPath(path), at, offset);
    this.functionPaths = new PathTrace();
  }

  /** A graph's own functions come before the operations of the same name, wherever they stand in the file. */
  private endGraph(): void {
    for (const [name, { at, offset }] of this.operators)
      this.uses.add(this.defined.has(name) ? 'tf-function' : 'tf-operator', name, at, offset);
    this.operators = new Map();
    this.defined = new Set();
  }

  /** Loading replaces the constants that stand for assets. */
  private endMetaGraph(): void {
    for (const { path, node, at, offset } of this.graphPaths.found())
      if (!this.assetTensors.has(node)) this.uses.add('tf-path', shortPath(path), at, offset);
    this.graphPaths = new PathTrace();
    this.assetTensors = new Set();
  }

  private asset(frame: Frame): void {
    const name = textOf(frame, 'filename');
    if (name !== undefined) this.uses.add('tf-asset', shortPath(name), placeOf(frame), frame.start);
  }

  private keras(frame: Frame): void {
    const text = frame.values?.get('metadata');
    if (text === undefined || !('length' in text) || text.length === 0) return;
    this.metadataBytes += text.length;
    if (text.bytes === undefined || this.metadataBytes > ALL_METADATA)
      this.facts.problems.push({
        code: 'tf-metadata',
        offset: frame.start,
        detail: `of ${text.length} bytes is too long`,
      });
    else this.metadata.set(textValue(text), textOf(frame, 'identifier') ?? '');
    within('facts', this.metadata.size);
  }
}
