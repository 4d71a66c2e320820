// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { judged, rulesOf } from './judged.ts';
import { callPickle, raw } from './pickle-bytes.ts';
import { zipOf } from './zip-bytes.ts';

type Node = Record<string, unknown>;

const node = (type: string, loader: string, rest: Node = {}): Node => {
  const point = type.lastIndexOf('.');
  return { __class__: type.slice(point + 1), __module__: type.slice(0, point), __loader__: loader, ...rest };
};

function skops(root: Node, members: Record<string, Uint8Array> = {}): Buffer {
  const schema = Buffer.from(JSON.stringify({ ...root, protocol: 2, _skops_version: '0.13' }));
  const files = Object.entries(members).map(([name, data]) => ({ name, data }));
  return zipOf([{ name: 'schema.json', data: schema, deflate: true }, ...files]);
}

const NUMBER = node('builtins.str', 'JsonNode', { content: '1', is_json: true });
const LOGISTIC = 'sklearn.linear_model._logistic.LogisticRegression';
const ARRAY = raw(
  '\x93NUMPY\x01\x00',
  60,
  0,
  "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }  \n",
  Buffer.alloc(4),
);

test.each<[string, Node]>([
  [
    'an estimator',
    node(LOGISTIC, 'ObjectNode', { content: node('builtins.dict', 'DictNode', { content: { C: NUMBER } }) }),
  ],
  ['an array', node('numpy.ndarray', 'NdArrayNode', { type: 'numpy', file: 'a.npy' })],
  ['a function of numpy', node('numpy.log1p', 'FunctionNode')],
  ['a function of an older numpy', node('numpy.core._multiarray_umath.log1p', 'FunctionNode')],
  ['a loss of an older skops', node('sklearn.linear_model._sgd_fast.Hinge', 'SGDNode')],
  ['a score', node('sklearn.feature_selection._univariate_selection.f_classif', 'FunctionNode')],
  ['a type of numpy', node('numpy.float64', 'TypeNode')],
])('%s passes', async (_name, root) => {
  expect(await judged(skops(root, { 'a.npy': ARRAY }), 'model.skops')).toMatchObject({
    verdict: 'pass',
    format: 'skops',
  });
});

test.each<[string, Node, string]>([
  ['a function of the system', node('posix.system', 'FunctionNode'), 'skops-type'],
  ['a function that reaches anything', node('builtins.getattr', 'FunctionNode'), 'skops-type'],
  [
    'a class that starts programs',
    node('subprocess.Popen', 'ConstructorFromReduceNode', { content: NUMBER }),
    'skops-type',
  ],
  [
    'a function as old versions write it',
    node('builtins.function', 'FunctionNode', { content: { module_path: 'os', function: 'system' } }),
    'skops-type',
  ],
  ['a class of the system as a loss', node('subprocess.Popen', 'SGDNode', { content: NUMBER }), 'skops-type'],
  // CVE-2025-54412
  ['a call of the operator module', node('operator.call', 'OperatorFuncNode', { attrs: NUMBER }), 'skops-operator'],
  [
    'an operator under the name of a harmless class',
    node(LOGISTIC, 'OperatorFuncNode', { attrs: NUMBER }),
    'skops-operator',
  ],
  // CVE-2025-54413
  [
    'a method by a reserved name',
    node(LOGISTIC, 'MethodNode', { content: { func: '__builtins__', obj: node(LOGISTIC, 'ObjectNode') } }),
    'skops-method',
  ],
  ['a name that walks on', { __class__: 'a.__globals__', __module__: 'sklearn', __loader__: 'TypeNode' }, 'skops-type'],
])('%s is refused', async (_name, root, rule) => {
  expect(await rulesOf(skops(root), 'model.skops')).toContain(rule);
  expect((await judged(skops(root), 'model.skops')).verdict).toBe('block');
});

test('a member that is a pickle is refused', async () => {
  const bytes = skops(node('numpy.ndarray', 'NdArrayNode'), { 'a.npy': callPickle('os', 'system') });
  expect((await judged(bytes, 'model.skops')).verdict).toBe('block');
});

test.each<[string, Node, string]>([
  ['a class of an unknown package', node('their.Thing', 'ObjectNode'), 'skops-type'],
  ['a kind of node that does not exist', node('builtins.list', 'OtherNode'), 'skops-loader'],
  [
    'a method',
    node(LOGISTIC, 'MethodNode', { content: { func: 'predict', obj: node(LOGISTIC, 'ObjectNode') } }),
    'skops-method',
  ],
])('%s needs a person', async (_name, root, rule) => {
  expect(await rulesOf(skops(root), 'model.skops')).toContain(rule);
  expect((await judged(skops(root), 'model.skops')).verdict).toBe('review');
});

test.each<[string, unknown, string]>([
  ['a call', { 'py/reduce': [{ 'py/type': 'os.system' }, { 'py/tuple': ['echo benign-test'] }] }, 'block'],
  ['a class of the standard library', { 'py/object': 'subprocess.Popen', args: 'x' }, 'block'],
  ['a class of somebody', { 'py/object': 'their.Thing', x: 1 }, 'review'],
  ['a tuple', { a: { 'py/tuple': [1, 2] } }, 'pass'],
  ['a pickle in base64', { policy: { ':serialized:': 'gAR9lC4=' } }, 'review'],
])('of Python objects in JSON, %s is judged', async (_name, value, verdict) => {
  expect((await judged(JSON.stringify(value), 'data.json')).verdict).toBe(verdict);
});
