// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseRepo, type RepoKind } from '#src/domain/repo.ts';
import { contentsOf } from '#src/hub/info/contents.ts';
import { buildInfo, type RepoInfo, shapeInfo } from '#src/hub/info.ts';
import { createPrebuilt } from '#src/hub/prebuilt.ts';
import { stored } from './release.ts';
import { gguf, manyPairs, safetensors, sharded } from './weights.ts';

async function infoWith(files: Record<string, string | Uint8Array>, kind: RepoKind = 'models'): Promise<RepoInfo> {
  const { release, blobs } = stored(files, parseRepo(kind, 'acme/tree'));
  return buildInfo(release, contentsOf(release, blobs));
}

const card = (yaml: string, body = '# Hello\n') => `---\n${yaml}\n---\n${body}`;

describe('what model_info says of a release', () => {
  it('comes from its own card and configuration', async () => {
    const info = await infoWith({
      'README.md': card(
        'license: mit\npipeline_tag: fill-mask\ntags: [a, b]\nlanguage: en\ndatasets: [d/e]\nbase_model: x/y\nbase_model_relation: finetune\nwidget: [{text: hi}]',
        'See https://arxiv.org/abs/1706.03762 and arXiv:1810.04805.',
      ),
      'config.json':
        '{"model_type":"bert","architectures":["BertModel",7],"quantization_config":{"quant_method":"gptq","bits":4}}',
      'model.safetensors': safetensors({ w: ['F32', [2, 3]], b: ['F16', [5]], n: ['F32', []] }),
      'pytorch_model.bin': 'x',
    });
    expect(info).toMatchObject({
      author: 'acme',
      pipeline_tag: 'fill-mask',
      library_name: 'transformers',
      cardData: { license: 'mit', language: 'en' },
      widgetData: [{ text: 'hi' }],
      config: {
        model_type: 'bert',
        architectures: ['BertModel'],
        quantization_config: { quant_method: 'gptq', bits: 4 },
      },
      safetensors: { parameters: { F32: 7, F16: 5 }, total: 12 },
    });
    expect(info.tags).toEqual([
      ...['transformers', 'pytorch', 'safetensors', 'bert', 'fill-mask', 'a', 'b', 'en', 'dataset:d/e'],
      ...['arxiv:1706.03762', 'arxiv:1810.04805', 'base_model:x/y', 'base_model:finetune:x/y', 'license:mit'],
    ]);
  });

  it.each([
    ['LlamaForCausalLM', { auto_model: 'AutoModelForCausalLM', pipeline_tag: 'text-generation' }],
    ['GPT2LMHeadModel', { auto_model: 'AutoModelForCausalLM', pipeline_tag: 'text-generation' }],
    ['BertForMaskedLM', { auto_model: 'AutoModelForMaskedLM', pipeline_tag: 'fill-mask' }],
    ['WhisperForConditionalGeneration', { auto_model: 'AutoModelForSpeechSeq2Seq' }],
    // Says nothing certain: T5 and LLaVA end alike.
    ['T5ForConditionalGeneration', undefined],
  ])('a model without words of its own is what its architecture %s leaves no doubt of', async (architecture, says) => {
    const info = await infoWith({ 'config.json': JSON.stringify({ model_type: 'x', architectures: [architecture] }) });
    if (says) expect(info.transformersInfo).toMatchObject(says);
    else expect(info).not.toHaveProperty('transformersInfo');
    expect(info.pipeline_tag).toBe((info.transformersInfo as { pipeline_tag?: string } | undefined)?.pipeline_tag);
    expect(info.library_name).toBe('transformers');
  });

  it('knows other libraries by their files', async () => {
    const diffusers = await infoWith({ 'model_index.json': '{"_class_name":"StableDiffusionPipeline"}' });
    expect(diffusers).toMatchObject({ library_name: 'diffusers', pipeline_tag: 'text-to-image' });
    const sentences = await infoWith({ 'modules.json': '[]', 'config_sentence_transformers.json': '{}' });
    expect(sentences).toMatchObject({ library_name: 'sentence-transformers', pipeline_tag: 'sentence-similarity' });
    const adapter = await infoWith({ 'adapter_config.json': '{"peft_type":"LORA","base_model_name_or_path":"a/b"}' });
    expect(adapter).toMatchObject({ library_name: 'peft', config: { peft: { base_model_name_or_path: 'a/b' } } });
    expect(await infoWith({ 'config.json': '{"architecture":"resnet50"}' })).not.toHaveProperty('library_name');
  });

  it('has the chat template and the special tokens, and not the vocabulary', async () => {
    const tokenizer = {
      chat_template: '{{ x }}',
      bos_token: '<s>',
      mask_token: { content: '[MASK]', lstrip: true, special: true },
      eos_token: null,
      added_tokens_decoder: { 0: {} },
    };
    const info = await infoWith({
      'config.json': '{"model_type":"bert","vocab_size":7,"auto_map":{"AutoModel":"m.M","x":7}}',
      'tokenizer_config.json': JSON.stringify(tokenizer),
      'chat_template.jinja': 'jinja',
    });
    expect(info.config).toEqual({
      model_type: 'bert',
      auto_map: { AutoModel: 'm.M' },
      chat_template_jinja: 'jinja',
      tokenizer_config: {
        bos_token: '<s>',
        mask_token: { __type: 'AddedToken', content: '[MASK]', lstrip: true },
        chat_template: '{{ x }}',
      },
    });
    expect(info).toMatchObject({ mask_token: '[MASK]' });
    expect(info.tags).toContain('custom_code');
  });

  it('tells a dataset by the fields of its card and the formats of its files', async () => {
    const yaml =
      'language: [en, fr]\nlicense: mit\ntask_categories: question-answering\ntags: [t]\nsize_categories: n<1K';
    const info = await infoWith({ 'README.md': card(yaml), 'data/train.csv': '' }, 'datasets');
    expect(info.tags).toEqual([
      ...['task_categories:question-answering', 'language:en', 'language:fr', 'license:mit', 'size_categories:n<1K'],
      ...['t', 'format:csv'],
    ]);
    expect(info).not.toHaveProperty('modelId');
    expect(info).not.toHaveProperty('pipeline_tag');
  });

  it('tells a space by its card', async () => {
    const info = await infoWith({ 'README.md': card('sdk: gradio\nmodels: [a/b, 7]\ntags: [t]') }, 'spaces');
    expect(info).toMatchObject({ sdk: 'gradio', models: [], datasets: [], tags: ['gradio', 't'] });
    expect(await infoWith({ 'README.md': card('models: [a/b]') }, 'spaces')).toMatchObject({ models: ['a/b'] });
  });
});

