// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { factsOf, judged, rulesOf } from './judged.ts';
import { raw } from './pickle-bytes.ts';
import { field, savedModel, tfConst, tfFunction, tfGraph, tfNode, tfText } from './protobuf-bytes.ts';

const ordinary = [tfNode('x', 'Placeholder'), tfNode('w', 'VarHandleOp'), tfNode('m', 'MatMul', ['x', 'w'])];
const asset = (filename: string, tensor = 'a:0') => field(6, raw(field(1, field(1, tensor)), field(2, filename)));
const keras = (metadata: string) => field(7, field(1, field(4, raw(field(1, '_tf_keras_layer'), field(3, metadata)))));

describe('a SavedModel passes', () => {
  test.each([
    ['with ordinary operations', savedModel(tfGraph(ordinary))],
    [
      'with functions of its own',
      savedModel(tfGraph([tfNode('c', '__inference_f_1')], [tfFunction('__inference_f_1', ordinary)])),
    ],
    [
      'that saves and restores its variables where the loader says',
      savedModel(
        tfGraph([
          tfConst('part', '.part'),
          tfNode('p', 'Placeholder'),
          tfNode('j', 'StringJoin', ['p', 'part']),
          tfNode('s', 'SaveV2', ['j']),
          tfNode('r', 'RestoreV2', ['p']),
        ]),
      ),
    ],
    [
      'with a vocabulary among its assets, whose constant loading replaces',
      savedModel(
        tfGraph([tfConst('a', '/home/me/vocab.txt'), tfNode('t', 'InitializeTableFromTextFileV2', ['h', 'a'])]),
        asset('vocab.txt'),
      ),
    ],
    [
      'with Keras metadata of plain layers',
      savedModel(tfGraph(ordinary), keras('{"class_name": "Dense", "config": {}}')),
    ],
    ['with words like paths in a vocabulary', savedModel(tfGraph([tfConst('words', '/m/01g317')]))],
  ])('%s', async (_what, bytes) => {
    expect(await judged(bytes, 'saved_model.pb')).toMatchObject({ format: 'tf-saved-model', verdict: 'pass' });
  });
});

test('an operation may bear a name that objects of JavaScript have', async () => {
  for (const op of ['constructor', 'toString', '__proto__']) {
    const bytes = savedModel(tfGraph([tfNode('c', op, ['x'])]));
    expect((await judged(bytes, 'saved_model.pb')).verdict).toBe('review');
  }
});

describe('a SavedModel', () => {
  test.each([
    ['ReadFile', 'tf-files', 'block'],
    ['Save', 'tf-files', 'review'],
    ['WriteFile', 'tf-files', 'block'],
    ['MatchingFiles', 'tf-files', 'block'],
    ['TextLineDataset', 'tf-files', 'block'],
    ['ImmutableConst', 'tf-files', 'block'],
    ['IO>FileRead', 'tf-files', 'block'],
    ['PyFunc', 'tf-python', 'block'],
    ['EagerPyFunc', 'tf-python', 'block'],
    ['_PyFuncInternal', 'tf-python', 'block'],
    ['RpcCall', 'tf-network', 'block'],
    ['DataServiceDatasetV4', 'tf-network', 'block'],
    ['DebugIdentityV3', 'tf-unusual', 'review'],
    ['XlaHostCompute', 'tf-unusual', 'review'],
    ['MyOwnKernel', 'tf-operator', 'review'],
  ])('with %s does not pass, in the graph or in a function', async (op, rule, verdict) => {
    const inGraph = savedModel(tfGraph([...ordinary, tfNode('n', op)]));
    const inFunction = savedModel(tfGraph(ordinary, [tfFunction('f', [tfNode('n', op)])]));
    for (const bytes of [inGraph, inFunction, tfGraph([tfNode('n', op)])]) {
      expect(await rulesOf(bytes, 'saved_model.pb')).toEqual([rule]);
      expect((await judged(bytes, 'saved_model.pb')).verdict).toBe(verdict);
    }
  });

  test.each([
    ['saves to a path of its own', [tfConst('c', '/etc/cron.d/x'), tfNode('s', 'SaveV2', ['c'])]],
    ['restores from an address', [tfConst('c', 'https://example.invalid/'), tfNode('s', 'RestoreV2', ['c'])]],
    [
      'joins the path from parts',
      [tfConst('a', '../'), tfConst('b', 'x'), tfNode('j', 'StringJoin', ['a', 'b']), tfNode('s', 'SaveV2', ['j:0'])],
    ],
    [
      'fills a table from a file',
      [tfConst('c', '/etc/passwd'), tfNode('t', 'InitializeTableFromTextFileV2', ['h', 'c'])],
    ],
    ['prints to a file', [tfNode('p', 'PrintV2', ['x'], tfText('output_stream', 'file:///tmp/x'))]],
  ])('that %s is blocked', async (_what, nodes) => {
    expect(await rulesOf(savedModel(tfGraph(nodes)), 'saved_model.pb')).toEqual(['tf-path']);
    expect((await judged(savedModel(tfGraph([], [tfFunction('f', nodes)])), 'saved_model.pb')).verdict).toBe('block');
  });

  test('with an asset outside its folder is blocked', async () => {
    expect(await rulesOf(savedModel(tfGraph(ordinary), asset('../../x')), 'saved_model.pb')).toEqual(['tf-path']);
  });

  test('with a Lambda layer in its Keras metadata is blocked', async () => {
    const bytes = savedModel(tfGraph(ordinary), keras('{"class_name": "Lambda", "config": {"function": ["4wAA"]}}'));
    expect((await judged(bytes, 'saved_model.pb')).verdict).toBe('block');
  });

  test('whose function has the name of an operation runs the operation in its other graph', async () => {
    const other = field(2, raw(field(1, field(4, 'x')), field(2, tfGraph([tfNode('n', 'ReadFile')]))));
    const bytes = raw(savedModel(tfGraph(ordinary, [tfFunction('ReadFile', ordinary)])), other);
    expect(await rulesOf(bytes, 'saved_model.pb')).toEqual(['tf-files']);
  });
});

test('the facts of a graph say what it names and where', async () => {
  const graph = tfGraph([tfNode('x', 'Placeholder'), tfNode('c', 'f')], [tfFunction('f', [tfNode('n', 'Relu')])]);
  const { format, problems, uses } = await factsOf(savedModel(graph, asset('v.txt')));
  expect({ format, problems }).toEqual({ format: 'tf-saved-model', problems: [] });
  expect(uses?.map(({ scheme, name, at }) => [scheme, name, at])).toEqual([
    ['tf-operator', 'Placeholder', 'meta_graphs[0].graph_def.node[0] x'],
    ['tf-function', 'f', 'meta_graphs[0].graph_def.node[1] c'],
    ['tf-operator', 'Relu', 'meta_graphs[0].graph_def.library.function[0].node_def[0] n'],
    ['tf-asset', 'v.txt', 'meta_graphs[0].asset_file_def[0]'],
  ]);
});
