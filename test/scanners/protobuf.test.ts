// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { factsOf, judged, rulesOf } from './judged.ts';
import { raw } from './pickle-bytes.ts';
import {
  field,
  fixed32,
  onnxModel,
  onnxNode,
  savedModel,
  sentencePieces,
  tfGraph,
  tfNode,
  varint,
} from './protobuf-bytes.ts';

const plain = onnxModel({ nodes: [onnxNode('Add')] });
const nested = (depth: number): Buffer => {
  let graph = raw(field(1, onnxNode('Neg')));
  for (let i = 0; i < depth; i++)
    graph = field(1, onnxNode('If', '', raw(field(1, 'then_branch'), field(6, graph), field(20, 5))));
  return raw(field(1, 8), field(7, graph), field(8, field(2, 17)));
};

describe('the wire format', () => {
  test.each([
    ['a group', raw(0x0b, 0x0c)],
    ['field number 0', raw(0, 0)],
    ['a wire type that does not exist', raw(0x0f)],
    ['a varint that never ends', raw(0x08, Buffer.alloc(11, 0xff))],
    ['a length beyond the end', raw(0x9a, 0x06, varint(1000))],
    ['a negative length', raw(0x9a, 0x06, varint(-1))],
  ])('with %s is recognised as no message', async (_what, tail) => {
    expect((await judged(raw(plain, tail), 'model.onnx')).verdict).toBe('review');
  });

  test('broken inside a message is a problem', async () => {
    const bytes = onnxModel({ nodes: [raw(onnxNode('Add'), 0x0b)] });
    expect(await rulesOf(bytes, 'model.onnx')).toContain('protobuf-malformed');
  });

  test('nested deeper than its readers go is a problem, and no recursion', async () => {
    expect((await judged(nested(20), 'model.onnx')).verdict).toBe('pass');
    expect(await rulesOf(nested(500), 'model.onnx')).toEqual(['protobuf-malformed']);
  });

  test('with numbers that no schema knows passes with a remark, and not with many', async () => {
    const unknown = field(77, 1);
    expect((await judged(raw(plain, unknown), 'model.onnx')).verdict).toBe('pass');
    expect(await rulesOf(raw(plain, ...Array(100).fill(unknown)), 'model.onnx')).toEqual(['protobuf-unknown-field']);
  });
});

