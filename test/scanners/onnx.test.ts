// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { factsOf, judged, rulesOf } from './judged.ts';
import { raw } from './pickle-bytes.ts';
import { field, onnxEntry, onnxModel, onnxNode, onnxTensor } from './protobuf-bytes.ts';

const weights = onnxTensor('w', [2], field(9, Buffer.alloc(8)));
const external = (location: string, ...more: Uint8Array[]) =>
  onnxTensor('w', [2], field(13, onnxEntry('location', location)), ...more, field(14, 1));
const withTensor = (tensor: Uint8Array) => onnxModel({ nodes: [onnxNode('Add')], initializers: [tensor] });
const text = (name: string, value: string | Uint8Array) => raw(field(1, name), field(4, value), field(20, 3));
const graphAttribute = (...nodes: Uint8Array[]) =>
  raw(field(1, 'then_branch'), field(6, raw(...nodes.map((node) => field(1, node)))), field(20, 5));
const fn = (domain: string, name: string, op: string) =>
  raw(field(1, name), field(7, onnxNode(op)), domain === '' ? raw() : field(10, domain));

describe('an ONNX model passes', () => {
  test.each([
    ['with standard operators', onnxModel({ nodes: [onnxNode('Add'), onnxNode('Relu')], initializers: [weights] })],
    [
      'with operators of onnxruntime and ai.onnx.ml',
      onnxModel({
        nodes: [onnxNode('QGemm', 'com.microsoft'), onnxNode('Scaler', 'ai.onnx.ml')],
        domains: ['com.microsoft', 'ai.onnx.ml'],
      }),
    ],
    ['with a subgraph', onnxModel({ nodes: [onnxNode('If', '', graphAttribute(onnxNode('Neg')))] })],
    [
      'with a function of its own',
      onnxModel({ nodes: [onnxNode('Gelu2', 'mine')], domains: ['mine'], functions: [fn('mine', 'Gelu2', 'Erf')] }),
    ],
    ['with data beside it', withTensor(external('model.onnx_data'))],
    ['with data in a folder beside it', withTensor(external('weights/w.bin', field(13, onnxEntry('offset', '4096'))))],
    [
      'with prose about code in a documentation text',
      onnxModel({ nodes: [raw(onnxNode('Add'), field(6, 'import os'))] }),
    ],
    [
      'with an attribute that names a function',
      onnxModel({ nodes: [onnxNode('Add', '', text('note', 'no os.system'))] }),
    ],
    ['with a tensor of no items', withTensor(onnxTensor('w', [0, 3], field(9, raw())))],
  ])('%s', async (_what, bytes) => {
    expect(await judged(bytes, 'model.onnx')).toMatchObject({ format: 'onnx', verdict: 'pass' });
  });
});

