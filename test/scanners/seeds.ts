// SPDX-License-Identifier: Apache-2.0
import { ARROW } from '#scanners/flatbuffers/arrow-schema.ts';
import { CATBOOST } from '#scanners/flatbuffers/catboost-schema.ts';
import { PROGRAM } from '#scanners/flatbuffers/executorch-schema.ts';
import { FEATHER } from '#scanners/flatbuffers/feather-schema.ts';
import { ORT } from '#scanners/flatbuffers/ort-schema.ts';
import { TFLITE } from '#scanners/flatbuffers/tflite-schema.ts';
import { flatbuffer } from './flatbuffers-bytes.ts';
import { matlabArray, matlabFile } from './matlab-bytes.ts';
import { bareMp3, flacFile, iconFile, webmFile, webmLive } from './media-bytes.ts';
import { flaxArray, packed } from './msgpack-bytes.ts';
import { callPickle, floatStorage, legacyTorch, raw, stateDict, u16, u32, u64 } from './pickle-bytes.ts';
import {
  ctranslate2File,
  faissFiles,
  fasttextFile,
  fasttextQuantised,
  ggjtFile,
  llama2cFile,
  tiktokenFile,
  whisperFile,
  word2vecFile,
} from './plain-bytes.ts';
import {
  coremlBlobOf,
  field,
  onnxModel,
  onnxNode,
  onnxTensor,
  paddleTensor,
  savedModel,
  sentencePieces,
  tableOf,
  tfConst,
  tfFunction,
  tfGraph,
  tfNode,
  tfrecordOf,
} from './protobuf-bytes.ts';
import { bytecode, call, closure, GLOBAL, int, numbers, pairs, promise, stream, symbol, texts } from './r-bytes.ts';
import { paxEntry, tarEntry, tarOf } from './tar-bytes.ts';
import { ubjModel, xgboostModel } from './xgboost-bytes.ts';
import { zipOf } from './zip-bytes.ts';

const PARQUET_FOOTER = raw(0x15, 4, 0x39, 0x1c, 0x19, 0x1c, 0x3c, 0x76, 64, 0x26, 8, 0, 0, 0, 0);

function arrowFile(): Buffer {
  const header = { type: 'Schema', value: { fields: [{ name: 'x' }] } };
  const message = flatbuffer(ARROW, 'Message', { version: 4, header }, '');
  const footer = flatbuffer(ARROW, 'Footer', { version: 4, schema: header.value }, '');
  return raw('ARROW1\0\0\xff\xff\xff\xff', u32(message.length), message, footer, u32(footer.length), 'ARROW1');
}

function featherFile(): Buffer {
  const columns = [{ name: 'x', values: { offset: 4n, total_bytes: 8n } }];
  const table = flatbuffer(FEATHER, 'CTable', { columns }, '');
  return raw('FEA1', Buffer.alloc(8), table, u32(table.length), 'FEA1');
}