describe('what a message is', () => {
  const coreml = raw(field(1, 4), field(2, field(1, field(1, 'x'))), field(500, field(1, field(1, 'layer'))));
  const paddle = (op: string, ...attributes: Uint8Array[]) =>
    raw(field(1, raw(field(1, 0), field(2, -1), field(4, raw(field(3, op), ...attributes)))), field(4, field(1, 0)));
  const caffe = (type: string, ...rest: Uint8Array[]) =>
    raw(field(1, 'net'), field(100, raw(field(1, 'l'), field(2, type), ...rest)));
  const fingerprint = raw(...[1, 2, 3, 4, 5].map((n) => field(n, 2 ** 40)), field(6, field(1, 1)), field(7, 'uuid'));
  const metadata = field(1, raw(field(2, 0), field(3, 'root'), field(4, '_tf_keras_model'), field(5, '{}')));

  test.each([
    ['onnx', plain, 'model.onnx'],
    ['tf-saved-model', savedModel(tfGraph([tfNode('x', 'Relu')])), 'saved_model.pb'],
    ['tf-graph', tfGraph([tfNode('x', 'Relu')]), 'frozen_graph.pb'],
    ['tf-meta-graph', raw(field(1, field(4, 'x')), field(2, tfGraph([tfNode('x', 'Relu')]))), 'model.ckpt.meta'],
    ['tf-keras-metadata', metadata, 'keras_metadata.pb'],
    ['tf-fingerprint', fingerprint, 'fingerprint.pb'],
    ['coreml', coreml, 'model.mlmodel'],
    ['paddle-program', paddle('relu'), 'inference.pdmodel'],
    ['caffe', caffe('ReLU'), 'net.caffemodel'],
    ['sentencepiece', sentencePieces(['<unk>', 'os.system', 'import os']), 'tokenizer.model'],
    ['sentencepiece', sentencePieces(['a'.repeat(400), '\u2581\u2581']), 'spiece.model'],
    ['onnx-tensor', raw(field(1, 2), field(2, 1), field(9, Buffer.alloc(8))), 'input_0.pb'],
  ])('%s is recognised and passes', async (format, bytes, path) => {
    expect(await judged(bytes, path)).toMatchObject({ format, verdict: 'pass' });
  });

  test.each([
    [
      'a Core ML layer of the app',
      raw(field(1, 4), field(2, raw()), field(555, field(10, 'Own'))),
      'coreml-custom',
      'review',
    ],
    [
      'a Python layer of Caffe',
      caffe('Python', field(130, raw(field(1, 'mod'), field(2, 'Cls')))),
      'caffe-python',
      'block',
    ],
    ['a Python operator of Paddle', paddle('py_func'), 'paddle-python', 'block'],
    ['a file operator of Paddle', paddle('load_combine'), 'paddle-files', 'block'],
    ['an unknown operator of Paddle', paddle('own_op'), 'paddle-operator', 'review'],
    [
      'bytes hidden in a vocabulary',
      sentencePieces(['a'], field(200, 'PK\x03\x04')),
      'protobuf-unknown-field',
      'review',
    ],
  ])('%s does not pass', async (_what, bytes, rule, verdict) => {
    expect((await judged(bytes, 'x')).verdict).toBe(verdict);
    expect(await rulesOf(bytes, 'x')).toContain(rule);
  });

  test.each([
    ['prose', '\n\nA line of text.\n\tAnother one.\n'],
    ['a list', '\n- one\n- two\n'],
    ['floats', Buffer.from(Float32Array.from({ length: 500 }, (_, i) => Math.sin(i)).buffer)],
    ['zeros', Buffer.alloc(64)],
    ['a field and noise', raw(field(1, 8), fixed32(2, 1))],
  ])('%s is none of them', async (_what, bytes) => {
    expect(['text', 'unknown', 'zeros']).toContain((await factsOf(Buffer.from(bytes))).format);
  });
});

describe('a program of Paddle in JSON', () => {
  const program = (...ops: object[]) =>
    JSON.stringify({
      base_code: { magic: 'pir', version: 1, trainable: false },
      program: { regions: [{ '#': 'region_0', blocks: [{ '#': 'block_0', args: [], ops }] }] },
    });
  const text = (name: string, value: string) => ({ AT: { '#': '0.a_str', D: value }, N: name });
  const parameter = { '#': 'p', A: [0, 1, 1, 'conv_w'], DA: [], O: { '%': 1 } };

  test('passes with operators of its dialects', async () => {
    const bytes = program(
      parameter,
      { '#': '1.conv2d', I: [{ '%': 1 }], A: [text('data_format', 'NCHW')] },
      { '#': '2.yield' },
    );
    expect(await judged(bytes, 'inference.json')).toMatchObject({ format: 'json', verdict: 'pass' });
  });

  test.each([
    ['an operator of a library', { '#': '3.own_op' }, 'paddle-operator', 'review'],
    ['an operator that runs Python', { '#': '1.py_func' }, 'paddle-python', 'block'],
    ['an operator that reads a file', { '#': '1.load_combine' }, 'paddle-files', 'block'],
    ['the path of a file', { '#': '1.full', A: [text('file_path', '/etc/passwd')] }, 'paddle-files', 'block'],
    ['source code', { '#': '1.full', A: [text('name', 'import os\nos.system("true")')] }, 'paddle-python', 'review'],
  ])('with %s does not pass', async (_what, op, rule, verdict) => {
    expect(await rulesOf(program(parameter, op), 'inference.json')).toEqual([rule]);
    expect((await judged(program(op), 'inference.json')).verdict).toBe(verdict);
  });
});
