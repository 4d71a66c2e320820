// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { BUILTIN_OPERATORS, TFLITE } from '#scanners/flatbuffers/tflite-schema.ts';
import { type Fields, flatbuffer, type Value } from './flatbuffers-bytes.ts';
import { factsOf, judged, rulesOf } from './judged.ts';
import { callPickle, raw } from './pickle-bytes.ts';
import { zipOf } from './zip-bytes.ts';

const tensor = { shape: [1, 4], type: 0, buffer: 0, name: 'x' };
const add = { opcode_index: 0, inputs: [0, 0], outputs: [1], builtin_options: { type: 'AddOptions', value: {} } };
const graph = (operators: readonly Value[], more: Fields = {}) => ({
  tensors: [tensor, { ...tensor, buffer: 1, name: 'y', quantization: { scale: [0], zero_point: [0n] } }],
  inputs: [0],
  outputs: [1],
  operators,
  name: 'main',
  ...more,
});
const fields = (more: Fields = {}): Fields => ({
  version: 3,
  operator_codes: [{ builtin_code: 0, version: 1 }],
  subgraphs: [graph([add])],
  description: 'a model',
  buffers: [{}, { data: Buffer.alloc(16, 7) }],
  ...more,
});
const model = (more: Fields = {}) => flatbuffer(TFLITE, 'Model', fields(more), 'TFL3');
const custom = (name: string) =>
  model({ operator_codes: [{ deprecated_builtin_code: 32, builtin_code: 32, custom_code: name }] });
const number = (name: string) => BUILTIN_OPERATORS.indexOf(name);

/** A FlexBuffer of two texts, as the converter writes the options of a TensorFlow operator. */
function flexOptions(name: string, op: string): Buffer {
  const nodeDef = raw('\x0a', name.length, name, '\x12', op.length, op);
  const texts = raw(name.length, name, 0, nodeDef.length, nodeDef, 0);
  const vector = texts.length + 1;
  const type = 5 << 2;
  return raw(texts, 2, vector - 1, vector + 1 - (name.length + 3), type, type, 4, (10 << 2) | 0, 1);
}
const flex = (name: string, op: string) =>
  model({
    operator_codes: [{ deprecated_builtin_code: 32, builtin_code: 32, custom_code: `Flex${name}` }],
    subgraphs: [graph([{ opcode_index: 0, inputs: [0], outputs: [1], custom_options: flexOptions(name, op) }])],
  });

describe('a TensorFlow Lite model', () => {
  test.each([
    ['plain', model()],
    ['with an operator of the runtime itself', custom('TFLite_Detection_PostProcess')],
    ['with an input that is left out', model({ subgraphs: [graph([{ ...add, inputs: [0, -1] }])] })],
    ['with label files behind it', withArchive(model(), [{ name: 'labels.txt', data: raw('cat\ndog\n') }])],
    [
      'with a loop over other subgraphs',
      model({
        operator_codes: [{ deprecated_builtin_code: number('WHILE'), builtin_code: number('WHILE') }],
        subgraphs: [
          graph([
            {
              ...add,
              builtin_options: { type: 'WhileOptions', value: { cond_subgraph_index: 1, body_subgraph_index: 2 } },
            },
          ]),
          graph([]),
          graph([]),
        ],
      }),
    ],
  ])('%s passes', async (_what, bytes) => {
    expect(await judged(bytes, 'model.tflite')).toEqual({ format: 'tflite', verdict: 'pass', findings: [] });
  });

  test.each([
    ['an operator that nobody knows', custom('RunShell'), ['tflite-custom-operator'], 'review'],
    ['a compiled program for the Edge TPU', custom('edgetpu-custom-op'), ['tflite-custom-operator'], 'review'],
    [
      'an operator number beyond the list',
      model({ operator_codes: [{ builtin_code: 9999 }] }),
      ['tflite-operator'],
      'review',
    ],
    // CVE-2020-15211: tensors are reached through indices that nobody checks.
    [
      'a tensor before the first',
      model({ subgraphs: [graph([{ ...add, inputs: [-2] }])] }),
      ['tflite-out-of-bounds'],
      'block',
    ],
    [
      'a tensor behind the last',
      model({ subgraphs: [graph([{ ...add, outputs: [2] }])] }),
      ['tflite-out-of-bounds'],
      'block',
    ],
    [
      'an operator code that is not there',
      model({ subgraphs: [graph([{ ...add, opcode_index: 7 }])] }),
      ['tflite-out-of-bounds'],
      'block',
    ],
    [
      'a buffer outside of the file',
      model({ buffers: [{}, { offset: 4096n, size: 1n << 40n }] }),
      ['tflite-out-of-bounds'],
      'block',
    ],
    // CVE-2021-29591: a loop whose body is the graph around it.
    [
      'a subgraph that runs itself',
      model({
        operator_codes: [{ deprecated_builtin_code: number('WHILE'), builtin_code: number('WHILE') }],
        subgraphs: [
          graph([{ ...add, builtin_options: { type: 'WhileOptions', value: { cond_subgraph_index: 1 } } }]),
          graph([]),
        ],
      }),
      ['tflite-recursion'],
      'block',
    ],
    ['a tail', raw(model(), 'some words'), ['trailing-bytes'], 'review'],
    ['a pickle behind it', raw(model(), callPickle('os', 'system')), ['trailing-payload'], 'block'],
    [
      'a pickle in the archive behind it',
      withArchive(model(), [{ name: 'labels.txt', data: callPickle('os', 'system') }]),
      ['extension-mismatch', 'pickle-stdlib-import'],
      'block',
    ],
    [
      'another operator in the options than in the name',
      flex('Add', 'ReadFile'),
      expect.arrayContaining(['tflite-flex-mismatch']),
      'block',
    ],
  ])('with %s does not pass', async (_what, bytes, rules, verdict) => {
    expect(await rulesOf(bytes, 'model.tflite')).toEqual(rules);
    expect((await judged(bytes, 'model.tflite')).verdict).toBe(verdict);
  });

  test('is blocked for a payload that nothing refers to', async () => {
    // The buffer behind the payload belongs to the model, so that the payload is no tail.
    const plain = model({ buffers: [{}, { offset: 8192n, size: 16n }] });
    const hidden = raw(plain, callPickle('os', 'system'), Buffer.alloc(8192));
    expect(await rulesOf(hidden.subarray(0, 8208), 'model.tflite')).toEqual(['flatbuffer-gap', 'trailing-payload']);
    expect(await rulesOf(raw(plain, Buffer.alloc(8208 - plain.length)), 'model.tflite')).toEqual([]);
  });

  test('names the TensorFlow operator that its options run', async () => {
    const { uses, problems } = await factsOf(flex('Add', 'Add'));
    expect(problems).toEqual([]);
    expect(uses).toEqual([expect.objectContaining({ scheme: 'tf-operator', name: 'Add' })]);
    expect((await factsOf(flex('Add', 'ReadFile'))).uses?.map(({ name }) => name)).toEqual(['Add', 'ReadFile']);
  });

  test('gives these facts', async () => {
    expect(await factsOf(model())).toEqual({
      format: 'tflite',
      size: model().length,
      extractors: { tflite: expect.any(Number) },
      problems: [],
      uses: [{ scheme: 'tflite-operator', name: 'ADD', at: '$.operator_codes[0]', offset: expect.any(Number) }],
    });
  });
});

/** Offsets of the archive count from the start of the file, as Python's zipfile appends. */
function withArchive(bytes: Buffer, members: Parameters<typeof zipOf>[0]): Buffer {
  return zipOf(members, { prefix: bytes, base: bytes.length });
}