/** One of each format, to be mutated: what is almost well-formed reaches furthest into an extractor. */
export const SEEDS: readonly (readonly [string, Buffer])[] = [
  ['pickle', callPickle('os', 'system')],
  ['state dict', stateDict({ a: 4, b: 2 })],
  ['legacy torch', legacyTorch(stateDict({ a: 4 }), ['0'], [floatStorage(4)])],
  [
    'zip',
    zipOf([
      { name: 'a/data.pkl', data: stateDict({ a: 4 }) },
      { name: 'a/data/0', data: Buffer.alloc(16), deflate: true },
    ]),
  ],
  [
    'torchscript',
    zipOf([
      { name: 'a/data.pkl', data: raw('\x80\x02c__torch__\nA\n)\x81}b.') },
      { name: 'a/constants.pkl', data: raw('\x80\x02).') },
      {
        name: 'a/code/__torch__.py',
        data: raw('class A(Module):\n  def f(self) -> int:\n    return ops.a.b(torch.c)\n'),
      },
      { name: 'a/bytecode.pkl', data: raw('\x80\x02X', u32(7), 'aten::a\x85.') },
    ]),
  ],
  [
    'exported program',
    zipOf([
      { name: 'a/archive_format', data: raw('pt2') },
      { name: 'a/models/m.json', data: raw('{"nodes": [{"target": "torch.ops.aten.add.default"}]}') },
    ]),
  ],
  [
    'sharded checkpoint',
    raw(zipOf([{ name: 'a/data.pkl', data: stateDict({}) }]), zipOf([{ name: 'a/data.pkl', data: stateDict({}) }])),
  ],
  ['matlab', matlabFile(matlabArray(6))],
  [
    'zip64',
    zipOf([{ name: 'x.txt', data: raw('text\n'), zip64: true, descriptor: true }], {
      zip64End: true,
      comment: raw('c'),
    }),
  ],
  [
    'tar',
    tarOf(
      paxEntry({ path: 'é.txt', size: '5' }),
      tarEntry('?.txt', 'text\n'),
      tarEntry('x', 'long\0', { type: 'L' }),
      tarEntry('l', '', { type: '2', link: 'a' }),
      tarEntry('s', 'x', { type: 'S' }),
    ),
  ],
  [
    'zip with extra fields',
    zipOf([
      {
        name: 'é.txt',
        data: raw('text\n'),
        extra: raw('up', u16(7), 1, u32(0), 'ab', 'FB', u16(2), 'ZZ', u16(1), u16(8), u64(5)),
      },
      { name: 'l', data: raw('../x'), central: { mode: 0o120777, comment: raw('c') } },
    ]),
  ],
  [
    'R object',
    stream(
      numbers(
        1,
        pairs({ a: texts('b'), f: closure(GLOBAL, bytecode(int(1), symbol('x'))), p: promise(call('exp', GLOBAL)) }),
      ),
    ),
  ],
  ['safetensors', raw(u64(59), '{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}     ', Buffer.alloc(8))],
  ['gguf', raw('GGUF', u32(3), u64(0), u64(1), u64(1), 'a', u32(8), u64(2), 'bc', Buffer.alloc(40))],
  ['json', raw('{"a": [1, 2.5e3, "x\\u00e9", null, true], "chat_template": "{{ x }}"}')],
  ['text', raw('# title\n{% for a in b %}{{ a }}{% endfor %}\n')],
  [
    'python',
    raw(
      "import os as o\nclass A(B, c=f'{o!r}'):\n  x = [y for y in (1, *z)]\n  def f(self, a=lambda: 1): return o.x(a)[0]\n",
    ),
  ],
  ['yaml', raw('%TAG !a! tag:b\n---\na: &x !a!c [1, "d\\n", {e: *x}]\n? f\n: |2-\n    g\n- \'h\'\n')],
  ['notebook', raw('{"cells": [{"cell_type": "code", "source": ["%magic\\n", "!ls\\n", "f(1)"], "outputs": []}]}')],
  ['png', raw('\x89PNG\r\n\x1a\n', 0, 0, 0, 1, 'IDATx', 'crc!', 0, 0, 0, 0, 'IEND', 'crc!')],
  ['jpeg', raw('\xff\xd8\xff\xe0', 0, 6, 'JFIF', '\xff\xda', 0, 3, 1, 'data\xff\xd9')],
  ['gif', raw('GIF89a', 1, 0, 1, 0, 0x80, 0, 0, Buffer.alloc(6), 0x2c, Buffer.alloc(9), 2, 2, 'ab', 0, ';')],
  ['msgpack', packed({ w: flaxArray([2], 'float32', Buffer.alloc(8)), x: [1, null, true, { y: raw('blob blob') }] })],
  [
    'npy',
    raw('\x93NUMPY\x01\x00', 60, 0, "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }   \n", Buffer.alloc(8)),
  ],
  [
    'tflite',
    flatbuffer(TFLITE, 'Model', { version: 3, operator_codes: [{ custom_code: 'x', builtin_code: 32 }] }, 'TFL3'),
  ],
  ['executorch', flatbuffer(PROGRAM, 'Program', { execution_plan: [{ operators: [{ name: 'aten::add' }] }] }, 'ET12')],
  ['ort', flatbuffer(ORT, 'InferenceSession', { model: { graph: { nodes: [{ op_type: 'If' }] } } }, 'ORTM')],
  [
    'catboost',
    raw('CBM1', u32(48), flatbuffer(CATBOOST, 'TModelCore', { model_part_ids: ['static_provider_v1'] }, '')),
  ],
  ['arrow', arrowFile()],
  ['feather', featherFile()],
  ['parquet', raw('PAR1', Buffer.alloc(32, 9), PARQUET_FOOTER, u32(PARQUET_FOOTER.length), 'PAR1')],
  ['tensorrt', raw('ftrt', Buffer.alloc(40), 'Some_TRT')],
  [
    'xml',
    raw(
      '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a b="c&amp;d"><!-- x --><![CDATA[ y ]]><x:c xmlns:x="u"/></a>',
    ),
  ],
  ['onnx', onnxModel({ nodes: [onnxNode('Add')], initializers: [onnxTensor('w', [2], field(9, Buffer.alloc(8)))] })],
  ['tensorflow', savedModel(tfGraph([tfConst('c', 'x'), tfNode('s', 'SaveV2', ['c'])], [tfFunction('f', [])]))],
  ['pdf', raw('%PDF-1.4\n1 0 obj<</A(b\\))/Length 2/C[<00> 1.5]>>stream\nxy\nendstream endobj trailer<<>>%%EOF')],
  ['wav', raw('RIFF', u32(14), 'WAVEfmt ', u32(2), 'ab')],
  ['mp4', raw(0, 0, 0, 12, 'ftypisom', 0, 0, 0, 9, 'mdatx')],
  ['ogg', raw('OggS', 0, 2, Buffer.alloc(20), 1, 3, 'abc')],
  ['mp3', raw('ID3', 4, 0, 0, 0, 0, 0, 1, 'x', 0xff, 0xfb, 0x90, 0, Buffer.alloc(413))],
  ['flac', flacFile],
  ['webm', webmFile],
  ['webm, live', webmLive],
  ['icon', iconFile],
  ['mp3 without a tag', bareMp3],
  ['bmp', raw('BM', u32(58), u32(0), u32(54), u32(40), Buffer.alloc(40))],
  ['protobuf text', raw('# c\nnode { name: "a" op: \'Relu\' attr < key: "k" value { list { i: [1, -2] } } > }')],
  ['sentencepiece', sentencePieces(['a', 'b'])],
  ['tfrecord', tfrecordOf(field(1, field(1, 'x')))],
  [
    'checkpoint index',
    tableOf([
      ['', field(1, 1)],
      ['w', field(5, 4)],
    ]),
  ],
  ['paddle parameters', paddleTensor([2], Buffer.alloc(8, 1))],
  ['ubjson', ubjModel()],
  ['xgboost', xgboostModel({ attributes: { a: 'b' } })],
  ['lightgbm', raw('tree\nversion=v4\nfeature_names=a\ntree_sizes=26\n\nTree=0\nleaf_value=1 2e3\n\n\nend of trees\n')],
  ['whisper.cpp', whisperFile],
  ['llama.cpp before gguf', ggjtFile()],
  ['ctranslate2', ctranslate2File()],
  ['fasttext', fasttextFile],
  ['fasttext, quantised', fasttextQuantised],
  ['tiktoken', tiktokenFile],
  ['word2vec', word2vecFile],
  ['faiss, mapped', faissFiles.mapped],
  ['faiss, hnsw', faissFiles.hnsw],
  ['faiss, inverted', faissFiles.inverted],
  ['llama2.c', llama2cFile()],
  ['coreml weights', coremlBlobOf(Buffer.alloc(70, 1))],
];
