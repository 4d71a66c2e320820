// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CORE_VERSION } from '#scanners/version.ts';
import { sha256Of } from '#src/domain/digest.ts';
import type { BlobScan } from '#src/domain/evidence.ts';
import { parseRepoPath, type RepoPath } from '#src/domain/path.ts';
import { createScanner, type ScannerOptions, type ScanTarget } from '#src/scan/scanner.ts';
import { type FactCache, SealedFacts } from '#src/scan/sealed-facts.ts';
import { callPickle, stateDict } from '#test/scanners/pickle-bytes.ts';
import { zipOf } from '#test/scanners/zip-bytes.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'airlock-scan-'));
});
afterAll(() => rm(folder, { recursive: true }));

let files = 0;
async function target(path: string, content: Uint8Array | string): Promise<ScanTarget> {
  const bytes = Buffer.from(content);
  const file = join(folder, String(files++));
  await writeFile(file, bytes);
  return { path: parseRepoPath(path), sha256: sha256Of(bytes), size: bytes.length, file };
}

class MemoryCache implements FactCache {
  readonly entries = new Map<string, string>();
  async get(sha256: string, version: string): Promise<string | undefined> {
    return this.entries.get(`${version}/${sha256}`);
  }
  async put(sha256: string, version: string, factsJson: string): Promise<void> {
    this.entries.set(`${version}/${sha256}`, factsJson);
  }
}

const verdicts = (scans: ReadonlyMap<RepoPath, BlobScan>) =>
  Object.fromEntries([...scans].map(([path, { verdict }]) => [path, verdict]));

describe('the scanner', () => {
  test('judges each file of a snapshot, in a child process', async () => {
    const checkpoint = zipOf([
      { name: 'a/data.pkl', data: stateDict({ w: 2 }) },
      { name: 'a/data/0', data: Buffer.alloc(8) },
    ]);
    const scanned: string[] = [];
    const { files: scans } = await createScanner().scan(
      [
        await target('pytorch_model.bin', checkpoint),
        await target('evil.pkl', callPickle('os', 'system')),
        await target('config.json', '{"model_type": "bert"}'),
        await target('empty', ''),
      ],
      { onScanned: (path) => scanned.push(path) },
    );
    expect(verdicts(scans)).toEqual({
      'pytorch_model.bin': 'pass',
      'evil.pkl': 'block',
      'config.json': 'pass',
      empty: 'pass',
    });
    expect(scanned.sort()).toEqual(['config.json', 'empty', 'evil.pkl', 'pytorch_model.bin']);
  });

  test('reads a blob once and judges it under each of its names', async () => {
    const text = await target('notes.txt', 'import os\n');
    const { files: scans } = await createScanner().scan([
      text,
      { ...text, path: parseRepoPath('notes.py'), file: '/nowhere' },
    ]);
    expect(verdicts(scans)).toEqual({ 'notes.txt': 'pass', 'notes.py': 'review' });
  });

  test('takes many small files', async () => {
    const targets = await Promise.all(Array.from({ length: 600 }, (_, i) => target(`${i}.json`, `{"a": ${i}}`)));
    const { files: scans } = await createScanner().scan(targets);
    expect(scans.size).toBe(600);
    expect([...scans.values()].every(({ verdict }) => verdict === 'pass')).toBe(true);
  });

  test('says unscannable of a file that is shorter than its size says', async () => {
    const short = { ...(await target('model.pkl', callPickle('os', 'system'))), size: 5000 };
    expect(verdicts((await createScanner().scan([short])).files)).toEqual({ 'model.pkl': 'unscannable' });
  });

  test('fails when a file is not there', async () => {
    const gone = { ...(await target('a.txt', 'x')), file: join(folder, 'gone') };
    await expect(createScanner().scan([gone])).rejects.toThrow('ENOENT');
  });

  test('stops when it is told to', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(createScanner().scan([await target('a.txt', 'x')], { signal })).rejects.toThrow('enough');
  });
});

describe('facts that are remembered', () => {
  const cacheKey = Buffer.alloc(32, 7);

  test('make the bytes unnecessary', async () => {
    const cache = new MemoryCache();
    const evil = await target('evil.pkl', callPickle('os', 'system'));
    const first = await createScanner({ cache, cacheKey }).scan([evil]);
    const second = await createScanner({ cache, cacheKey }).scan([{ ...evil, file: '/nowhere' }]);
    expect(cache.entries.size).toBe(1);
    expect([...cache.entries.keys()][0]).toBe(`${CORE_VERSION}/${evil.sha256}`);
    expect(second).toEqual(first);
  });

  test.each([
    ['no JSON', 'pass'],
    ['of another form', '{"format": "text", "verdict": "pass"}'],
    ['of another size', '{"format": "text", "size": 1, "problems": []}'],
  ])('count for nothing when they are %s', async (_what, entry) => {
    const evil = await target('evil.pkl', callPickle('os', 'system'));
    const cache = new MemoryCache();
    await new SealedFacts(cache, cacheKey).put(evil.sha256, CORE_VERSION, entry);
    expect(verdicts((await createScanner({ cache, cacheKey }).scan([evil])).files)).toEqual({ 'evil.pkl': 'block' });
  });
});

describe('a child process that misbehaves', () => {
  const worker = new URL('./sandboxed/misbehaving.ts', import.meta.url);
  const misbehaving = (limits: ScannerOptions['limits'] = {}, cache?: FactCache) =>
    createScanner({
      worker,
      limits: { memoryBytes: 200 * 1024 * 1024, fileMilliseconds: 30_000, ...limits },
      ...(cache && { cache }),
    });

  test.each<[string, ScannerOptions['limits'], RegExp]>([
    ['bomb', {}, /it used \d+ MiB of memory, and 200 MiB are allowed/],
    ['heap', {}, /memory|heap/],
    ['exit', {}, /ended with status 3/],
    ['dies', {}, /ended with SIG(ABRT|TRAP|ILL|SEGV)/],
    ['hang', { fileMilliseconds: 1500 }, /longer than the 1\.5 s/],
    ['junk', {}, /answered nonsense: a line that is no JSON/],
    ['liar', {}, /answered for another file/],
    ['form', {}, /answered nonsense/],
    ['deep', {}, /answered nonsense: a line nested deeper than/],
    ['long', {}, /too many facts: they take more than the 4 MiB/],
    ['none', {}, /ended with status 0/],
  ])('by "%s" makes its file unscannable and leaves its neighbours alone', async (word, limits, reason) => {
    const cache = new MemoryCache();
    const scanner = misbehaving(limits, cache);
    const bad = await target('bad', word);
    const { files: scans } = await scanner.scan([await target('a', 'good 1'), bad, await target('c', 'good 2')]);
    expect(verdicts(scans)).toEqual({ a: 'pass', bad: 'unscannable', c: 'pass' });
    const findings = scans.get(bad.path)?.findings;
    expect(findings).toEqual([{ rule: 'unscannable', level: 'review', message: expect.stringMatching(reason) }]);
    expect(findings?.[0]?.message).toMatch(/^could not be read to its end: /);
    // What a machine's limits did is not remembered: it says nothing about the bytes.
    expect(cache.entries.size).toBe(2);
    // And the scanner goes on.
    expect(verdicts((await scanner.scan([await target('next', 'good 3')])).files)).toEqual({ next: 'pass' });
  });
});
