// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { judged, rulesOf } from './judged.ts';
import { args1, global, PAYLOAD, proto, raw, STOP, text } from './pickle-bytes.ts';

// As the libraries write it, each beside a look-alike that misuses the same way of writing.

const pickle = (...parts: readonly (string | Uint8Array | number)[]) => raw(proto(2), ...parts, STOP);
const state = (...entries: readonly (readonly [string, Uint8Array])[]) =>
  raw('}(', ...entries.map(([key, value]) => raw(text(key), value)), 'u');
const instance = (module: string, name: string, fields: Uint8Array = raw('}')) =>
  raw(global(module, name), ')', 0x81, fields, 'b');
const attribute = (object: Uint8Array, name: string) =>
  raw(global('__builtin__', 'getattr'), object, text(name), 0x86, 'R');
const partial = (inner: Uint8Array, kept = inner) =>
  raw(global('functools', 'partial'), args1(inner), 'R', '(', kept, ')}Ntb');
const factory = (inner: Uint8Array) => raw(global('collections', 'defaultdict'), args1(inner), 'R');
const formula = (words: string) =>
  instance('statsmodels.base.data', 'PandasData', state(['formula', text(words)], ['restore_design_info', raw(0x88)]));
const plainType = (name: string) => raw(global('dill._dill', '_load_type'), args1(text(name)), 'R');
const moduleClass = (module: string, name: string) =>
  raw('(', text('module'), global(module, name), text('net.py'), text('class Net: ...'), 't', 'Q');

const GENERATOR = raw(global('random', 'Random'), ')R');
const MEMORY = instance('joblib.memory', 'Memory', state(['location', raw('N')]));

interface Case {
  readonly what: string;
  readonly honest: Uint8Array;
  readonly hostile: Uint8Array;
  readonly rules: readonly string[];
}

