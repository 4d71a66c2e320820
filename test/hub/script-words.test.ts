// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, expect, it } from 'vitest';
import { addDataset, addTiny } from '#test/fake-hub/repos.ts';
import { type FakeHub, startFakeHub } from '#test/fake-hub/server.ts';
import { fillFor } from './script-words.ts';

let hub: FakeHub;
beforeAll(async () => {
  hub = await startFakeHub();
  addTiny(hub);
  addDataset(hub);
});
afterAll(() => hub.stop());

it('words stand for what the hub has', () => {
  const fill = fillFor(hub, 'acme/tiny');
  const { content, oid } = hub.repo('acme/tiny').file('model.safetensors');
  expect(fill('{commit} {commit v1.0}')).toBe(
    `${hub.repo('acme/tiny').head().id} ${hub.repo('acme/tiny').head('v1.0').id}`,
  );
  expect(fill('{etag model.safetensors} {oid model.safetensors}')).toBe(`${content.sha256} ${oid}`);
  expect(fill('{size sub/notes.txt} {size sub/notes.txt@v1.0}')).toBe('20 19');
  expect(fill('{short}', (value) => `<${value}>`)).toMatch(/^<[0-9a-f]{7}>$/);
  expect(fillFor(hub, 'datasets/acme/tiny-data')('{commit}')).toBe(hub.repo('acme/tiny-data', 'datasets').head().id);
});

it('what is no word stays as it is', () => {
  const fill = fillFor(hub, undefined);
  for (const text of ['[0-9a-f]{40}', '{"a": 1}', '{}', '{a,b}']) expect(fill(text)).toBe(text);
});

it.each([
  ['acme/tiny', '{comit}'],
  ['acme/tiny', '{commit no-such-branch}'],
  ['acme/tiny', '{size no-such-file}'],
  ['acme/nobody', '{commit}'],
  [undefined, '{commit}'],
])('of %s, %s is an error', (repo, text) => {
  expect(() => fillFor(hub, repo)(text)).toThrow();
});
