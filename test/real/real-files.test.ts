// SPDX-License-Identifier: Apache-2.0
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { describe, expect, inject, test } from 'vitest';
import { extract } from '#scanners/extract.ts';
import { RandomBytes } from '#scanners/io/bytes.ts';
import { createJudge, type Judgement } from '#scanners/judge/findings.ts';
import { judgeSnapshot } from '#scanners/judge/snapshot.ts';
import { type SnapshotPart, snapshotPart } from '#scanners/judge/snapshot-part.ts';
import { loadRules } from '#scanners/rules.ts';
import { sha256Of } from '#src/domain/digest.ts';

// What people have on their disks: files of well-known libraries, written by the libraries themselves.
const folders = inject('python').realFiles;
const rules = loadRules();

/** Judged as one snapshot a folder: external data is explained by its model. */
async function judgedFolder(root: string): Promise<ReadonlyMap<string, Judgement>> {
  const judge = createJudge(rules);
  const parts: SnapshotPart[] = [];
  const judgements = new Map<string, Judgement>();
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  for (const entry of entries.filter((one) => one.isFile() && !/^(?:versions\.json|\.complete)$/.test(one.name))) {
    const file = join(entry.parentPath, entry.name);
    const bytes = await readFile(file);
    const path = relative(root, file);
    const facts = await extract(RandomBytes.ofMemory(bytes));
    parts.push(snapshotPart(facts, { path, size: bytes.length, sha256: sha256Of(bytes) }, rules));
    judgements.set(path, judge(facts, path));
  }
  return judgeSnapshot(parts, judgements, rules).files;
}

const versionsOf = async (folder: string) =>
  JSON.parse(await readFile(join(folder, 'versions.json'), 'utf8')) as Record<string, string>;

test('each library wrote with two versions that are years apart', async () => {
  const sets = await Promise.all(folders.map(versionsOf));
  for (const name of [
    'sklearn',
    'pandas',
    'xgboost',
    'lightgbm',
    'onnx',
    'h5py',
    'safetensors',
    'numpy',
    'joblib',
    'scipy',
  ]) {
    const seen = new Set(sets.flatMap((versions) => versions[name] ?? []));
    expect(seen.size, `${name}: ${[...seen].join(', ')}`).toBeGreaterThanOrEqual(2);
  }
});

describe.each(folders)('the files in %s', (folder) => {
  test('have no finding above information', async () => {
    const judged = await judgedFolder(folder);
    const open = [...judged].flatMap(([path, { format, verdict, findings }]) => {
      const said = findings.filter(({ level }) => level !== 'info').map(({ message }) => message);
      return verdict === 'pass' && said.length === 0 ? [] : [`${path} (${format}) ${verdict}: ${said.join('; ')}`];
    });
    expect(open).toEqual([]);
    expect(judged.size).toBeGreaterThan(100);
  });
});
