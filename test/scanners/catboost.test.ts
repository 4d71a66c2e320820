// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { CATBOOST } from '#scanners/flatbuffers/catboost-schema.ts';
import { type Fields, flatbuffer } from './flatbuffers-bytes.ts';
import { factsOf, judged, rulesOf } from './judged.ts';
import { callPickle, raw, u32 } from './pickle-bytes.ts';

/** CatBoost's flatbuffers have no identifier; a table that follows the root offset at once reads the same. */
const buffer = (root: string, fields: Fields) => flatbuffer(CATBOOST, root, fields, '');
const trees = {
  approx_dimension: 1,
  leaf_values: [0n, 1n],
  float_features: [{ index: 0, borders: [0], feature_id: 'a' }],
};

function model(more: Fields = {}, ...parts: Uint8Array[]): Buffer {
  const core = buffer('TModelCore', { format_version: 'FlabuffersModel_v1', model_trees: trees, ...more });
  return raw('CBM1', u32(core.length), core, ...parts);
}

const statistics = buffer('TCtrValueTable', { index_hash_raw: Buffer.alloc(32, 1), ctr_blob: Buffer.alloc(16, 2) });
const counters = raw(u32(2), u32(statistics.length), statistics, u32(statistics.length), statistics);
const withCounters = { model_part_ids: ['static_provider_v1'] };

test.each([
  ['of trees', model()],
  ['with statistics of categories', model(withCounters, counters)],
])('a CatBoost model %s passes', async (_what, bytes) => {
  expect(await judged(bytes, 'model.cbm')).toEqual({ format: 'catboost', verdict: 'pass', findings: [] });
});

test.each([
  ['a length beyond the file', raw('CBM1', u32(1 << 30), Buffer.alloc(64)), ['catboost-malformed'], 'review'],
  ['statistics that are cut off', model(withCounters, counters.subarray(0, -9)), ['catboost-malformed'], 'review'],
  ['a part that is not read', model({ model_part_ids: ['other'] }, raw('data')), ['catboost-part'], 'review'],
  ['a tail', raw(model(), 'tail'), ['trailing-bytes'], 'review'],
  ['a pickle behind it', raw(model(withCounters, counters), callPickle('os', 'system')), ['trailing-payload'], 'block'],
])('a CatBoost model with %s does not pass', async (_what, bytes, rules, verdict) => {
  expect(await rulesOf(bytes, 'model.cbm')).toEqual(rules);
  expect((await judged(bytes, 'model.cbm')).verdict).toBe(verdict);
});

test('a CatBoost model gives these facts', async () => {
  expect(await factsOf(model())).toEqual({
    format: 'catboost',
    size: model().length,
    extractors: { catboost: expect.any(Number) },
    problems: [],
  });
});
