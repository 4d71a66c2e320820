// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { judged, rulesOf } from './judged.ts';
import { raw } from './pickle-bytes.ts';

const body = raw(2, 0, 0, 0, Buffer.alloc(60, 1));

describe('what can only be read by its own runtime', () => {
  test.each([
    ['a TensorRT engine', raw('ftrt', body), 'model.engine'],
    ['an older TensorRT engine', raw('ptrt', body), 'model.plan'],
    ['a Hailo program', raw('\x01HEF', body), 'model.hef'],
    ['a Rockchip program', raw('RKNN', body), 'model.rknn'],
    ['an Ascend program', raw('IMOD', body), 'model.om'],
  ])('%s asks for a review', async (_what, bytes, path) => {
    expect(await rulesOf(bytes, path)).toEqual(['compiled-engine']);
    expect((await judged(bytes, path)).verdict).toBe('review');
  });

  test('a plugin of a TensorRT engine is named', async () => {
    const { findings } = await judged(raw('ftrt', body, 'EfficientNMS_TRT\0', body), 'model.engine');
    expect(findings.map(({ message }) => message).join()).toContain('EfficientNMS_TRT');
  });

  test.each([
    ['of Java', raw(0xac, 0xed, 0, 5, 's', 'r', 0, 17, 'java.util.HashMap', body), 'java.util.HashMap'],
    [
      'of .NET',
      raw(0, 1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 1, 0, 0, 0, 'System.Data.DataSet', body),
      'System.Data.DataSet',
    ],
  ])('a stream of objects %s is blocked, and its classes are named', async (_what, bytes, name) => {
    const { verdict, findings } = await judged(bytes, 'weka.model');
    expect(verdict).toBe('block');
    expect(findings.map(({ message }) => message).join()).toContain(name);
  });
});
