// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { buildInfo } from '#src/hub/info.ts';
import { releaseOf } from './release.ts';

const infoWith = (files: Record<string, string>) =>
  buildInfo(releaseOf(...Object.keys(files)), async (_, path) => files[path]);

describe('what model_info says of a release', () => {
  it('comes from its own card and configuration', async () => {
    const info = await infoWith({
      'README.md': '---\nlicense: mit\npipeline_tag: fill-mask\ntags: [a, b]\nlanguage: en\n---\n# Hello\n',
      'config.json':
        '{"model_type":"bert","architectures":["BertModel",7],"quantization_config":{"quant_method":"gptq"}}',
      'model.safetensors': '',
    });
    expect(info).toMatchObject({
      pipeline_tag: 'fill-mask',
      library_name: 'transformers',
      cardData: { license: 'mit', language: 'en' },
      config: { model_type: 'bert', architectures: ['BertModel'], quantization_config: { quant_method: 'gptq' } },
    });
    expect(info.tags).toEqual(['transformers', 'safetensors', 'a', 'b', 'en', 'license:mit']);
  });

  // A parser that compares every key with every other took minutes for each of the first two.
  it.each([
    [
      'a hundred thousand keys',
      `---\nlicense: mit\n${Array.from({ length: 100_000 }, (_, i) => `k${i}: 1`).join('\n')}\n---\n`,
    ],
    [
      '20,000 keys within the limit',
      `---\nlicense: mit\n${Array.from({ length: 20_000 }, (_, i) => `k${i}: 1`).join('\n')}\n---\n`,
    ],
    ['deep nesting', `---\nlicense: mit\nx: ${'['.repeat(50_000)}\n---\n`],
    ['aliases', '---\na: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n---\n'],
    ['no end', '---\nlicense: mit\n'],
    ['a list', '---\n- a\n---\n'],
  ])('does not fail, and does not hang, for a card with %s', async (_, readme) => {
    const info = await infoWith({ 'README.md': readme });
    expect(JSON.parse(JSON.stringify(info))).toMatchObject({ id: 'acme/tree' });
  });

  it('leaves a configuration out that nests too deep to be written', async () => {
    const deep = `{"model_type":"x","quantization_config":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
    expect((await infoWith({ 'config.json': deep })).config).toEqual({ model_type: 'x' });
  });
});
