// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { factsOf, judged, rulesOf } from './judged.ts';

const savedModel = (nodes: string) =>
  `saved_model_schema_version: 1\nmeta_graphs {\n  meta_info_def { tags: "serve" }\n  graph_def { ${nodes} }\n}\n`;
const node = (op: string, rest = '') => `node { name: "n" op: "${op}" ${rest} }`;
const layer = (type: string, rest = '') => `name: "net"\nlayer { name: "a" type: "${type}" bottom: "x" ${rest} }\n`;
const shape = 'attr { key: "shape" value { shape { dim { size: -1 } dim { size: 3 } } } }';
const bytes = String.raw`attr { key: "value" value { tensor { dtype: DT_STRING string_val: "a\001\x41\n" 'b' } } }`;

describe('a message in the text format is recognised and passes', () => {
  test.each([
    ['tf-saved-model-text', 'saved_model.pbtxt', savedModel(node('Placeholder', shape))],
    ['tf-saved-model-text', 'saved_model.pbtxt', `# a comment {\n${savedModel(node('Const', bytes))}`],
    ['tf-graph-text', 'graph.pbtxt', `${node('Placeholder')} versions { producer: 27 }`],
    ['tf-meta-graph-text', 'model.ckpt.meta', `meta_info_def { tags: 'x' } graph_def { ${node('MatMul')} }`],
    ['caffe-text', 'deploy.prototxt', layer('Convolution', 'convolution_param { num_output: 64 kernel_size: 3 }')],
    ['caffe-text', 'train_val.prototxt', layer('Data', 'data_param { source: "train_lmdb" backend: LMDB }')],
    [
      'onnx-text',
      'model.textproto',
      'ir_version: 8 graph { node { op_type: "Add" } name: "g" } opset_import { version: 17 }',
    ],
    ['text', 'config.pbtxt', 'name: "m"\nplatform: "onnxruntime_onnx"\ninput [ { name: "x" dims: [ 1, -1 ] } ]\n'],
    ['text', 'label_map.pbtxt', "item {\n  id: 1\n  name: 'node'\n}\n"],
    ['text', 'solver.prototxt', 'net: "train_val.prototxt"\nbase_lr: 0.01\nsolver_mode: GPU\n'],
    ['text', 'graph.pbtxt', 'node { calculator: "FlowLimiterCalculator" input_stream: "in" }\n'],
    ['text', 'notes.txt', 'node: this is prose { and a brace\n'],
    ['text', 'config.yaml', 'name: x\nlayers: 3\n'],
  ])('as %s: %s', async (format, path, text) => {
    expect(await judged(text, path)).toMatchObject({ format, verdict: 'pass' });
  });
});

describe('a message in the text format', () => {
  test.each([
    ['an operation that runs Python', 'saved_model.pbtxt', savedModel(node('PyFunc')), 'tf-python', 'block'],
    [
      'it behind comments',
      'saved_model.pbtxt',
      `${'# x\n'.repeat(30_000)}${savedModel(node('PyFunc'))}`,
      'tf-python',
      'block',
    ],
    ['it in pieces', 'graph.pbtxt', `node < name: 'n', op: 'Py' "Fu" 'nc'; >`, 'tf-python', 'block'],
    ['it in escapes', 'graph.pbtxt', String.raw`node { op: "\120y\x46unc" }`, 'tf-python', 'block'],
    ['it in a list', 'graph.pbtxt', 'node: [ { op: "Add" }, < op: "PyFunc" > ]', 'tf-python', 'block'],
    ['it under another name', 'vocab.txt', node('PyFunc'), 'tf-python', 'block'],
    ['an operation that reads files', 'graph.pbtxt', node('ReadFile'), 'tf-files', 'block'],
    [
      'a Python layer',
      'deploy.prototxt',
      layer('Python', 'python_param { module: "m" layer: "L" }'),
      'caffe-python',
      'block',
    ],
    ['a layer that writes', 'net.prototxt', layer('HDF5Output'), 'caffe-layer', 'review'],
    ['a field that no schema has', 'graph.pbtxt', `${node('Add')} evil { x: 1 }`, 'protobuf-unknown-field', 'review'],
    [
      'two values where one may be',
      'graph.pbtxt',
      'node { op: "Add" op: "PyFunc" }',
      'protobuf-duplicate-field',
      'block',
    ],
    ['what breaks the grammar', 'saved_model.pbtxt', `${savedModel(node('PyFunc'))} }`, 'protobuf-malformed', 'review'],
    ['nothing but depth', 'saved_model.pbtxt', 'a{'.repeat(200) + '}'.repeat(200), 'protobuf-malformed', 'review'],
  ])('with %s does not pass', async (_what, path, text, rule, verdict) => {
    expect(await rulesOf(text, path)).toContain(rule);
    expect((await judged(text, path)).verdict).toBe(verdict);
  });
});

test('the facts of a graph in text say what it names and where', async () => {
  const { uses } = await factsOf(Buffer.from(`node { name: "x" op: "Placeholder" } ${node('Relu')}`));
  expect(uses?.map(({ scheme, name, at, offset }) => [scheme, name, at, offset])).toEqual([
    ['tf-operator', 'Placeholder', 'node[0] x', 5],
    ['tf-operator', 'Relu', 'node[1] n', 42],
  ]);
});
