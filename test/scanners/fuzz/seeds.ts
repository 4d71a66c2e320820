// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync } from 'node:fs';
import { deflateSync, gunzipSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { ARROW } from '#scanners/flatbuffers/arrow-schema.ts';
import { FLAT_TENSOR } from '#scanners/flatbuffers/executorch-schema.ts';
import { OPEN_CORPUS, readSample, samplesOf } from '../corpus.ts';
import { flatbuffer } from '../flatbuffers-bytes.ts';
import { callPickle, raw, stateDict, u32 } from '../pickle-bytes.ts';
import { field, onnxTensor, savedModel, tfConst, tfGraph } from '../protobuf-bytes.ts';
import { SEEDS } from '../seeds.ts';

export interface Seed {
  readonly name: string;
  readonly bytes: Buffer;
}

/** Larger samples are left out: what they reach, a smaller one reaches sooner. */
const LARGEST = 64 * 1024;

/** Everything that there is to begin with: built by hand, kept as fixtures, and the labelled samples. */
export async function allSeeds(): Promise<Seed[]> {
  const seeds = [...builtSeeds(), ...fixtureSeeds()];
  for (const sample of await samplesOf(OPEN_CORPUS))
    for (const { path, bytes } of await readSample(OPEN_CORPUS, sample))
      seeds.push({ name: `${sample.id}/${path}`, bytes });
  return seeds.filter(({ bytes }) => bytes.length <= LARGEST);
}

/** Small, and the same on every machine: the golden facts are made of them. */
function builtSeeds(): Seed[] {
  return [...SEEDS, ...FURTHER].map(([name, bytes]) => ({ name, bytes }));
}

const engineBody = raw(u32(2), Buffer.alloc(60, 1));
const keras = '{"class_name": "Sequential", "config": {"layers": [{"class_name": "Dense", "config": {}}]}}';

const FURTHER: readonly (readonly [string, Buffer])[] = [
  ['flat tensors', flatbuffer(FLAT_TENSOR, 'FlatTensor', { version: 0 }, 'FT01')],
  ['arrow stream', arrowStream()],
  ['ascend', raw('IMOD', engineBody)],
  ['hailo', raw('\x01HEF', engineBody)],
  ['rknn', raw('RKNN', engineBody)],
  ['java objects', raw(0xac, 0xed, 0, 5, 's', 'r', 0, 17, 'java.util.HashMap', engineBody)],
  ['.net objects', raw(0, 1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 1, 0, 0, 0, 'System.Data.DataSet', engineBody)],
  ['gzip', gzipSync(stateDict({ a: 4 }))],
  ['zlib', deflateSync(callPickle('os', 'system'))],
  ['zstd', zstdCompressSync(callPickle('os', 'system'))],
  ['joblib zfile', zfile(callPickle('os', 'system'))],
  ['tar', tarOf('a/data.pkl', callPickle('os', 'system'))],
  ['webp', raw('RIFF', u32(18), 'WEBPVP8L', u32(5), 0x2f, 0, 0, 0, 0, 0)],
  ['caffe', raw(field(1, 'net'), field(100, raw(field(1, 'conv1'), field(2, 'Convolution'))))],
  ['core ml', raw(field(1, 5), field(2, raw(field(1, raw(field(1, 'x'))))), field(500, field(1, raw(field(1, 'l')))))],
  ['onnx tensor', onnxTensor('w', [2], field(9, Buffer.alloc(8)))],
  [
    'paddle program',
    raw(field(1, raw(field(1, 0), field(2, 0), field(4, raw(field(3, 'relu'))))), field(4, field(1, 0))),
  ],
  [
    'tensorflow fingerprint',
    raw(field(1, 1n << 62n), field(2, 7), field(3, 8), field(4, 9), field(5, 5), field(6, field(1, 1))),
  ],
  ['tensorflow graph', raw(tfGraph([tfConst('c', 'x')]), field(4, field(1, 1987)))],
  ['meta graph', savedModel(tfGraph([tfConst('c', 'x')])).subarray(4)],
  ['saved model as text', raw('meta_graphs {\n  graph_def { node { name: "a" op: "ReadFile" } }\n}\n')],
  ['meta graph as text', raw('graph_def { node { name: "a" op: "Add" } }\n')],
  ['graph as text', raw('# a\nnode { name: "a" op: "Add" attr { key: "T" value { type: DT_FLOAT } } }\n')],
  ['caffe as text', raw('name: "n"\nlayer { name: "a" type: "Python" python_param { module: "m" layer: "L" } }\n')],
  ['onnx as text', raw('ir_version: 8\ngraph { node { op_type: "Add" input: "x" } name: "g" }\n')],
  ['keras metadata', field(1, raw(field(2, 1), field(3, 'root'), field(4, '_tf_keras_model'), field(5, keras)))],
];

function arrowStream(): Buffer {
  const header = { type: 'Schema', value: { fields: [{ name: 'x' }] } };
  const message = flatbuffer(ARROW, 'Message', { version: 4, header }, '');
  const padded = raw(message, Buffer.alloc((8 - (message.length % 8)) % 8));
  return raw(u32(0xffffffff), u32(padded.length), padded, u32(0xffffffff), u32(0));
}

function zfile(content: Buffer): Buffer {
  return raw(`ZF0x${content.length.toString(16)}`.padEnd(21, ' '), deflateSync(content));
}

function tarOf(name: string, content: Buffer): Buffer {
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write('0000644\x000000000\x000000000\0', 100);
  header.write(`${content.length.toString(8).padStart(11, '0')}\x0000000000000\0        0`, 124);
  header.write('ustar\x0000', 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return raw(header, content, Buffer.alloc(512 - (content.length % 512) + 1024));
}

const FIXTURES = new URL('../fixtures/', import.meta.url);

function fixtureSeeds(): Seed[] {
  const hdf5 = readdirSync(new URL('hdf5/', FIXTURES)).filter((name) => name.endsWith('.gz'));
  const packed = JSON.parse(readFileSync(new URL('compression/vectors.json', FIXTURES), 'utf8')) as {
    format: string;
    how: string;
    packed: string;
  }[];
  return [
    ...hdf5.map((name) => ({ name, bytes: gunzipSync(readFileSync(new URL(`hdf5/${name}`, FIXTURES))) })),
    ...packed.map(({ format, how, packed: text }) => ({
      name: `${format} ${how}`,
      bytes: Buffer.from(text, 'base64'),
    })),
  ];
}
