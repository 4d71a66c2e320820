// SPDX-License-Identifier: Apache-2.0
import { crc32, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { judged, rulesOf } from './judged.ts';
import { callPickle, raw, u16, u32 } from './pickle-bytes.ts';
import { zipOf } from './zip-bytes.ts';

const hostile = callPickle('os', 'system');
const PASS = { verdict: 'pass', findings: [] };

describe('text and configuration', () => {
  test.each([
    ['config.json', '{"model_type": "bert", "architectures": ["BertModel"], "x": NaN}'],
    [
      'tokenizer.json',
      JSON.stringify({ model: { vocab: { eval: 1, 'os.system': 2, '<script>': 3 }, merges: ['a b'] } }),
    ],
    ['model.safetensors.index.json', '{"metadata": {"total_size": 8}, "weight_map": {"a": "model-1.safetensors"}}'],
    ['1_Pooling/config.json', '{"word_embedding_dimension": 384, "pooling_mode_mean_tokens": true}'],
    ['modules.json', '[{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"}]'],
    ['vocab.txt', '[PAD]\n[UNK]\neval\nimport os\nos.system\n__class__\n'],
    ['merges.txt', '#version: 0.2\nĠ t\n'],
    ['README.md', '---\nlicense: mit\n---\nRun `import os` and {{ x.__class__ }}\n\n    os.system("ls")\n'],
    ['LICENSE', 'Apache License\n'],
    ['.gitattributes', '*.bin filter=lfs diff=lfs merge=lfs -text\n'],
    ['config.yaml', 'model:\n  name: test # not !important\n'],
    ['run.txt', 'MZ is a county code; ELF is a game\n'],
    ['train.jsonl', '{"a": 1}\n{"a": 2}\n'],
    ['train.json', '{"a": 1}\n{"a": 2}\n'],
    ['gguf.txt', 'GGUF is a format for models.\n'],
    ['notes.md', 'RKNN models run on boards.\n'],
    ['prompt.jinja', '{# a #}{{ x }}'],
    ['empty.txt', ''],
  ])('%s passes', async (path, content) => {
    expect(await judged(content, path)).toMatchObject(PASS);
  });

  test.each([
    ['config.json', '{"auto_map": {"AutoModel": "modeling_x.Model"}}', 'custom-code', 'review'],
    ['config.json', '{"a": [{"b": {"auto\\u005fmap": "x"}}]}', 'custom-code', 'review'],
    ['config.json', '{"_target_": "os.system"}', 'config-target', 'block'],
    ['config.json', '{"custom_pipelines": {"x": {"impl": "x.py"}}}', 'custom-code', 'review'],
    ['config.json', '{"a": 1', 'json-malformed', 'review'],
    ['config.json', '{"a": 1} {"b": 2}', 'json-malformed', 'review'],
    ['config.json', '{"_target_": "os.system"}\n{"b": 2}', 'config-target', 'block'],
    ['prompt.jinja', '["{{ x.__class__ }}"]', 'extension-mismatch', 'review'],
    ['config.json', '{"a": 1,}', 'json-malformed', 'review'],
    ['config.json', '{"a": 01}', 'json-malformed', 'review'],
    ['config.json', '{"a": "\\x41"}', 'json-malformed', 'review'],
    ['modules.json', '[{"type": "evil_package.Module"}]', 'custom-code', 'review'],
    ['modeling_x.py', 'class Model:\n    pass\n', 'custom-code', 'review'],
    ['modeling_x.py', 'import os\nos.system("echo benign-test")\n', 'code-runs-at-import', 'block'],
    ['notebook.ipynb', '{"cells": []}', 'custom-code', 'review'],
    ['run.sh', 'echo hello\n', 'custom-code', 'review'],
    ['notes.txt', '#!/bin/sh\necho hello\n', 'custom-code', 'review'],
    ['page.txt', '<html><script>1</script></html>', 'active-content', 'review'],
    ['config.yaml', 'x: !!python/object/apply:os.system ["echo benign-test"]\n', 'yaml-tag', 'block'],
    [
      'model.pmml',
      '<?xml version="1.0"?>\n<!DOCTYPE a [<!ENTITY b SYSTEM "file:///x">]>\n<a/>',
      'xml-entities',
      'block',
    ],
    ['notes.md', 'key: AKIAABCDEFGHIJKLMNOP\n', 'credential', 'review'],
    ['blob.txt', '\xff\xfe latin\n', 'unrecognised-content', 'review'],
    ['saved_model.pb', `\n2${'x'.repeat(50)}\n`, 'extension-mismatch', 'review'],
    ['graph.txt', `${'text '.repeat(1000)}\x01`, 'text-controls', 'review'],
    ['x.bin', '\x00\x01\x02\x03something', 'unrecognised-content', 'review'],
  ])('%s with %s is a finding', async (path, content, rule, verdict) => {
    const scan = await judged(Buffer.from(content, 'latin1'), path);
    expect(scan.findings.map((finding) => finding.rule)).toContain(rule);
    expect(scan.verdict).toBe(verdict);
  });

  // What `torch.load`, `from_pretrained`, `InferenceSession` and the like refuse under a name that they look for.
  const PNG = Buffer.from(
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
    'base64',
  );
  const NO_WEIGHTS: readonly (readonly [what: string, content: Uint8Array])[] = [
    ['JSON', Buffer.from('{"a": 1}')],
    ['text', Buffer.from('hello\n')],
    ['an image', PNG],
    ['nothing but zeros', Buffer.alloc(4096)],
    ['XML', Buffer.from('<?xml version="1.0"?>\n<a><b>1</b></a>\n')],
  ];
  const NAMES = [
    'bin',
    'pt',
    'pth',
    'ckpt',
    'safetensors',
    'h5',
    'keras',
    'onnx',
    'gguf',
    'tflite',
    'msgpack',
    'pdparams',
  ];
  test.each(NO_WEIGHTS.flatMap(([what, content]) => NAMES.map((name) => [what, `model.${name}`, content] as const)))(
    '%s under %s is a mismatch',
    async (_what, path, content) => {
      const { verdict, findings } = await judged(content, path);
      expect(findings.map(({ rule }) => rule)).toContain('extension-mismatch');
      expect(verdict).toBe('review');
    },
  );

  test.each([
    ['an image', 'preview.png', PNG],
    ['JSON', 'tokenizer.json', Buffer.from('{"a": 1}')],
    ['a placeholder', 'model.bin', Buffer.alloc(0)],
    ['a padding of zeros', 'padding', Buffer.alloc(4096)],
  ])('%s under %s is none', async (_what, path, content) => {
    expect(await judged(content, path)).toMatchObject(PASS);
  });

  test('a large JSON document is read in pieces, whatever it holds', async () => {
    const vocabulary = Object.fromEntries(Array.from({ length: 200_000 }, (_, i) => [`token"${i}é`, i]));
    const document = JSON.stringify({ model: { vocab: vocabulary }, auto_map: null });
    expect(await judged(document, 'tokenizer.json')).toEqual({ format: 'json', ...PASS });
    expect(await rulesOf(document.replace('"auto_map":null', '"auto_map":{}'), 'tokenizer.json')).toEqual([
      'custom-code',
    ]);
  });

  test('JSON that is nested without end is unscannable', async () => {
    expect((await judged('['.repeat(100_000), 'config.json')).verdict).toBe('unscannable');
  });
});

describe('programs and archives by their content', () => {
  const pe = Buffer.alloc(128);
  pe.write('MZ', 0, 'latin1');
  pe.writeUInt32LE(64, 0x3c);
  pe.write('PE\0\0', 64, 'latin1');
  test.each([
    ['an ELF program', raw('\x7fELF\x02\x01', Buffer.alloc(60)), 'model.bin', 'executable', 'block'],
    ['a Windows program', pe, 'readme.txt', 'executable', 'block'],
    ['WebAssembly', raw('\0asm', u32(1)), 'a.bin', 'executable', 'block'],
    [
      'a 7z archive that loaders open',
      raw('7z\xbc\xaf\x27\x1c', Buffer.alloc(20)),
      'model.pt',
      'opaque-archive',
      'block',
    ],
    ['a 7z archive', raw('7z\xbc\xaf\x27\x1c', Buffer.alloc(20)), 'data.7z', 'opaque-archive', 'review'],
    ['HDF5', raw('\x89HDF\r\n\x1a\n', Buffer.alloc(20)), 'model.h5', 'hdf5-malformed', 'review'],
  ])('%s is a finding', async (_what, bytes, path, rule, verdict) => {
    const scan = await judged(bytes, path);
    expect(scan.findings.map((finding) => finding.rule)).toContain(rule);
    expect(scan.verdict).toBe(verdict);
  });

  test.each([
    ['gzip', gzipSync],
    ['zlib', deflateSync],
    ['zstd', zstdCompressSync],
  ])('%s is looked into', async (_name, compress) => {
    expect((await judged(compress(hostile), 'model.joblib')).verdict).toBe('block');
    expect((await judged(compress(Buffer.from([0x80, 2, 0x4e, 0x2e])), 'model.joblib')).verdict).toBe('pass');
    expect((await judged(raw(compress(Buffer.from([0x80, 2, 0x4e, 0x2e])), 'x'), 'model.joblib')).verdict).not.toBe(
      'pass',
    );
    expect((await judged(compress(hostile).subarray(0, 20), 'model.joblib')).verdict).not.toBe('pass');
  });

  const tarEntry = (name: string, data: Uint8Array, type = '0', link = '') => {
    const block = Buffer.alloc(512);
    block.write(name, 0, 'latin1');
    block.write('0000644\0', 100, 'latin1');
    block.write(`${data.length.toString(8).padStart(11, '0')}\0`, 124, 'latin1');
    block.write(type, 156, 'latin1');
    block.write(link, 157, 'latin1');
    block.write('ustar\x0000', 257, 'latin1');
    block.fill(0x20, 148, 156);
    const sum = block.reduce((total, byte) => total + byte, 0);
    block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
    return raw(block, data, Buffer.alloc((512 - (data.length % 512)) % 512));
  };
  const tar = (...entries: Uint8Array[]) => raw(...entries, Buffer.alloc(1024));

  test.each([
    ['a pickle', tar(tarEntry('a.txt', raw('text\n')), tarEntry('m.pkl', hostile)), 'pickle-stdlib-import'],
    ['a path that leaves the folder', tar(tarEntry('../a.txt', raw('text\n'))), 'archive-traversal'],
    ['a link out of the folder', tar(tarEntry('a', raw(), '2', '/etc/passwd')), 'archive-link-outside'],
    ['a device', tar(tarEntry('a', raw(), '3')), 'archive-device'],
  ])('a tar archive is blocked for %s', async (_what, bytes, rule) => {
    const scan = await judged(bytes, 'data.tar');
    expect(scan.verdict).toBe('block');
    expect(scan.findings.map((finding) => finding.rule)).toContain(rule);
  });

  test('a plain tar archive passes, compressed or not', async () => {
    const plain = tar(tarEntry('a.txt', raw('text\n')), tarEntry('folder', raw(), '5'));
    expect(await judged(plain, 'data.tar')).toMatchObject(PASS);
    expect(await judged(gzipSync(plain), 'data.tar.gz')).toMatchObject(PASS);
  });
});

describe('images', () => {
  const chunk = (type: string, data: Uint8Array) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(data.length);
    const crc = Buffer.alloc(4);
    crc.writeUInt32BE(crc32(raw(type, data)));
    return raw(length, type, data, crc);
  };
  const png = raw(
    '\x89PNG\r\n\x1a\n',
    chunk('IHDR', Buffer.alloc(13)),
    chunk('IDAT', Buffer.alloc(20)),
    chunk('IEND', raw()),
  );
  const jpeg = raw('\xff\xd8\xff\xe0', 0, 6, 'JFIF', '\xff\xda', 0, 3, 1, 'entropy\xff\x00more\xff\xd0x\xff\xd9');
  const gif = raw('GIF89a', u16(1), u16(1), 0x80, 0, 0, Buffer.alloc(6), 0x2c, Buffer.alloc(8), 0, 2, 2, 'ab', 0, 0x3b);
  const webp = raw('RIFF', u32(12), 'WEBPVP8 ', u32(0));
  const images: readonly (readonly [string, Buffer])[] = [
    ['x.png', png],
    ['x.jpg', jpeg],
    ['x.gif', gif],
    ['x.webp', webp],
  ];

  test.each(images)('%s passes when it ends where it says', async (path, bytes) => {
    expect(await judged(bytes, path)).toMatchObject(PASS);
  });

  test.each(images)('%s with something behind it is a finding', async (path, bytes) => {
    expect(await rulesOf(raw(bytes, 'tail'), path)).toEqual(['trailing-bytes']);
    expect((await judged(raw(bytes, zipOf([{ name: 'x', data: hostile }])), path)).verdict).toBe('block');
  });

  test.each(images)('%s cut short is a finding', async (path, bytes) => {
    expect(await rulesOf(bytes.subarray(0, -3), path)).toEqual(['image-malformed']);
  });
});
