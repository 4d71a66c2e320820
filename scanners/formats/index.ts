// SPDX-License-Identifier: Apache-2.0
import { crc32 } from 'node:zlib';
import type { Extractor } from './context.ts';

export interface Format {
  /** Raise it whenever the extractor may say something else about the same bytes: what it has read is read again. */
  readonly version: number;
  /** Loaded when content of the format is met: a process that reads safetensors needs no decompressor. */
  readonly load: () => Promise<Extractor>;
}

/** Every format that is read to its end. A sniffed format that is missing here is never `pass`. */
export const FORMATS: Readonly<Record<string, Format>> = {
  pdf: { version: 3, load: async () => (await import('./pdf.ts')).pdf },
  rds: { version: 3, load: async () => (await import('./rds.ts')).rds },
  catboost: { version: 2, load: async () => (await import('./catboost.ts')).catboost },
  executorch: { version: 2, load: async () => (await import('./executorch.ts')).executorch },
  riff: { version: 2, load: async () => (await import('./media.ts')).riff },
  'iso-media': { version: 2, load: async () => (await import('./media.ts')).isoMedia },
  ogg: { version: 2, load: async () => (await import('./media.ts')).ogg },
  mp3: { version: 2, load: async () => (await import('./media.ts')).mp3 },
  bmp: { version: 2, load: async () => (await import('./media.ts')).bmp },
  'flat-tensor': { version: 2, load: async () => (await import('./executorch.ts')).flatTensor },
  arrow: { version: 3, load: async () => (await import('./arrow.ts')).arrow },
  'arrow-stream': { version: 1, load: async () => (await import('./arrow.ts')).arrowStream },
  feather: { version: 1, load: async () => (await import('./feather.ts')).feather },
  parquet: { version: 2, load: async () => (await import('./parquet.ts')).parquet },
  ascend: { version: 1, load: async () => (await import('./engine.ts')).engine },
  'dotnet-serialized': { version: 1, load: async () => (await import('./engine.ts')).objectStream },
  hailo: { version: 1, load: async () => (await import('./engine.ts')).engine },
  'java-serialized': { version: 1, load: async () => (await import('./engine.ts')).objectStream },
  rknn: { version: 1, load: async () => (await import('./engine.ts')).engine },
  tensorrt: { version: 1, load: async () => (await import('./engine.ts')).engine },
  gguf: { version: 10, load: async () => (await import('./gguf.ts')).gguf },
  bzip2: { version: 1, load: async () => (await import('./compressed.ts')).bzip2 },
  'joblib-zfile': { version: 1, load: async () => (await import('./compressed.ts')).joblibZfile },
  lz4: { version: 1, load: async () => (await import('./compressed.ts')).lz4 },
  lzma: { version: 1, load: async () => (await import('./compressed.ts')).lzma },
  xz: { version: 1, load: async () => (await import('./compressed.ts')).xz },
  gif: { version: 2, load: async () => (await import('./image.ts')).gif },
  gzip: { version: 2, load: async () => (await import('./compressed.ts')).gzip },
  hdf5: { version: 2, load: async () => (await import('./hdf5.ts')).hdf5 },
  jpeg: { version: 2, load: async () => (await import('./image.ts')).jpeg },
  matlab: { version: 2, load: async () => (await import('./matlab.ts')).matlab },
  msgpack: { version: 3, load: async () => (await import('./msgpack.ts')).msgpack },
  json: { version: 25, load: async () => (await import('./json.ts')).json },
  npy: { version: 8, load: async () => (await import('./npy.ts')).npy },
  ort: { version: 3, load: async () => (await import('./ort.ts')).ort },
  pickle: { version: 9, load: async () => (await import('./pickle.ts')).pickle },
  png: { version: 4, load: async () => (await import('./image.ts')).png },
  safetensors: { version: 9, load: async () => (await import('./safetensors.ts')).safetensors },
  tar: { version: 9, load: async () => (await import('./tar.ts')).tar },
  text: { version: 17, load: async () => (await import('./text.ts')).text },
  tflite: { version: 1, load: async () => (await import('./tflite.ts')).tflite },
  caffe: { version: 2, load: async () => (await import('./caffe.ts')).caffe },
  'coreml-blob': { version: 1, load: async () => (await import('./coreml-blob.ts')).coremlBlob },
  'paddle-parameters': { version: 1, load: async () => (await import('./paddle-parameters.ts')).paddleParameters },
  'tf-bundle': { version: 3, load: async () => (await import('./tf-bundle.ts')).tfBundle },
  tfrecord: { version: 2, load: async () => (await import('./tfrecord.ts')).tfrecord },
  coreml: { version: 1, load: async () => (await import('./coreml.ts')).coreml },
  onnx: { version: 5, load: async () => (await import('./onnx.ts')).onnx },
  'onnx-tensor': { version: 4, load: async () => (await import('./onnx.ts')).onnxTensor },
  'paddle-program': { version: 4, load: async () => (await import('./paddle.ts')).paddleProgram },
  sentencepiece: { version: 1, load: async () => (await import('./sentencepiece.ts')).sentencepiece },
  'tf-fingerprint': { version: 1, load: async () => (await import('./tensorflow.ts')).fingerprint },
  'tf-graph': { version: 4, load: async () => (await import('./tensorflow.ts')).graph },
  'tf-keras-metadata': { version: 2, load: async () => (await import('./tensorflow.ts')).kerasMetadata },
  'tf-meta-graph': { version: 4, load: async () => (await import('./tensorflow.ts')).metaGraph },
  'tf-saved-model-text': { version: 3, load: async () => (await import('./tensorflow.ts')).savedModelText },
  'tf-meta-graph-text': { version: 3, load: async () => (await import('./tensorflow.ts')).metaGraphText },
  'tf-graph-text': { version: 3, load: async () => (await import('./tensorflow.ts')).graphText },
  'caffe-text': { version: 2, load: async () => (await import('./caffe.ts')).caffeText },
  'onnx-text': { version: 4, load: async () => (await import('./onnx.ts')).onnxText },
  'tf-saved-model': { version: 4, load: async () => (await import('./tensorflow.ts')).savedModel },
  lightgbm: { version: 2, load: async () => (await import('./lightgbm.ts')).lightgbm },
  ubjson: { version: 2, load: async () => (await import('./ubjson.ts')).ubjson },
  xgboost: { version: 2, load: async () => (await import('./xgboost.ts')).xgboost },
  webp: { version: 5, load: async () => (await import('./image.ts')).webp },
  xml: { version: 8, load: async () => (await import('./xml.ts')).xml },
  zip: { version: 13, load: async () => (await import('./zip.ts')).zip },
  zlib: { version: 2, load: async () => (await import('./compressed.ts')).zlib },
  zstd: { version: 2, load: async () => (await import('./compressed.ts')).zstd },
};

/** Another number for another list: what nobody could read is read again once it may be of a new format. */
export const KNOWN_FORMATS = crc32(Object.keys(FORMATS).sort().join(' '));
