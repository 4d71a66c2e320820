// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { BudgetHit } from '#scanners/budgets.ts';
import { DataClaims } from '#scanners/claims.ts';
import { newFacts } from '#scanners/facts.ts';
import { createJudge } from '#scanners/judge/findings.ts';
import { judgeSnapshot, type SnapshotJudgement } from '#scanners/judge/snapshot.ts';
import { snapshotPart } from '#scanners/judge/snapshot-part.ts';
import { UseList } from '#scanners/uses.ts';
import { sha256Of } from '#src/domain/digest.ts';
import { factsOf, rules } from './judged.ts';
import { raw } from './pickle-bytes.ts';
import { field, onnxEntry, onnxModel, onnxNode } from './protobuf-bytes.ts';

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

/** A model whose constants lie in these ranges: offset and length. */
const openvino = (...ranges: readonly (readonly [number, number])[]) =>
  `<?xml version="1.0"?><net name="n" version="11"><layers>${ranges
    .map(
      ([offset, size], id) =>
        `<layer id="${id}" name="c" type="Const" version="opset1"><data element_type="u8" shape="1" offset="${offset}" size="${size}"/></layer>`,
    )
    .join('')}</layers><edges/></net>`;
/** A model with a tensor in `w.bin` for each of these: its length by its shape, and what is written of its place. */
const onnx = (...tensors: readonly (readonly [items: number, place: Record<string, string>])[]) =>
  onnxModel({
    nodes: [onnxNode('Add')],
    initializers: tensors.map(([items, place]) => {
      const entries = Object.entries({ location: 'w.bin', ...place });
      return raw(
        ...[field(1, items), field(2, 2), field(8, 'w')],
        ...entries.map(([key, value]) => field(13, onnxEntry(key, value))),
        field(14, 1),
      );
    }),
  });
const bytes = (length: number) => raw(Buffer.from([1, 2, 0xff, 0]), Buffer.alloc(length - 4, 0x9d));
const rulesOf = ({ files }: SnapshotJudgement, path: string) => files.get(path)?.findings.map(({ rule }) => rule);

