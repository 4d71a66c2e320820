// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { factsOf, judged, rulesOf } from './judged.ts';
import { callPickle, raw, u32 } from './pickle-bytes.ts';
import {
  ubjArray,
  ubjKey,
  ubjList,
  ubjModel,
  ubjObject,
  ubjText,
  xgboostModel,
  xgboostSnapshot,
  xgboostTree,
} from './xgboost-bytes.ts';

const PICKLE = callPickle('os', 'system');
const CONFIG = '{"learner": {"learner_train_param": {"booster": "gbtree"}, "objective": {"name": "binary:logistic"}}}';

test.each<[string, Uint8Array, string]>([
  ['a model in UBJSON', ubjModel(), 'ubjson'],
  ['one with names', ubjModel({ feature_names: ubjList(ubjText('a b'), ubjText('na\u00efve')) }), 'ubjson'],
  ['one with all kinds of values', ubjModel({ attributes: kinds() }), 'ubjson'],
  ['a small document without zeros', raw('{i\x03abcU\x05i\x01dT}'), 'ubjson'],
  ['a model in binary', xgboostModel({ attributes: { best_iteration: '2' } }), 'xgboost'],
  ['one of gblinear', xgboostModel({ booster: 'gblinear', objective: 'reg:squarederror' }), 'xgboost'],
  ['one of dart', xgboostModel({ booster: 'dart' }), 'xgboost'],
  ['one without its header', xgboostModel().subarray(4), 'xgboost'],
  ['a serialised booster', xgboostSnapshot(xgboostModel(), CONFIG), 'xgboost'],
])('%s passes', async (_what, bytes, format) => {
  expect(await judged(bytes, 'model.bin')).toEqual({ format, verdict: 'pass', findings: [] });
});

function kinds(): Uint8Array {
  const numbers = ['i\x01', 'U\x02', 'I\0\x03', 'l\0\0\0\x04', 'L\0\0\0\0\0\0\0\x05', 'd\0\0\0\0', 'D\0\0\0\0\0\0\0\0'];
  const list = raw('[', ...numbers, 'ZTFNCxHi\x0212SU\x01a', ']');
  return ubjObject({
    list,
    flags: ubjArray('T', 0, 9),
    texts: raw('[$S#i\x02U\x01aU\x01b'),
    lists: raw('[$[#i\x02i\x01]#i\x01T'),
    typed: raw('{$i#i\x02i\x01a\x01i\x01b\x02'),
    counted: raw('{#i\x01i\x01aZ'),
    noop: raw('{Ni\x01aZN}'),
  });
}

test.each<[string, Uint8Array, string, string]>([
  ['an objective that no list knows', ubjModel({}, 'my:objective'), 'xgboost-objective', 'review'],
  ['bytes behind it', raw(ubjModel(), 'junk'), 'trailing-bytes', 'review'],
  ['a pickle behind it', raw(ubjModel(), PICKLE), 'trailing-payload', 'block'],
  ['its end cut off', ubjModel().subarray(0, -9), 'ubjson-malformed', 'review'],
  ['a length beyond its end', raw(ubjKey('abc').fill(0x7f, 1, 2)), 'unrecognised-content', 'review'],
  ['a negative length', ubjObject({ a: raw('[#i\xff') }), 'ubjson-malformed', 'review'],
  ['a type without a count', ubjObject({ a: raw('[$ii') }), 'ubjson-malformed', 'review'],
  ['a marker that no value has', ubjObject({ a: ubjList(raw('Q')) }), 'ubjson-malformed', 'review'],
  [
    'a pickle in an array of bytes',
    ubjModel({ x: ubjArray('U', 1, PICKLE.length, PICKLE) }),
    'pickle-stdlib-import',
    'block',
  ],
  ['a pickle in a text', ubjModel({ x: ubjText(PICKLE) }), 'pickle-stdlib-import', 'block'],
  [
    'a class to construct',
    ubjObject({ 'py/reduce': ubjList(ubjObject({ 'py/type': ubjText('os.system') })) }),
    'serialised-object',
    'block',
  ],
])('UBJSON with %s does not pass', async (_what, bytes, rule, verdict) => {
  expect(await rulesOf(bytes, 'model.ubj')).toContain(rule);
  expect((await judged(bytes, 'model.ubj')).verdict).toBe(verdict);
});

test.each<[string, Uint8Array, string, string]>([
  ['an objective that no list knows', xgboostModel({ objective: 'my:objective' }), 'xgboost-objective', 'review'],
  ['a child outside of the tree', xgboostModel({ trees: [xgboostTree(3)] }), 'xgboost-malformed', 'review'],
  ['its end cut off', xgboostModel().subarray(0, -9), 'xgboost-malformed', 'review'],
  ['bytes behind it', raw(xgboostModel(), 'junk'), 'trailing-bytes', 'review'],
  ['a pickle behind it', raw(xgboostModel(), PICKLE), 'trailing-payload', 'block'],
  ['a pickle in an attribute', xgboostModel({ attributes: { x: PICKLE } }), 'xgboost-payload', 'block'],
  ['more trees than there are', raw(xgboostModel().fill(0x7f, 177, 180)), 'xgboost-malformed', 'review'],
  [
    'a gap before its configuration',
    xgboostSnapshot(raw(xgboostModel(), 'gap'), CONFIG),
    'xgboost-malformed',
    'review',
  ],
  ['a pickle as its configuration', xgboostSnapshot(xgboostModel(), PICKLE), 'pickle-stdlib-import', 'block'],
])('a binary model with %s does not pass', async (_what, bytes, rule, verdict) => {
  expect(await rulesOf(bytes, 'model.bin')).toContain(rule);
  expect((await judged(bytes, 'model.bin')).verdict).toBe(verdict);
});

test.each<[string, string, string[]]>([
  ['a known objective', 'rank:ndcg', []],
  ['an objective that no list knows', 'my:objective', ['xgboost-objective']],
])('a model in JSON with %s', async (_what, objective, expected) => {
  const model = {
    learner: {
      objective: { name: objective },
      learner_model_param: { num_class: '0' },
      gradient_booster: { name: 'gbtree' },
    },
  };
  expect(await rulesOf(JSON.stringify(model), 'model.json')).toEqual(expected);
});

test.each<[string, Uint8Array]>([
  ['JSON', raw('{"i": 1}')],
  [
    'text that begins with a brace',
    raw('{include file} and so on, for longer than the length that its third byte would be. '.repeat(4)),
  ],
  ['an objective that stands elsewhere', raw(Buffer.alloc(140), u32(15), 'binary:logistic')],
])('%s is no model of XGBoost', async (_what, bytes) => {
  expect(['ubjson', 'xgboost']).not.toContain((await factsOf(bytes)).format);
});

test('a serialised booster gives these facts', async () => {
  const bytes = xgboostSnapshot(xgboostModel(), CONFIG);
  expect(await factsOf(bytes)).toEqual({
    format: 'xgboost',
    size: bytes.length,
    extractors: { xgboost: expect.any(Number), json: expect.any(Number) },
    problems: [],
    uses: [
      { scheme: 'xgboost-objective', name: 'binary:logistic', at: 'the objective', offset: 170 },
      { scheme: 'xgboost-booster', name: 'gbtree', at: 'the booster', offset: 193 },
    ],
    members: [
      {
        name: '(configuration)',
        offset: bytes.length - CONFIG.length,
        format: 'json',
        size: CONFIG.length,
        problems: [],
        uses: [{ scheme: 'xgboost-objective', name: 'binary:logistic', at: '$.learner.objective.name' }],
      },
    ],
  });
});
