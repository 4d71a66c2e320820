// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { newFacts } from '#scanners/facts.ts';
import { UseList } from '#scanners/uses.ts';
import { rulesOf } from './judged.ts';

const long = 'a/'.repeat(150);

test.each([
  ['x'.repeat(200), /^x{200}$/],
  ['x'.repeat(201), /^x{149}…x{50}$/],
  [`${long}../b`, /\/\.\.\/b$/],
  [`${long}..`, /\/\.\.$/],
  [`${'x'.repeat(197)}/../b`, /\/\.\.\/b$/],
  [`${'x'.repeat(197)}/../${long}`, /^x+…\/\.\.\/a?\/(?:a\/)+$/],
  [`${long}..b`, /a\/\.\.b$/],
  [`${long}${long}b\0c${long}`, /^[^.]+…\0[^.]+$/],
])('a name that is cut still shows what its path does', (name, kept) => {
  const facts = newFacts('json', 0);
  new UseList(facts).add('shard-file', name, '$');
  expect(facts.uses?.[0]?.name).toMatch(kept);
});

test('a shard that climbs behind a long path is found', async () => {
  const index = (file: string) => JSON.stringify({ metadata: {}, weight_map: { w: file } });
  expect(await rulesOf(index(`${long}../../x`), 'model.safetensors.index.json')).toEqual(['shard-file']);
});