describe('data beside a model', () => {
  test('is explained by the model that names it, and by no name of its own', async () => {
    const { files } = await snapshot({ 'm/model.xml': openvino([0, 64]), 'm/model.bin': bytes(64) });
    expect(files.get('m/model.bin')).toMatchObject({ verdict: 'pass', findings: [{ rule: 'data-file' }] });
    const alone = await snapshot({ 'm/model.bin': bytes(64), 'model.xml': openvino([0, 64]) });
    expect(alone.files.get('m/model.bin')?.verdict).toBe('review');
  });

  test('that is shorter than its model says asks for a review', async () => {
    const judged = await snapshot({ 'model.xml': openvino([0, 65]), 'model.bin': bytes(64) });
    expect(rulesOf(judged, 'model.xml')).toContain('data-file-short');
  });

  test.each<[string, number, [number, number][]]>([
    [
      'side by side',
      300_000,
      [
        [0, 100],
        [100, 200_000],
        [200_100, 99_900],
      ],
    ],
    [
      'in another order',
      300_000,
      [
        [200_100, 99_900],
        [0, 100],
        [100, 200_000],
      ],
    ],
    [
      'shared by two tensors',
      300_000,
      [
        [0, 300_000],
        [0, 300_000],
        [100, 5],
      ],
    ],
    [
      'at the next page',
      200_000,
      [
        [0, 70_000],
        [131_072, 68_928],
      ],
    ],
    [
      'at the next 64 bytes',
      68,
      [
        [0, 4],
        [64, 4],
      ],
    ],
    ['with padding behind the last', 4096, [[0, 4000]]],
  ])('passes where tensors lie %s', async (_what, size, ranges) => {
    const judged = await snapshot({ 'model.xml': openvino(...ranges), 'model.bin': bytes(size) });
    expect(judged.files.get('model.bin')).toMatchObject({ verdict: 'pass', findings: [{ rule: 'data-file' }] });
  });

  test.each<[string, number, [number, number][]]>([
    ['one byte at the end', 300_000, [[299_999, 1]]],
    ['one byte at the end, at a page', 131_073, [[131_072, 1]]],
    ['all but the first bytes', 300_000, [[65_536, 234_464]]],
    [
      'all but some in the middle',
      300_000,
      [
        [0, 100_000],
        [200_000, 100_000],
      ],
    ],
    [
      'all but some that align nothing',
      300_000,
      [
        [0, 100_000],
        [100_101, 199_899],
      ],
    ],
    ['all but the last', 300_000, [[0, 200_000]]],
    [
      'small tensors at pages far apart',
      262_144,
      [
        [0, 1],
        [65_536, 1],
        [131_072, 1],
        [196_608, 1],
      ],
    ],
    ['nothing', 300_000, [[0, 0]]],
  ])('stays what it is alone where models claim %s', async (_what, size, ranges) => {
    const judged = await snapshot({ 'model.xml': openvino(...ranges), 'model.bin': bytes(size) });
    expect(judged.files.get('model.bin')?.verdict).toBe('review');
    expect(rulesOf(judged, 'model.bin')).toEqual(['unrecognised-content', 'data-file-rest']);
  });

  test('is explained by several models together', async () => {
    const first = onnx([1000, { offset: '0', length: '1000' }]);
    const second = onnx([2000, { offset: '1000', length: '2000' }]);
    const both = await snapshot({ 'a.onnx': first, 'b.onnx': second, 'w.bin': bytes(3000) });
    expect(both.files.get('w.bin')?.verdict).toBe('pass');
    const one = await snapshot({ 'b.onnx': second, 'w.bin': bytes(3000) });
    expect(rulesOf(one, 'w.bin')).toContain('data-file-rest');
  });

  test('has the length of its shape, and none that goes to the end, where none is written', async () => {
    const whole = await snapshot({ 'a.onnx': onnx([3000, {}]), 'w.bin': bytes(3000) });
    expect(whole.files.get('w.bin')?.verdict).toBe('pass');
    const less = await snapshot({ 'a.onnx': onnx([100, {}]), 'w.bin': bytes(3000) });
    expect(rulesOf(less, 'w.bin')).toContain('data-file-rest');
  });

  test.each([
    ['offset', '-1'],
    ['offset', '99999999999999999999'],
    ['length', '-3000'],
    ['length', '0x0bb8'],
    ['length', ''],
  ])('is not explained by the %s %j, which is blocked', async (key, value) => {
    const judged = await snapshot({ 'a.onnx': onnx([3000, { [key]: value }]), 'w.bin': bytes(3000) });
    expect(judged.files.get('w.bin')?.verdict).toBe('review');
    expect(judged.files.get('a.onnx')?.verdict).toBe('block');
  });

  test('of a hundred thousand tensors is one run, in whatever order they come', async () => {
    const claims = new DataClaims();
    const count = 100_000;
    const begins = Array.from({ length: count }, (_, i) => ((i * 7919) % count) * 16);
    for (const begin of begins) claims.add('w', [begin, begin + 16], '$');
    const facts = newFacts('onnx', 0);
    claims.report(new UseList(facts), 'x');
    expect(facts.uses?.map(({ name }) => name)).toEqual([`0-${count * 16} w`]);
  });

  test('that is claimed in countless pieces is no honest file', () => {
    const claims = new DataClaims();
    const scatter = () => {
      for (let i = 0; i < 200_000; i++) claims.add('w', [i * 1000 + 1, i * 1000 + 2], '$');
    };
    expect(scatter).toThrow(BudgetHit);
  });

  test('that is not there is told once, however much is missing', async () => {
    const judged = await snapshot({ 'a.onnx': onnx([9, {}], [9, { location: 'x.bin' }], [9, { offset: '900' }]) });
    const missing = judged.files.get('a.onnx')?.findings.filter(({ rule }) => rule === 'data-file-missing');
    expect(missing?.map(({ message }) => message)).toEqual([expect.stringContaining('nor are 1 other files')]);
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
