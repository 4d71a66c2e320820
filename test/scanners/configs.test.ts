// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { judged, rulesOf } from './judged.ts';

describe('an honest configuration passes', () => {
  test.each([
    [
      'tokenizer.json',
      { model: { vocab: { constructor: 1, toString: 2, valueOf: 3, __proto__x: 4, hasOwnProperty: [5] } } },
    ],
    [
      'model.safetensors.index.json',
      { weight_map: { a: 'model-00001-of-00002.safetensors', b: 'sub/model_2.safetensors' } },
    ],
    ['adapter_config.json', { base_model_name_or_path: 'org/base', peft_type: 'LORA', auto_mapping: null }],
    [
      'adapter_config.json',
      { auto_mapping: { base_model_class: 'BertModel', parent_library: 'transformers.models.bert.modeling_bert' } },
    ],
    [
      'model_index.json',
      {
        _class_name: 'StableDiffusionPipeline',
        unet: ['diffusers', 'UNet2DConditionModel'],
        safety_checker: [null, null],
      },
    ],
    [
      'prompt.json',
      {
        lc: 1,
        type: 'constructor',
        id: ['langchain_core', 'prompts', 'PromptTemplate'],
        kwargs: { template: 'a {b}' },
      },
    ],
    ['config.json', { model_type: 'llama', _attn_implementation: 'flash_attention_2' }],
    ['config.json', { id: ['os', 'system'], command: 'x', parts: ['a', 'b'] }],
    ['modules.json', [{ idx: 1, name: '1', path: '1_Pooling', type: 'sentence_transformers.models.Pooling' }]],
    ['config.json', { down_block_types: ['DownBlock2D', 'AttnDownBlock2D'], _class_name: 'UNet2DModel' }],
    ['data.json', [{ path: '/data/a.png' }]],
  ])('%s: %j', async (path, content) => {
    expect(await judged(JSON.stringify(content), path)).toMatchObject({ verdict: 'pass', findings: [] });
  });
});

describe('what a loader would act on is a finding', () => {
  test.each([
    ['config.json', { auto_map: { AutoModel: 'other/repo--modeling.Model' } }, 'foreign-code', 'review'],
    ['config.json', { _attn_implementation: 'other/kernel' }, 'foreign-code', 'review'],
    ['model.safetensors.index.json', { weight_map: { a: '../../secret.bin' } }, 'shard-file', 'block'],
    ['model.safetensors.index.json', { weight_map: { a: '/etc/passwd' } }, 'shard-file', 'block'],
    ['model.safetensors.index.json', { weight_map: { a: 'sub/../../x' } }, 'shard-file', 'block'],
    ['model.safetensors.index.json', { weight_map: { a: 'http://host/x' } }, 'shard-file', 'block'],
    ['adapter_config.json', { auto_mapping: { parent_library: 'evil.module' } }, 'custom-code', 'review'],
    ['model_index.json', { unet: ['my_module', 'Net'], _class_name: 'P' }, 'custom-code', 'review'],
    [
      'adapter_config.json',
      { auto_mapping: { parent_library: 'os', base_model_class: 'system' } },
      'custom-code',
      'block',
    ],
    ['modules.json', [{ path: '../../x', type: 'sentence_transformers.models.Pooling' }], 'shard-file', 'block'],
    ['modules.json', [{ path: '', type: 'os.system' }], 'custom-code', 'block'],
    ['modules.json', [{ path: '', type: 'own.Module' }], 'custom-code', 'review'],
    [
      'config.json',
      { down_block_types: ['blocks', 'AttnDownBlock2D'], _class_name: 'UNet2DModel' },
      'custom-code',
      'review',
    ],
    ['model_index.json', { unet: ['subprocess', 'Popen'], _class_name: 'P' }, 'custom-code', 'block'],
    ['model_index.json', { unet: ['own', 'Net'], _class_name: ['pipeline', 'Own'] }, 'custom-code', 'review'],
    ['model_index.json', { _class_name: ['pipeline', 'Own'] }, 'custom-code', 'review'],
    ['chain.json', { id: ['os', 'system'], type: 'constructor', lc: 1 }, 'config-constructor', 'review'],
    ['package.json', { scripts: { postinstall: 'echo benign-test' } }, 'config-command', 'review'],
    ['mcp.json', { mcpServers: { a: { command: 'echo', args: ['benign-test'] } } }, 'config-command', 'review'],
  ])('%s: %j', async (path, content, rule, verdict) => {
    expect(await rulesOf(JSON.stringify(content), path)).toContain(rule);
    expect((await judged(JSON.stringify(content), path)).verdict).toBe(verdict);
  });
});
