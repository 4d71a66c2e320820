// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { factsOf, judged } from './judged.ts';
import { raw } from './pickle-bytes.ts';
import { zipOf } from './zip-bytes.ts';

const object = (module: string | null | undefined, name: string, config: unknown = {}, more: object = {}) => ({
  ...(module === undefined ? {} : { module }),
  class_name: name,
  config,
  registered_name: null,
  ...more,
});
const model = (...layers: unknown[]) => JSON.stringify(object('keras', 'Sequential', { name: 's', layers }));
const archive = (config: string, ...more: string[]) =>
  zipOf([
    { name: 'metadata.json', data: raw('{"keras_version": "3.8.0"}') },
    { name: 'config.json', data: raw(config) },
    ...more.map((name) => ({ name, data: raw('words\n') })),
  ]);
const dense = object('keras.layers', 'Dense', {
  units: 2,
  activation: 'relu',
  kernel_initializer: object('keras.initializers', 'GlorotUniform', { seed: null }),
});
const callable = (module: string, name: string) => object(module, 'function', name, { registered_name: 'function' });

describe('a model of Keras passes', () => {
  test.each([
    ['plain layers', model(object('keras.layers', 'InputLayer', { batch_shape: [null, 4] }), dense)],
    ['operations', model(object('keras.src.ops.numpy', 'Add', {}, { registered_name: 'Add' }))],
    [
      'a function of Keras',
      model(object('keras.layers', 'Activation', { activation: callable('keras.activations', 'gelu') })),
    ],
    ['a function as older versions write it', model({ loss: callable('builtins', 'mse') })],
    ['a vocabulary in the configuration', model(object('keras.layers', 'StringLookup', { vocabulary: ['a', 'b'] }))],
    [
      'classes without a module',
      model(object(undefined, 'Dense'), object(undefined, 'TFOpLambda', { function: 'math.add' })),
    ],
    ['Keras 2', model(object('tf_keras.layers', 'LSTM'), object('keras.src.engine.functional', 'Functional'))],
  ])('with %s', async (_what, config) => {
    expect(await judged(archive(config), 'model.keras')).toMatchObject({ verdict: 'pass', findings: [] });
    expect(await judged(config, 'model.json')).toMatchObject({ verdict: 'pass', findings: [] });
  });

  test('and what only mentions a class is no model', async () => {
    const document = '{"class_name": "Lambda", "items": [{"config": {"vocabulary": "/etc/passwd"}}]}';
    expect((await judged(document, 'config.json')).verdict).toBe('pass');
  });
});

describe('what a configuration makes a loader do', () => {
  test.each([
    // CVE-2024-3660
    [
      'a lambda',
      object('keras.layers', 'Lambda', { function: object(undefined, '__lambda__', { code: '4w==' }) }),
      'keras-class',
      'block',
    ],
    // CVE-2025-1550
    ['any callable', object('subprocess', 'run', { args: ['echo', 'benign-test'] }), 'keras-class', 'block'],
    [
      'any function',
      object('keras.layers', 'Activation', { activation: callable('os', 'system') }),
      'keras-class',
      'block',
    ],
    ['a function of Python', callable('builtins', 'eval'), 'keras-function', 'block'],
    // CVE-2025-8747
    ['a download', callable('keras.utils', 'get_file'), 'keras-function', 'block'],
    ['a download as a class', object('keras.utils', 'get_file', { origin: 'x' }), 'keras-class', 'block'],
    // CVE-2025-9906
    ['the end of the safe mode', callable('keras.config', 'enable_unsafe_deserialization'), 'keras-function', 'block'],
    ['another model', callable('keras.models', 'load_model'), 'keras-function', 'block'],
    // CVE-2026-1462
    ['a SavedModel', object('keras.layers', 'TFSMLayer', { filepath: 'x' }), 'keras-class', 'block'],
    ['a torch module', object('keras.layers', 'TorchModuleWrapper', {}), 'keras-class', 'block'],
    // CVE-2025-12058
    ['a file', object('keras.layers', 'StringLookup', { vocabulary: '/etc/passwd' }), 'keras-file', 'block'],
    ['an address', object('keras.layers', 'IntegerLookup', { vocabulary: 'http://127.0.0.1/' }), 'keras-file', 'block'],
    [
      'a file beside it',
      object('keras.layers', 'TextVectorization', { vocabulary: 'words.txt' }),
      'keras-file',
      'review',
    ],
    ['a class of its author', object(null, 'Mine', {}, { registered_name: 'mine>Mine' }), 'keras-custom', 'review'],
    ['a class of a package', object('my_package.layers', 'Mine'), 'keras-class', 'review'],
    [
      'an operator that reads files',
      object(undefined, 'TFOpLambda', { function: 'io.read_file' }),
      'keras-tf-operator',
      'block',
    ],
  ])('%s is a finding', async (_what, layer, rule, verdict) => {
    for (const [bytes, path] of [
      [archive(model(dense, layer)), 'model.keras'],
      [raw(model(object('keras.layers', 'TimeDistributed', { layer }))), 'config.json'],
    ] as const) {
      const scan = await judged(bytes, path);
      expect(scan.findings.map((finding) => finding.rule)).toContain(rule);
      expect(scan.verdict).toBe(verdict);
    }
  });

  test('the order of keys does not matter, and a key that is there twice is a finding', async () => {
    const hidden = '{"config": {}, "registered_name": null, "class_name": "\\u004cambda", "module": "keras.layers"}';
    expect((await judged(hidden, 'config.json')).verdict).toBe('block');
    const twice = '{"class_name": "Dense", "config": {}, "module": "keras.layers", "module": "subprocess"}';
    expect((await judged(twice, 'config.json')).findings.map(({ rule }) => rule)).toContain('keras-repeated-key');
  });

  test('a member that Keras does not write is a finding', async () => {
    expect((await judged(archive(model(dense), 'assets/vocabulary.txt'), 'model.keras')).verdict).toBe('pass');
    expect(await judged(archive(model(dense), 'notes.txt'), 'model.keras')).toMatchObject({
      verdict: 'review',
      findings: [{ rule: 'keras-member' }],
    });
  });
});

test('the facts say what is named and where', async () => {
  expect((await factsOf(raw(model(callable('keras.utils', 'get_file'))))).uses).toEqual([
    { scheme: 'keras-function', name: 'keras.utils.get_file', at: '$.config.layers[0]' },
    { scheme: 'keras-import', name: 'keras.utils.get_file', at: '$.config.layers[0]' },
    { scheme: 'keras-class', name: 'keras.Sequential', at: '$' },
    { scheme: 'keras-import', name: 'keras.Sequential', at: '$' },
  ]);
});

test.each(['utf16le', 'utf32le', 'utf32be'] as const)(
  'a configuration in %s is read as Python reads it',
  async (encoding) => {
    const lambda = object('keras.layers', 'Lambda', { function: object(undefined, '__lambda__', { code: '4w==' }) });
    expect((await judged(wide(model(lambda), encoding), 'config.json')).verdict).toBe('block');
    expect((await judged(wide(model(dense), encoding), 'config.json')).verdict).toBe('pass');
  },
);

function wide(text: string, encoding: 'utf16le' | 'utf32le' | 'utf32be'): Buffer {
  if (encoding === 'utf16le') return Buffer.from(`\ufeff${text}`, 'utf16le');
  return Buffer.concat(
    [...text].map((character) => {
      const unit = Buffer.alloc(4);
      if (encoding === 'utf32le') unit.writeUInt32LE(character.charCodeAt(0));
      else unit.writeUInt32BE(character.charCodeAt(0));
      return unit;
    }),
  );
}
