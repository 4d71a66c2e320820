// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { beforeAll, expect, it } from 'vitest';
import type { HubRepo } from '#test/fake-hub/repo.ts';
import { useTemp } from '#test/support/temp.ts';
import { askAnything } from './ask-anything.ts';
import { bytesOf } from './script-words.ts';
import { type HubWorld, useHubWorlds } from './worlds.ts';

/* Answers that can be told beforehand, from what the hub has: revisions, ranges, paths. */

const worldNamed = useHubWorlds(useTemp());
let world: HubWorld;
beforeAll(async () => {
  world = await worldNamed('ordinary');
});

it('a revision is the commit that upstream says, in every spelling, or not found', async () => {
  const repo = world.hub.repo('acme/many-refs');
  const name = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...spellings(repo)) },
    { weight: 1, arbitrary: fc.string({ unit: 'grapheme', maxLength: 12 }) },
    { weight: 1, arbitrary: fc.stringMatching(/^[0-9a-f]{1,40}$/) },
  );
  const route = fc.constantFrom(
    (rev: string) => `/acme/many-refs/resolve/${rev}/config.json`,
    (rev: string) => `/acme/many-refs/raw/${rev}/model.safetensors`,
    (rev: string) => `/api/models/acme/many-refs/revision/${rev}`,
    (rev: string) => `/api/models/acme/many-refs/tree/${rev}`,
  );
  let found = 0;
  await fc.assert(
    fc.asyncProperty(name, route, fc.boolean(), async (text, path, raw) => {
      // JavaScript leaves the slashes of these.
      const plain = raw && /^refs\/(?:pr|convert|heads|tags)\/[^/]+$/.test(text);
      const url = path(plain ? text : encodeURIComponent(text.toWellFormed()));
      if (text === '') return;
      const { status, headers } = await askAnything(world, { method: 'GET', path: url, headers: {}, body: '' });
      const commit = repo.at(text)?.id;
      if (commit !== undefined) found++;
      if (commit !== undefined) expect([url, status, headers.get('x-repo-commit')]).toEqual([url, 200, commit]);
      else if (status !== 400)
        expect([url, status, headers.get('x-error-code')]).toEqual([url, 404, 'RevisionNotFound']);
    }),
    { numRuns: 300 },
  );
  expect(found).toBeGreaterThan(50);
});

function spellings(repo: HubRepo): string[] {
  const shas = [...repo.commits.keys()];
  return [
    'HEAD',
    ...[...repo.branches.keys()].flatMap((branch) => [branch, `refs/heads/${branch}`]),
    ...[...repo.tags.keys()].flatMap((tag) => [tag, `refs/tags/${tag}`]),
    ...repo.otherRefs.keys(),
    ...shas.flatMap((sha) => [sha, sha.slice(0, 7), sha.slice(0, 12), sha.slice(0, 39)]),
    ...[
      'main ',
      'Main',
      'refs/heads/HEAD',
      'refs/pr/1/x',
      'refs/pr/99',
      'heads/main',
      'feature',
      shas[0]?.toUpperCase() ?? '',
    ],
  ];
}

it('a range is a part of the file that holds what was asked for, the whole file, or refused with its size', async () => {
  const number = fc.oneof(fc.nat(40).map(String), fc.constant(''), fc.bigInt(0n, 10n ** 25n).map(String));
  const range = fc.oneof(
    { weight: 4, arbitrary: fc.tuple(number, number).map(([a, b]) => `bytes=${a}-${b}`) },
    { weight: 1, arbitrary: fc.stringMatching(/^[ -~]{0,30}$/) },
  );
  const file = fc.constantFrom('sub/notes.txt', 'empty.txt', 'model.safetensors');
  const seen = new Set<number>();
  await fc.assert(
    fc.asyncProperty(range, file, async (text, path) => {
      const answer = await askAnything(world, {
        method: 'GET',
        path: `/acme/tiny/resolve/main/${path}`,
        headers: { range: text },
        body: '',
      });
      const whole = bytesOf(world.hub.repo('acme/tiny').file(path));
      seen.add(answer.status);
      const told = answer.headers.get('content-range');
      if (answer.status === 200) expect([answer.body.equals(whole), told]).toEqual([true, null]);
      if (answer.status === 416 || whole.length === 0)
        expect(told).toBe(answer.status === 200 ? null : `bytes */${whole.length}`);
      if (answer.status !== 206 || whole.length === 0) return;
      const [, a = '', b = ''] = /^bytes=(\d*)-(\d*)$/.exec(text.trim()) ?? [];
      const start = a === '' ? Math.max(0, whole.length - Number(b)) : Number(a);
      const end = a === '' || b === '' ? whole.length : Math.min(Number(b) + 1, whole.length);
      expect(told).toBe(`bytes ${start}-${end - 1}/${whole.length}`);
      expect(answer.headers.get('content-length')).toBe(String(end - start));
      expect(answer.body.equals(whole.subarray(start, end))).toBe(true);
    }),
    { numRuns: 1000 },
  );
  expect([...seen].sort()).toEqual([200, 206, 416]);
});

it('paths-info tells of files and folders of its release, and of nothing else', async () => {
  const repo = world.hub.repo('acme/mixed');
  const { files, folders } = repo.head();
  const known = [...files.keys(), ...folders.keys()];
  const path = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...known, ...known.map((one) => `${one}/`), '../config.json', '/', '.') },
    { weight: 1, arbitrary: fc.string({ unit: 'binary' }) },
  );
  const value = fc.oneof(
    { weight: 3, arbitrary: fc.array(path, { maxLength: 20 }) },
    { weight: 1, arbitrary: fc.jsonValue() },
  );
  let told = 0;
  await fc.assert(
    fc.asyncProperty(value, fc.boolean(), async (paths, isForm) => {
      const { body, type } = isForm && isTexts(paths) ? formOf(paths) : jsonOf(paths);
      const url = '/api/models/acme/mixed/paths-info/main';
      const answer = await askAnything(world, { method: 'POST', path: url, headers: { 'content-type': type }, body });
      expect([body, [200, 400].includes(answer.status)]).toEqual([body, true]);
      if (answer.status === 400) return;
      const entries = JSON.parse(answer.body.toString()) as { path: string; oid: string; type: string }[];
      const asked = new Set([paths].flat().map(String));
      for (const entry of entries) {
        expect(asked.has(entry.path), entry.path).toBe(true);
        if (entry.type === 'file') expect(entry.oid).toBe(repo.file(entry.path).oid);
        else expect(folders.has(entry.path)).toBe(true);
        expect(entry.path).not.toBe('pytorch_model.bin');
        told++;
      }
    }),
    { numRuns: 500 },
  );
  expect(told).toBeGreaterThan(100);
});

function isTexts(value: unknown): value is string[] {
  return (
    Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === 'string' && one.isWellFormed())
  );
}

function formOf(paths: readonly string[]): { body: string; type: string } {
  const form = new URLSearchParams(paths.map((path) => ['paths', path]));
  return { body: String(form), type: 'application/x-www-form-urlencoded' };
}

function jsonOf(paths: unknown): { body: string; type: string } {
  return { body: JSON.stringify({ paths }), type: 'application/json' };
}
