// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { FLAT_TENSOR, PROGRAM } from '#scanners/flatbuffers/executorch-schema.ts';
import { ORT } from '#scanners/flatbuffers/ort-schema.ts';
import { type Fields, flatbuffer } from './flatbuffers-bytes.ts';
import { factsOf, judged, rulesOf } from './judged.ts';
import { callPickle, raw, u32, u64 } from './pickle-bytes.ts';

const plan = (more: Fields = {}): Fields => ({
  name: 'forward',
  values: [{ val: { type: 'Int', value: { int_val: 1n } } }, { val: { type: 'Tensor', value: { sizes: [2] } } }],
  inputs: [1],
  outputs: [1],
  operators: [{ name: 'aten::add', overload: 'out' }],
  delegates: [{ id: 'XnnpackBackend', processed: { location: 1, index: 0 } }],
  chains: [
    {
      instructions: [
        { instr_args: { type: 'KernelCall', value: { op_index: 0, args: [1, 1, 0, 1] } } },
        { instr_args: { type: 'DelegateCall', value: { delegate_index: 0, args: [1] } } },
      ],
    },
  ],
  ...more,
});

/** With the header behind the identifier, and one segment at byte 4096. */
function program(
  planFields: Fields = {},
  segment = { offset: 0n, size: 64n },
  payload: Uint8Array = Buffer.alloc(64, 5),
) {
  const plain = flatbuffer(PROGRAM, 'Program', { execution_plan: [plan(planFields)], segments: [segment] }, 'ET12');
  const length = plain.length + 32;
  const header = raw('eh00', u32(32), u64(length), u64(4096), u64(payload.length));
  const body = raw(u32(plain.readUInt32LE(0) + 32), 'ET12', header, plain.subarray(8));
  return raw(body, Buffer.alloc(4096 - body.length), payload);
}

describe('an ExecuTorch program', () => {
  test('with operators and a delegate of ExecuTorch passes', async () => {
    expect(await judged(program(), 'model.pte')).toEqual({ format: 'executorch', verdict: 'pass', findings: [] });
  });

  test.each([
    [
      'an operator of somebody else',
      program({ operators: [{ name: 'mylib::run' }] }),
      ['executorch-operator'],
      'review',
    ],
    [
      'a delegate that is compiled',
      program({ delegates: [{ id: 'QnnBackend', processed: { location: 1, index: 0 } }] }),
      ['executorch-delegate'],
      'review',
    ],
    [
      'a delegate that nobody knows',
      program({ delegates: [{ id: 'Backend', processed: { location: 1, index: 0 } }] }),
      ['executorch-delegate'],
      'review',
    ],
    [
      'a delegate whose segment is not there',
      program({ delegates: [{ id: 'XnnpackBackend', processed: { location: 1, index: 9 } }] }),
      ['executorch-out-of-bounds'],
      'block',
    ],
    [
      'a call of an operator that is not there',
      program({
        chains: [{ instructions: [{ instr_args: { type: 'KernelCall', value: { op_index: 3, args: [] } } }] }],
      }),
      expect.arrayContaining(['executorch-out-of-bounds']),
      'block',
    ],
    [
      'an argument outside of the values',
      program({
        chains: [{ instructions: [{ instr_args: { type: 'KernelCall', value: { op_index: 0, args: [-1] } } }] }],
      }),
      ['executorch-out-of-bounds'],
      'block',
    ],
    [
      'a segment beyond the end',
      program({}, { offset: 0n, size: 65n }),
      expect.arrayContaining(['executorch-segment']),
      'review',
    ],
    ['a pickle behind the segments', raw(program(), callPickle('os', 'system')), ['trailing-payload'], 'block'],
  ])('with %s does not pass', async (_what, bytes, rules, verdict) => {
    expect(await rulesOf(bytes, 'model.pte')).toEqual(rules);
    expect((await judged(bytes, 'model.pte')).verdict).toBe(verdict);
  });

  test('gives these facts', async () => {
    expect(await factsOf(program())).toMatchObject({
      format: 'executorch',
      problems: [],
      uses: [
        { scheme: 'executorch-operator', name: 'aten::add.out', at: '$.execution_plan[0].operators[0]' },
        { scheme: 'executorch-delegate', name: 'XnnpackBackend', at: '$.execution_plan[0].delegates[0]' },
      ],
    });
  });
});

test('an ExecuTorch data file passes, and one with a tail does not', async () => {
  const data = flatbuffer(FLAT_TENSOR, 'FlatTensor', { named_data: [{ key: 'w', segment_index: 0 }] }, 'FT01');
  expect(await judged(data, 'model.ptd')).toMatchObject({ format: 'flat-tensor', verdict: 'pass' });
  expect((await judged(raw(data, 'tail'), 'model.ptd')).verdict).toBe('review');
});

test('a model of ONNX Runtime names operators as ONNX does, in inner graphs too', async () => {
  const inner = { nodes: [{ op_type: 'PyOp', domain: 'ai.onnx.contrib' }] };
  const graph = { nodes: [{ op_type: 'If', domain: '', attributes: [{ name: 'then_branch', g: inner }] }] };
  const bytes = flatbuffer(ORT, 'InferenceSession', { ort_version: '6', model: { graph } }, 'ORTM');
  expect(await factsOf(bytes)).toMatchObject({
    format: 'ort',
    problems: [],
    uses: [
      { scheme: 'onnx-operator', name: 'If' },
      { scheme: 'onnx-operator', name: 'ai.onnx.contrib::PyOp' },
    ],
  });
  expect((await judged(bytes, 'model.ort')).verdict).not.toBe('pass');
});
