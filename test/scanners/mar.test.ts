// SPDX-License-Identifier: Apache-2.0
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { judged, rulesOf } from './judged.ts';
import { callPickle, raw, stateDict } from './pickle-bytes.ts';
import { zipOf } from './zip-bytes.ts';

const hostile = callPickle('os', 'system');
const archive = (model: object, ...more: (readonly [string, Uint8Array])[]) =>
  zipOf([
    {
      name: 'MAR-INF/MANIFEST.json',
      data: raw(JSON.stringify({ runtime: 'python', model, archiverVersion: '0.9.0' })),
    },
    ...more.map(([name, data]) => ({ name, data })),
  ]);

describe('an archive for TorchServe', () => {
  test('passes with a handler of the server', async () => {
    const bytes = archive({ modelName: 'm', handler: 'image_classifier', serializedFile: 'model.pkl' }, [
      'model.pkl',
      stateDict({}),
    ]);
    expect(await judged(bytes, 'model.mar')).toMatchObject({ format: 'mar', verdict: 'pass' });
  });

  test.each([
    ['its own handler', { handler: 'handler.py:handle' }, 'mar-handler', 'review'],
    ['a handler outside', { handler: '../../handler.py' }, 'mar-handler', 'block'],
    [
      'packages to install',
      { handler: 'base_handler', requirementsFile: 'requirements.txt' },
      'mar-requirements',
      'review',
    ],
    ['files outside', { handler: 'base_handler', extraFiles: 'a.txt,/etc/passwd' }, 'mar-file', 'block'],
  ])('with %s is a finding', async (_what, model, rule, verdict) => {
    const scan = await judged(archive(model), 'model.mar');
    expect(scan.findings.map((finding) => finding.rule)).toContain(rule);
    expect(scan.verdict).toBe(verdict);
  });

  test('is blocked for its pickle', async () => {
    const bytes = archive({ handler: 'text_classifier' }, ['model.pt', hostile]);
    expect((await judged(bytes, 'model.mar')).verdict).toBe('block');
  });

  test('and a configuration with such keys elsewhere is none', async () => {
    expect(await rulesOf('{"model": {"handler": "own.py"}}', 'config.json')).toEqual([]);
  });
});

describe('a model of NeMo', () => {
  const entry = (name: string, data: Uint8Array) => {
    const block = Buffer.alloc(512);
    block.write(name, 0, 'latin1');
    block.write('0000644\0', 100, 'latin1');
    block.write(`${data.length.toString(8).padStart(11, '0')}\0`, 124, 'latin1');
    block.write('0', 156, 'latin1');
    block.write('ustar\x0000', 257, 'latin1');
    block.fill(0x20, 148, 156);
    const sum = block.reduce((total, byte) => total + byte, 0);
    block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
    return raw(block, data, Buffer.alloc((512 - (data.length % 512)) % 512));
  };
  const nemo = (weights: Uint8Array) =>
    raw(
      entry('./model_config.yaml', raw('sample_rate: 16000\n')),
      entry('./model_weights.ckpt', weights),
      Buffer.alloc(1024),
    );

  test.each([
    ['plain', (bytes: Buffer) => bytes],
    ['compressed', (bytes: Buffer) => gzipSync(bytes)],
  ])('is read, %s', async (_how, packed) => {
    expect(await judged(packed(nemo(stateDict({}))), 'model.nemo')).toMatchObject({ verdict: 'pass', findings: [] });
    expect((await judged(packed(nemo(hostile)), 'model.nemo')).verdict).toBe('block');
  });
});