describe('a hostile card or configuration', () => {
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
    ['endless colons', `---\nlicense: mit\n---\n${'arxiv: '.repeat(200_000)}`],
  ])('with %s does not fail, and does not hang', async (_, readme) => {
    const info = await infoWith({ 'README.md': readme });
    expect(JSON.parse(JSON.stringify(info))).toMatchObject({ id: 'acme/tree' });
  });

  it('loses the keys that the classes of the clients stumble over, and no other', async () => {
    const yaml = [
      'self: 1\nignore_metadata_errors: 2\neval_results: x\ntags: 7\nlibrary_name: [a]\nlanguage: {a: b}\nlicense: null',
      'custom: {deep: [1]}\n__proto__: {polluted: 1}\nnumber: .inf',
    ].join('\n');
    const { cardData, ...info } = await infoWith({ 'README.md': card(yaml) });
    expect(Object.keys(cardData as object).sort()).toEqual(['__proto__', 'custom', 'license', 'number']);
    expect(info).not.toHaveProperty('library_name');
    expect(info.tags).toEqual([]);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  it.each([
    [
      'a name without an address of the source',
      '[{name: a, results: [{task: {type: t}, dataset: {type: d, name: n}, metrics: [{type: m, value: 1}], source: {name: s}}]}]',
      false,
    ],
    [
      'a source that is a text',
      '[{name: a, results: [{task: {type: t}, dataset: {type: d, name: n}, metrics: [], source: s}]}]',
      false,
    ],
    ['no results', '[{name: a}]', false],
    ['a text', 'abc', false],
    [
      'everything that is needed',
      '[{name: a, results: [{task: {type: t}, dataset: {type: d, name: n}, metrics: [{type: m, value: 1}]}]}]',
      true,
    ],
  ])('has a model-index with %s: kept is %s', async (_, yaml, kept) => {
    const info = await infoWith({ 'README.md': card(`model-index: ${yaml}`) });
    expect(info['model-index'] !== null).toBe(kept);
    expect(Object.hasOwn(info.cardData as object, 'model-index')).toBe(kept);
  });

  it('leaves a configuration out that nests too deep to be written', async () => {
    const deep = `{"model_type":"x","quantization_config":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
    expect((await infoWith({ 'config.json': deep })).config).toEqual({ model_type: 'x' });
  });

  it('never gives a field of another type than clients expect, whatever the files say', async () => {
    const known = fc.constantFrom(
      ...[
        'model_type',
        'architectures',
        'auto_map',
        'quantization_config',
        'chat_template',
        'bos_token',
        '_class_name',
      ],
      ...['library_name', 'pipeline_tag', 'tags', 'license', 'language', 'widget', 'model-index', 'sdk', '__proto__'],
    );
    const files = fc.dictionary(
      fc.constantFrom('config.json', 'tokenizer_config.json', 'adapter_config.json', 'model_index.json', 'card'),
      fc.dictionary(known, fc.jsonValue({ maxDepth: 3 })),
    );
    await fc.assert(
      fc.asyncProperty(files, fc.constantFrom<RepoKind>('models', 'datasets', 'spaces'), async (found, kind) => {
        const { card: yaml, ...json } = found;
        const texts = Object.entries(json).map(([path, value]) => [path, JSON.stringify(value)]);
        const info = await infoWith(
          { ...Object.fromEntries(texts), ...(yaml && { 'README.md': card(JSON.stringify(yaml)) }) },
          kind,
        );
        expect(info.tags.every((tag) => typeof tag === 'string')).toBe(true);
        for (const key of ['pipeline_tag', 'library_name', 'mask_token', 'sdk'])
          expect(['string', 'undefined']).toContain(typeof info[key]);
        for (const key of ['config', 'transformersInfo', 'safetensors', 'gguf'])
          if (info[key] !== undefined) expect(Object.prototype.toString.call(info[key])).toBe('[object Object]');
        expect(JSON.parse(JSON.stringify(info))).toMatchObject({ id: 'acme/tree' });
      }),
      { numRuns: 200 },
    );
  });
});

describe('the count of parameters', () => {
  const counted = async (files: Record<string, string | Uint8Array>) => (await infoWith(files)).safetensors;

  it('is read from the headers alone', async () => {
    const big = Buffer.concat([safetensors({ w: ['BF16', [1024, 1024]] }), Buffer.alloc(2 * 2 ** 20)]);
    const { release, blobs, reads } = stored({ 'model.safetensors': big });
    const info = await buildInfo(release, contentsOf(release, blobs));
    expect(info.safetensors).toEqual({ parameters: { BF16: 2 ** 20 }, total: 2 ** 20 });
    expect(reads.bytes).toBeLessThan(200_000);
  });

  it('is of a header that is longer than the first read, too', async () => {
    const tensors = Object.fromEntries(
      Array.from({ length: 5000 }, (_, i) => [`layer.${i}.weight`, ['I8', [2]] as [string, number[]]]),
    );
    expect(await counted({ 'model.safetensors': safetensors(tensors) })).toMatchObject({ total: 10_000 });
  });

  it('is the sum over all shards, and missing where a shard is not served', async () => {
    const files = sharded(3, { w: ['F32', [10]] });
    expect(await counted(files)).toEqual({ parameters: { F32: 30 }, total: 30 });
    const { 'model-00002-of-00003.safetensors': _, ...rest } = files;
    expect(await counted(rest as Record<string, Uint8Array>)).toBeUndefined();
  });

  it.each([
    ['is cut off', safetensors({ w: ['F32', [1]] }).subarray(0, 12)],
    ['is empty', Buffer.alloc(0)],
    ['claims more than the file has', Buffer.concat([Buffer.from('ffffffffffffff7f', 'hex'), Buffer.from('{}')])],
    ['overflows', safetensors({ w: ['F32', [2 ** 40, 2 ** 40]] })],
    ['overflows in the sum', safetensors({ a: ['F32', [2 ** 52]], b: ['F32', [2 ** 52]], c: ['F32', [2]] })],
    ['has a negative size', safetensors({ w: ['F32', [-1]] })],
    ['has a fraction of a size', safetensors({ w: ['F32', [1.5]] })],
    ['has a type that is none', safetensors({ w: ['__proto__', [1]] })],
    ['has a shape that is none', safetensors({ w: ['F32', 'x' as never] })],
    ['is a list', Buffer.concat([Buffer.from([2, 0, 0, 0, 0, 0, 0, 0]), Buffer.from('[]')])],
  ])('is missing where the header %s', async (_, bytes) => {
    expect(await counted({ 'model.safetensors': bytes })).toBeUndefined();
  });
});

describe('the description of a GGUF file', () => {
  const head = { architecture: 'llama', contextLength: 4096, template: '{{ x }}', vocabulary: 50_000 };

  it('has architecture, context and parameters, behind a vocabulary too', async () => {
    const info = await infoWith({ 'm-Q4_K_M.gguf': gguf(head, [[10, 20], [5]]) });
    expect(info.gguf).toEqual({
      total: 205,
      architecture: 'llama',
      context_length: 4096,
      chat_template: '{{ x }}',
    });
    expect(info.tags).toContain('gguf');
  });

  it('is of all parts of a split file, and missing where one is', async () => {
    const parts = { 'm-00001-of-00002.gguf': gguf(head, [[10]]), 'm-00002-of-00002.gguf': gguf({}, [[7]]) };
    expect((await infoWith(parts)).gguf).toMatchObject({ total: 17, architecture: 'llama' });
    expect(await infoWith({ 'm-00001-of-00002.gguf': gguf(head, [[10]]) })).not.toHaveProperty('gguf');
  });

  it('is missing where the heads of all parts are more than anybody needs to read', async () => {
    const part = gguf({ vocabulary: 500_000 }, [[1]]);
    const names = Array.from({ length: 40 }, (_, i) => `m-${String(i + 1).padStart(5, '0')}-of-00040.gguf`);
    const { release, blobs, reads } = stored(Object.fromEntries(names.map((name) => [name, part])));
    expect(await buildInfo(release, contentsOf(release, blobs))).not.toHaveProperty('gguf');
    expect(names.length * part.length).toBeGreaterThan(128 * 2 ** 20);
    expect(reads.bytes).toBeLessThanOrEqual(128 * 2 ** 20);
  });

  it.each([
    ['cut off', gguf(head, [[10]]).subarray(0, -5)],
    ['of another format', Buffer.from('GGML and so on, and so on')],
    ['of a million dimensions', gguf(head, [Array.from({ length: 1000 }, () => 2)])],
    ['too large to be true', gguf(head, [[2 ** 40, 2 ** 40]])],
    ['of more pairs than anybody writes', manyPairs(10_001)],
    ['empty', Buffer.alloc(0)],
  ])('is missing for one that is %s', async (_, bytes) => {
    expect(await infoWith({ 'm.gguf': bytes })).not.toHaveProperty('gguf');
  });
});

describe('the shapes of an answer', () => {
  const files = { 'README.md': card('license: mit'), 'config.json': '{"model_type":"x"}', 'a/b.txt': 'abc' };

  it('with blobs, siblings have sizes and digests', async () => {
    const { release, blobs } = stored(files);
    const info = await buildInfo(release, contentsOf(release, blobs));
    expect(shapeInfo(info, release, {})).toMatchObject({
      siblings: expect.arrayContaining([{ rfilename: 'a/b.txt' }]),
    });
    expect(shapeInfo(info, release, { blobs: true })).toMatchObject({
      siblings: expect.arrayContaining([
        { rfilename: 'a/b.txt', size: 3, blobId: 'f2ba8f84ab5c1bce84a7b441cb1959cfc7093b7f' },
      ]),
    });
  });

  it('with expand, only the named keys are there beside the ids', async () => {
    const { release, blobs } = stored(files);
    const info = await buildInfo(release, contentsOf(release, blobs));
    const keys = (expand: string[]) => Object.keys(shapeInfo(info, release, { expand }));
    expect(keys([])).toEqual(['_id', 'id']);
    expect(keys(['sha', 'siblings', 'nobody-knows', '__proto__', 'constructor', 'gguf'])).toEqual([
      ...['_id', 'id', 'sha', 'siblings'],
    ]);
  });

  it('are built once, and their files are read once', async () => {
    const { release, blobs, reads } = stored(files);
    const prebuilt = createPrebuilt(blobs);
    const shapes = [{}, { blobs: true }, { expand: ['sha'] }, { expand: ['siblings'] }];
    const first = await Promise.all(shapes.map((shape) => prebuilt.info(release, shape)));
    expect(reads.count).toBe(2);
    const again = await Promise.all(shapes.map((shape) => prebuilt.info(release, shape)));
    expect(reads.count).toBe(2);
    for (const [i, bytes] of again.entries()) expect(bytes).toBe(first[i]);
  });

  it('and what somebody makes up pushes none of them out', async () => {
    const { release, blobs, reads } = stored(files);
    const prebuilt = createPrebuilt(blobs);
    const [first] = await Promise.all([prebuilt.info(release, {}), prebuilt.info(release, { expand: ['sha'] })]);
    const long = 'x'.repeat(300_000);
    for (let n = 0; n < 250; n++) await prebuilt.info(release, { expand: [`${long}${n}`] });
    expect(await prebuilt.info(release, {})).toBe(first);
    expect(reads.count).toBe(2);
  });

  it('are not kept where the store failed meanwhile', async () => {
    const { release, blobs } = stored(files);
    let down = true;
    const prebuilt = createPrebuilt({
      open: async (...asked) => {
        if (down) throw new Error('down');
        return blobs.open(...asked);
      },
    });
    await expect(prebuilt.info(release, {})).rejects.toThrow('down');
    down = false;
    expect(JSON.parse((await prebuilt.info(release, {})).toString())).toMatchObject({ cardData: { license: 'mit' } });
  });
});