describe('an ONNX model', () => {
  test.each([
    // CVE-2022-25882 and CVE-2024-27318: external data outside the folder.
    ['a path that climbs', withTensor(external('../../etc/passwd')), 'onnx-external-data', 'block'],
    ['a path that climbs from inside', withTensor(external('a/../../b')), 'onnx-external-data', 'block'],
    ['an absolute path', withTensor(external('/etc/passwd')), 'onnx-external-data', 'block'],
    ['a path of Windows', withTensor(external('C:\\x')), 'onnx-external-data', 'block'],
    ['a path with backslashes that climbs', withTensor(external('..\\x')), 'onnx-external-data', 'block'],
    ['a long path that climbs', withTensor(external(`${'a/'.repeat(300)}../`)), 'onnx-external-data', 'block'],
    ['a long path', withTensor(external('a/'.repeat(5000))), 'onnx-external-data', 'review'],
    ['an address', withTensor(external('https://example.invalid/w')), 'onnx-external-data', 'block'],
    ['a path with a zero byte', withTensor(external('w\0/../x')), 'onnx-external-data', 'block'],
    ['memory of the process', withTensor(external('*/_ORT_MEM_ADDR_/*')), 'onnx-external-data', 'block'],
    [
      'an attribute of its reader',
      withTensor(external('w', field(13, onnxEntry('__class__', 'x')))),
      'onnx-external-data',
      'block',
    ],
    [
      'an unknown key of external data',
      withTensor(external('w', field(13, onnxEntry('mode', 'x')))),
      'onnx-external-data',
      'review',
    ],
    ['negative sizes', withTensor(onnxTensor('w', [-1, 2], field(9, raw('x')))), 'onnx-tensor-overflow', 'block'],
    [
      'sizes that overflow',
      withTensor(onnxTensor('w', [2 ** 40, 2 ** 40], field(9, raw('x')))),
      'onnx-tensor-overflow',
      'block',
    ],
    [
      'a tensor shorter than its shape',
      withTensor(onnxTensor('w', [200], field(9, Buffer.alloc(8)))),
      'onnx-tensor-size',
      'review',
    ],
    ['an operator that runs Python', onnxModel({ nodes: [onnxNode('PyOp', 'mine')] }), 'onnx-python', 'block'],
    ['an operator of a strange domain', onnxModel({ nodes: [onnxNode('Fancy', 'mine')] }), 'onnx-operator', 'review'],
    ['an operator that the standard lacks', onnxModel({ nodes: [onnxNode('AddMany')] }), 'onnx-operator', 'review'],
    ['a compiled part', onnxModel({ nodes: [onnxNode('EPContext', 'com.microsoft')] }), 'onnx-compiled', 'review'],
    [
      'an operator in a subgraph',
      onnxModel({ nodes: [onnxNode('If', '', graphAttribute(onnxNode('Fancy', 'mine')))] }),
      'onnx-operator',
      'review',
    ],
    [
      'an operator in a function',
      onnxModel({ nodes: [onnxNode('F', 'mine')], functions: [fn('mine', 'F', 'PyFunc')] }),
      'onnx-python',
      'block',
    ],
    [
      'a function in place of a standard operator',
      onnxModel({ nodes: [onnxNode('Add')], functions: [fn('', 'Add', 'Mul')] }),
      'onnx-shadowed',
      'review',
    ],
    [
      'source code in an attribute',
      onnxModel({ nodes: [onnxNode('Add', '', text('code', 'import os\nos.system("echo benign-test")'))] }),
      'onnx-payload',
      'review',
    ],
    [
      'a pickle in an attribute',
      onnxModel({ nodes: [onnxNode('Add', '', text('s', raw('\x80\x02.')))] }),
      'onnx-payload',
      'review',
    ],
    [
      'an archive in an attribute',
      onnxModel({ nodes: [onnxNode('Add', '', text('s', 'PK\x03\x04'))] }),
      'onnx-payload',
      'review',
    ],
    ['training graphs', onnxModel({ nodes: [onnxNode('Add')], rest: field(20, raw()) }), 'onnx-training', 'review'],
    [
      'bytes in an unknown field',
      onnxModel({ nodes: [onnxNode('Add')], rest: field(99, 'x') }),
      'protobuf-unknown-field',
      'review',
    ],
    [
      'a second graph',
      onnxModel({ nodes: [onnxNode('Add')], rest: field(7, field(1, onnxNode('Add'))) }),
      'protobuf-duplicate-field',
      'review',
    ],
  ])('with %s is no plain pass', async (_what, bytes, rule, verdict) => {
    expect((await judged(bytes, 'model.onnx')).verdict).toBe(verdict);
    expect(await rulesOf(bytes, 'model.onnx')).toContain(rule);
  });

  test('that is cut off does not pass', async () => {
    const bytes = onnxModel({ nodes: [onnxNode('Add')], initializers: [weights] });
    for (let end = 1; end < bytes.length; end++)
      expect((await judged(bytes.subarray(0, end), 'model.onnx')).verdict).not.toBe('pass');
  });

  test('under the name of a TensorFlow model is a mismatch', async () => {
    expect(await rulesOf(onnxModel({ nodes: [onnxNode('Add')] }), 'model.tflite')).toEqual(['extension-mismatch']);
  });
});

test('the facts of a model say what it names and where', async () => {
  const bytes = onnxModel({
    nodes: [onnxNode('Add'), onnxNode('Mine', 'own'), onnxNode('Other', 'strange')],
    initializers: [external('w.bin', field(13, onnxEntry('offset', '16')), field(13, onnxEntry('length', '8')))],
    domains: ['own', 'strange'],
    functions: [fn('own', 'Mine', 'Neg')],
  });
  const { format, problems, uses } = await factsOf(bytes);
  expect({ format, problems }).toEqual({ format: 'onnx', problems: [] });
  expect(uses?.map(({ scheme, name, at }) => [scheme, name, at])).toEqual([
    ['onnx-external-key', 'location', 'graph.initializer[0].external_data[0]'],
    ['onnx-external-key', 'offset', 'graph.initializer[0].external_data[1]'],
    ['onnx-external-key', 'length', 'graph.initializer[0].external_data[2]'],
    ['onnx-function', 'own::Mine', 'functions[0]'],
    ['onnx-domain', '', 'opset_import[0]'],
    ['onnx-domain', 'strange', 'opset_import[2]'],
    ['onnx-operator', 'Add', 'graph.node[0]'],
    ['onnx-local-operator', 'own::Mine', 'graph.node[1]'],
    ['onnx-operator', 'strange::Other', 'graph.node[2]'],
    ['onnx-operator', 'Neg', 'functions[0].node[0]'],
    ['onnx-external-data', 'w.bin', 'graph.initializer[0]'],
    ['onnx-external-range', '16-24 w.bin', 'graph.initializer[0]'],
  ]);
});