const CASES: readonly Case[] = [
  {
    what: 'a method that an object keeps',
    honest: attribute(instance('nltk.stem.snowball', 'EnglishStemmer'), 'stem'),
    hostile: attribute(instance('transformers.training_args', 'TrainingArguments'), 'device'),
    rules: ['pickle-dotted-name'],
  },
  {
    what: 'a partial as the factory of a dictionary',
    honest: factory(partial(global('collections', 'defaultdict'))),
    hostile: factory(partial(global('os', 'getcwd'))),
    rules: ['pickle-stdlib-import'],
  },
  {
    what: 'what a partial adds',
    honest: factory(partial(global('collections', 'deque'))),
    hostile: factory(raw(global('functools', 'partial'), global('vendor', 'make'), text(PAYLOAD), 0x86, 'R')),
    rules: ['pickle-unknown-call'],
  },
  {
    what: 'a partial that keeps its function when it is given its state',
    honest: factory(partial(global('collections', 'Counter'))),
    hostile: factory(partial(global('collections', 'Counter'), global('torch.nn.functional', 'relu'))),
    rules: ['pickle-computed-call'],
  },
  {
    what: 'a method of a generator as a factory',
    honest: raw(GENERATOR, '0', factory(partial(attribute(GENERATOR, 'gauss')))),
    hostile: raw(GENERATOR, '0', factory(partial(attribute(GENERATOR, 'seed')))),
    rules: ['pickle-dotted-name'],
  },
  {
    what: 'a cache that is nowhere',
    honest: MEMORY,
    hostile: raw(global('joblib.memory', 'Memory'), args1(text('/tmp/x')), 'R'),
    rules: ['pickle-unknown-call'],
  },
  {
    what: 'a model that was fitted from a formula',
    honest: formula('sales ~ price + np.log(stock) + C(region):month - 1'),
    hostile: formula(`sales ~ __import__("os").system("${PAYLOAD}")`),
    rules: ['pickle-formula'],
  },
  {
    what: 'a formula that calls nothing',
    honest: formula('y ~ (a + b) ** 2'),
    hostile: formula('y ~ (breakpoint)()'),
    rules: ['pickle-formula'],
  },
  {
    what: 'the data of a model, whose state is a dictionary',
    honest: instance('statsmodels.base.data', 'ModelData', state(['endog', raw('N')])),
    hostile: instance('statsmodels.base.data', 'ModelData', raw(global('collections', 'OrderedDict'), ')R')),
    rules: ['pickle-formula'],
  },
  {
    what: 'a state that an older protocol gives',
    honest: raw(
      ...[global('copy_reg', '_reconstructor'), '(', global('statsmodels.base.data', 'PandasData')],
      ...[global('__builtin__', 'object'), 'Nt', 'R', state(['endog', raw('N')]), 'b'],
    ),
    hostile: raw(
      ...[global('copy_reg', '_reconstructor'), '(', global('statsmodels.base.data', 'PandasData')],
      ...[
        global('__builtin__', 'object'),
        'Nt',
        'R',
        state(['formula', text('f(x)')], ['restore_model_spec', raw('N')]),
        'b',
      ],
    ),
    rules: ['pickle-formula'],
  },
  {
    what: 'a state that another function gives',
    honest: raw(
      ...[global('torch._tensor', '_rebuild_from_type_v2'), '(', global('torch._utils', '_rebuild_parameter')],
      ...[global('torch', 'Tensor'), '(', raw('N'), 't', '}', 't', 'R'],
    ),
    hostile: raw(
      ...[
        global('torch._tensor', '_rebuild_from_type_v2'),
        '(',
        global('copyreg', '__newobj__'),
        global('torch', 'Tensor'),
      ],
      ...[args1(global('statsmodels.base.data', 'PandasData'))],
      ...[state(['restore_design_info', raw('N')], ['formula', text('f(x)')]), 't', 'R'],
    ),
    rules: ['pickle-formula'],
  },
  {
    what: 'a plain type by its name',
    honest: raw(plainType('set'), '](K\x01e\x85R'),
    hostile: raw(plainType('CodeType'), ')R'),
    rules: ['pickle-computed-call', 'pickle-denied-import'],
  },
  {
    what: 'an array of dill',
    honest: raw(
      global('dill._dill', '_create_array'),
      ...['(', global('numpy.core.multiarray', '_reconstruct'), '(', global('numpy', 'ndarray'), 'K\x00\x85', 't'],
      ...['(K\x01K\x00\x85', global('numpy', 'dtype'), args1(text('f8')), 'R', raw(0x89), text(''), 't', 'N', 't', 'R'],
    ),
    hostile: raw(
      ...[global('dill._dill', '_create_array'), '(', global('os', 'system'), args1(text(PAYLOAD)), '}', 'N', 't', 'R'],
    ),
    rules: ['pickle-stdlib-import'],
  },
  {
    what: 'an array of jax',
    honest: raw(
      ...[global('jax._src.array', '_reconstruct_array'), '(', global('numpy.core.multiarray', '_reconstruct')],
      ...['(', global('numpy', 'ndarray'), 'K\x00\x85', 't', 'N', '}', 't', 'R'],
    ),
    hostile: raw(
      ...[
        global('jax._src.array', '_reconstruct_array'),
        '(',
        global('os', 'system'),
        args1(text(PAYLOAD)),
        'N}t',
        'R',
      ],
    ),
    rules: ['pickle-stdlib-import'],
  },
  {
    what: 'a layer of a model of transformers',
    honest: instance('transformers.models.t5.modeling_t5', 'T5Stack'),
    hostile: raw(global('transformers.models.t5.modeling_t5', 'load_tf_weights_in_t5'), args1(text('/tmp/x')), 'R'),
    rules: ['pickle-denied-import'],
  },
  {
    what: 'a dictionary of numbers with a factory',
    honest: raw(global('river._river_rust.vectordict', 'VectorDict'), '(', state(['a', raw('K\x01')]), 'NNt', 'R'),
    hostile: raw(global('river._river_rust.vectordict', 'VectorDict'), '(', '}', global('os', 'getcwd'), 'Nt', 'R'),
    rules: ['pickle-stdlib-import'],
  },
  {
    what: 'a distance metric of hdbscan',
    honest: raw(
      ...[global('hdbscan.dist_metrics', 'newObj'), args1(global('hdbscan.dist_metrics', 'EuclideanDistance')), 'R'],
    ),
    hostile: raw(global('hdbscan.dist_metrics', 'newObj'), args1(global('subprocess', 'Popen')), 'R'),
    rules: ['pickle-denied-import'],
  },
  {
    what: 'the class of a module with its source beside it',
    honest: raw(moduleClass('torch.nn.modules.linear', 'Linear'), ')', 0x81, '}', 'b'),
    hostile: raw(moduleClass('subprocess', 'Popen'), ')', 0x81, '}', 'b'),
    rules: ['pickle-denied-import', 'pickle-persistent-id'],
  },
];

describe.each(CASES)('$what', ({ honest, hostile, rules }) => {
  test('is no more than asked about where the library wrote it', async () => {
    const { findings } = await judged(pickle(honest));
    expect(findings.filter(({ level, rule }) => level !== 'info' && rule !== 'pickle-persistent-id')).toEqual([]);
  });

  test('is blocked where it is misused', async () => {
    expect(await rulesOf(pickle(hostile))).toEqual(rules);
  });
});
