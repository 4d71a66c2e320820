// SPDX-License-Identifier: Apache-2.0
import { raw, u16, u32, u64 } from './pickle-bytes.ts';

const f32 = (count: number) => Buffer.alloc(4 * count, 1);
const words = (counted: readonly string[], score: boolean) =>
  raw(...counted.flatMap((word) => [u32(word.length), word, score ? f32(1) : '']));

/** A tensor of `items` numbers in 16 bits. */
const tensor = (name: string, items: number, padding = 0) =>
  raw(u32(1), u32(name.length), u32(1), u32(items), name, Buffer.alloc(padding), Buffer.alloc(2 * items, 7));

/** As whisper.cpp's converter writes it. */
export const whisperFile = raw(
  ...['lmgg', u32(2), ...Array.from({ length: 10 }, () => u32(3)), u32(2), u32(3), f32(6)],
  ...[u32(2), words(['a', 'bc'], false), tensor('w', 5), tensor('x', 1)],
);
/** llama.cpp of April 2023: words with scores, tensors at multiples of 32. */
export function ggjtFile(): Buffer {
  const head = raw('tjgg', u32(1), u32(2), ...Array.from({ length: 6 }, () => u32(3)), words(['a', 'bc'], true));
  return raw(head, tensor('w', 5, (32 - ((head.length + 17) % 32)) % 32));
}
const ggufLora = raw('algg', u32(1), u32(8), u32(16));
export const ggmlAdapter = raw(ggufLora, tensor('w', 5, (32 - ((ggufLora.length + 17) % 32)) % 32));

const name = (text: string) => raw(u16(text.length + 1), text, 0);
export function ctranslate2File(bytes = 12): Buffer {
  const variable = raw(name('encoder/weight'), 2, u32(3), u32(1), 0, u32(bytes), Buffer.alloc(bytes, 5));
  return raw(u32(6), name('WhisperSpec'), u32(3), u32(1), variable, u32(1), name('alias'), name('encoder/weight'));
}

const dictionary = raw(
  u32(2),
  u32(1),
  u32(1),
  u64(9),
  Buffer.alloc(8, 0xff),
  'the\0',
  u64(5),
  0,
  '__label__x\0',
  u64(4),
  1,
);
const dense = (rows: number, columns: number) => raw(u64(rows), u64(columns), f32(rows * columns));
const settings = raw(u32(793_712_314), u32(12), Buffer.alloc(56, 1));
export const fasttextFile = raw(settings, dictionary, 0, dense(2, 3), 0, dense(1, 3));
const quantiser = raw(u32(2), u32(1), u32(2), u32(2), f32(512));
export const fasttextQuantised = raw(
  ...[settings, dictionary, 1, 1, u64(2), u64(2), u32(4), 'code', quantiser, 'nn', quantiser, 0, dense(1, 2)],
);

export const tiktokenFile = raw('IQ== 0\nIg== 1\nIyAh 2\nJCAhIiM= 3\n');
export const word2vecFile = raw('2 3\n', 'the ', f32(3), '\n', 'of ', Buffer.alloc(12, 0xbf), '\n');

const indexHead = raw(u32(4), u64(2), u64(1 << 20), u64(1 << 20), 1, u32(1));
const vector = (items: number, bytes: number) => raw(u64(items), Buffer.alloc(items * bytes, 3));
const flat = raw('IxF2', indexHead, vector(8, 4));
const lists = raw('ilar', u64(2), u64(16), 'full', u64(2), u64(1), u64(1), Buffer.alloc(2 * 24, 3));
export const faissFiles = {
  flat,
  mapped: raw('IxMp', indexHead, flat, vector(2, 8)),
  hnsw: raw(
    'IHNf',
    indexHead,
    vector(2, 8),
    vector(2, 4),
    vector(2, 4),
    vector(3, 8),
    vector(6, 4),
    Buffer.alloc(20),
    flat,
  ),
  inverted: raw('IwFl', indexHead, u64(2), u64(1), flat, 0, u64(0), lists),
};

/** One layer of width 4: the length follows from the seven numbers. */
export function llama2cFile(): Buffer {
  const [width, hidden, layers, heads, words, positions] = [4, 6, 1, 2, 5, 3];
  const numbers =
    words * width + 2 * width + 4 * width * width + 3 * width * hidden + width + positions * (width / heads);
  return raw(...[width, hidden, layers, heads, heads, words, positions].map(u32), Buffer.alloc(4 * numbers, 0x3f));
}
