// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { createJudge } from '#scanners/judge/findings.ts';
import { judgeSnapshot, type SnapshotJudgement } from '#scanners/judge/snapshot.ts';
import { snapshotPart } from '#scanners/judge/snapshot-part.ts';
import { sha256Of } from '#src/domain/digest.ts';
import { factsOf, rules } from './judged.ts';
import { raw } from './pickle-bytes.ts';

const judge = createJudge(rules);

async function snapshot(files: Readonly<Record<string, Uint8Array | string>>): Promise<SnapshotJudgement> {
  const read = await Promise.all(
    Object.entries(files).map(async ([path, content]) => {
      const bytes = Buffer.from(content);
      const facts = await factsOf(bytes);
      const part = snapshotPart(facts, { path, size: bytes.length, sha256: sha256Of(bytes) }, rules);
      return { path, part, judgement: judge(facts, path) };
    }),
  );
  const judgements = new Map(read.map(({ path, judgement }) => [path, judgement]));
  return judgeSnapshot(
    read.map(({ part }) => part),
    judgements,
    rules,
  );
}

const constant = ([begin, end]: readonly [number, number], id = 0) =>
  `<layer id="${id}" name="c${id}" type="Const" version="opset1"><data element_type="f32" shape="1" offset="${begin}" size="${end - begin}"/></layer>`;
const openvino = (...ranges: readonly (readonly [number, number])[]) =>
  `<?xml version="1.0"?><net name="n" version="11"><layers>${ranges.map(constant).join('')}</layers><edges/></net>`;
const DATA = raw(Buffer.from([1, 2, 0xff, 0]), Buffer.alloc(60, 0x9d));

describe('data beside a model', () => {
  test('is explained by the model that names it, and by no name of its own', async () => {
    const { files } = await snapshot({ 'm/model.xml': openvino([0, 64]), 'm/model.bin': DATA });
    expect(files.get('m/model.bin')).toMatchObject({ verdict: 'pass', findings: [{ rule: 'data-file' }] });
    const alone = await snapshot({ 'm/model.bin': DATA, 'model.xml': openvino([0, 64]) });
    expect(alone.files.get('m/model.bin')?.verdict).toBe('review');
  });

  test('that is shorter than its model says asks for a review', async () => {
    const { files } = await snapshot({ 'model.xml': openvino([0, 65]), 'model.bin': DATA });
    expect(files.get('model.xml')?.findings.map(({ rule }) => rule)).toContain('data-file-short');
  });

  test('that goes on long after what its model says asks for a review', async () => {
    const { files } = await snapshot({
      'model.xml': openvino([0, 64]),
      'model.bin': raw(DATA, Buffer.alloc(100_000, 0x9d)),
    });
    expect(files.get('model.bin')?.findings.map(({ rule }) => rule)).toContain('data-file-rest');
  });
});

describe('data between the tensors of a model', () => {
  const MIB = 1024 * 1024;
  const rulesFor = async (size: number, model: string) => {
    const { files } = await snapshot({ 'model.xml': model, 'model.bin': raw(DATA, Buffer.alloc(size - 64, 0x9d)) });
    return files.get('model.bin')?.findings.map(({ rule }) => rule);
  };

  test('is padding where it ends at the next page', async () => {
    expect(await rulesFor(3 * MIB, openvino([0, MIB + 10], [MIB + 65_536, 3 * MIB - 100]))).toEqual(['data-file']);
  });

  test('is not explained by a tensor behind it', async () => {
    expect(await rulesFor(3 * MIB, openvino([3 * MIB - 1, 3 * MIB]))).toEqual(['data-file-rest']);
    expect(await rulesFor(3 * MIB, openvino([0, MIB], [2 * MIB, 3 * MIB]))).toEqual(['data-file-rest']);
  });

  test('is not explained by small tensors with a page between any two', async () => {
    const specks = Array.from({ length: 48 }, (_, i) => [i * 65_536, i * 65_536 + 8] as const);
    expect(await rulesFor(3 * MIB, openvino(...specks))).toEqual(['data-file-rest']);
  });

  test('is explained where tensors overlap', async () => {
    expect(await rulesFor(MIB, openvino([0, MIB], [0, 10], [5, MIB - 7]))).toEqual(['data-file']);
  });
});

describe('code that a configuration names', () => {
  const CONFIG = '{"model_type": "x", "auto_map": {"AutoModel": "modeling_x.X"}}';
  const CODE = 'import torch\n';
  const digestOf = async (files: Record<string, string>) => (await snapshot(files)).code?.digest;

  test('has a digest of the code and of what names it', async () => {
    const first = await digestOf({ 'config.json': CONFIG, 'modeling_x.py': CODE });
    expect(first).toMatch(/^[0-9a-f]{64}$/);
    expect(await digestOf({ 'modeling_x.py': CODE, 'config.json': CONFIG, 'README.md': '# other\n' })).toBe(first);
    const others = [
      { 'config.json': CONFIG.replace('modeling_x.X', 'other.X'), 'modeling_x.py': CODE },
      { 'config.json': CONFIG.replace('"x",', '"x", "external_tool": "curl",'), 'modeling_x.py': CODE },
      { 'config.json': CONFIG, 'modeling_x.py': `${CODE}\n` },
      { 'config.json': CONFIG, 'sub/modeling_x.py': CODE },
      { 'config.json': CONFIG, 'modeling_x.py': CODE, 'other.py': CODE },
    ];
    for (const other of others) expect(await digestOf(other as Record<string, string>)).not.toBe(first);
  });

  test('is none where no configuration names any', async () => {
    expect((await snapshot({ 'config.json': '{"model_type": "bert"}', 'convert.py': CODE })).code).toBeUndefined();
  });
});
