// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { judged } from './judged.ts';
import { raw } from './pickle-bytes.ts';
import { field, onnxModel, onnxTensor, savedModel, tfConst, tfGraph, tfNode } from './protobuf-bytes.ts';

// What a reader keeps has an end. Hiding something behind that end must not make it pass.
const MANY = 20_500;
const lines = (count: number, line: (i: number) => string) => Array.from({ length: count }, (_, i) => line(i)).join('');
const pmml = (body: string) =>
  `<?xml version="1.0"?><PMML version="4.4" xmlns="http://www.dmg.org/PMML-4_4">${body}</PMML>`;

test.each([
  ['a target behind many pairs', 'conf.yaml', `${lines(310_000, (i) => `a${i}: 1\n`)}b:\n  _target_: os.system\n`],
  [
    'a tag behind many tags',
    'conf.yaml',
    `${lines(MANY, (i) => `a${i}: !t${i} 1\n`)}b: !!python/object/apply:os.system [ls]\n`,
  ],
  [
    'a component behind many components',
    'model_index.json',
    `{"_class_name": "X", ${lines(MANY, (i) => `"c${i}": ["diffusers", "UNet"], `)}"z": ["os", "system"]}`,
  ],
  [
    'a function behind many functions',
    'model.pmml',
    pmml(`${lines(MANY, (i) => `<Apply function="f${i}"/>`)}<Apply function="java.lang.Runtime.exec"/>`),
  ],
])('%s does not pass', async (_what, path, content) => {
  expect((await judged(content, path)).verdict).not.toBe('pass');
});

const many = <T>(count: number, item: (i: number) => T) => Array.from({ length: count }, (_, i) => item(i));
const tfTexts = (name: string, texts: readonly string[]) =>
  tfNode(
    name,
    'Const',
    [],
    raw(field(1, 'value'), field(2, field(8, raw(field(1, 7), ...texts.map((text) => field(8, text)))))),
  );
const reads = (path: Uint8Array, ...between: readonly Uint8Array[]) =>
  savedModel(tfGraph([path, ...between, tfNode('r', 'RestoreV2', ['path'])]));
const paddleProgram = (...texts: readonly string[]) => {
  const attribute = raw(field(1, 'file_path'), field(2, 5), ...texts.map((text) => field(8, text)));
  return raw(
    field(1, raw(field(1, 0), field(2, -1), field(4, raw(field(3, 'relu'), field(4, attribute))))),
    field(4, field(1, 0)),
  );
};

// Behind as many of the same kind as are kept of something else, the verdict is what it is alone.
test.each([
  ['a path behind many texts of one constant', reads(tfTexts('path', [...many(100, () => ''), '/etc/passwd']))],
  [
    'a path behind many operations',
    reads(
      tfConst('n0', '/etc/passwd'),
      ...many(100, (i) => tfNode(`n${i + 1}`, 'Identity', [`n${i}`])),
      tfNode('path', 'Identity', ['n100']),
    ),
  ],
  [
    'a path behind many inputs',
    reads(tfConst('n0', '/etc/passwd'), tfNode('path', 'Pack', [...many(100, (i) => `x${i}`), 'n0'])),
  ],
])('%s is found in a graph of TensorFlow', async (_what, bytes) => {
  const alone = await judged(reads(tfConst('path', '/etc/passwd')), 'saved_model.pb');
  const { verdict, findings } = await judged(bytes, 'saved_model.pb');
  expect(findings.map(({ rule }) => rule)).toEqual(['tf-path']);
  expect(verdict).toBe(alone.verdict);
});

test('a path behind many texts is found in a program of Paddle', async () => {
  const bytes = paddleProgram(...many(100, (i) => `a${i}`), '/etc/passwd');
  expect((await judged(bytes, 'inference.pdmodel')).findings.at(-1)?.message).toContain('/etc/passwd');
});

test('a problem of one kind is found behind many of another', async () => {
  const wrongSizes = many(300, (i) => onnxTensor(`t${i}`, [2], field(2, 1), field(9, Buffer.alloc(4))));
  const external = (key: string, value: string) => field(13, raw(field(1, key), field(2, value)));
  const overflow = onnxTensor(
    'o',
    [2],
    field(2, 1),
    external('location', 'a.bin'),
    external('offset', '-1'),
    field(14, 1),
  );
  const { findings } = await judged(onnxModel({ initializers: [...wrongSizes, overflow] }), 'model.onnx');
  const found = findings.map(({ rule }) => rule);
  expect(found).toContain('onnx-tensor-size');
  expect(found).toContain('onnx-tensor-overflow');
});

test('a script behind many harmless handlers is found in a document', async () => {
  const page = (...parts: readonly string[]) => `<!doctype html><html><body>${parts.join('')}</body></html>`;
  const handlers = many(300, () => '<p onclick="x()">a</p>');
  const { findings } = await judged(page(...handlers, '<iframe src="x"></iframe>'), 'index.html');
  expect(findings.some(({ message }) => message.includes('iframe'))).toBe(true);
});

test('code in the last of many texts that are compiled is not passed over in silence', async () => {
  const code = `${lines(30, (i) => `exec("a${i} = 1")\n`)}exec("import os; os.system('id')")\n`;
  expect((await judged(code, 'modeling_x.py')).verdict).toBe('block');
});

test('a bomb whose aliases come after many anchors is no document that passes', async () => {
  const anchors = lines(25_000, (i) => `k${i}: &a${i} 1\n`);
  const bomb = `b0: &b0 [x, x]\n${lines(40, (i) => `b${i + 1}: &b${i + 1} [*b${i}, *b${i}]\n`)}`;
  expect((await judged(`${anchors}${bomb}`, 'conf.yaml')).verdict).not.toBe('pass');
});
