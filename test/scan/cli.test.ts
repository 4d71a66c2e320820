// SPDX-License-Identifier: Apache-2.0
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { callPickle, raw, stateDict } from '#test/scanners/pickle-bytes.ts';
import { zipOf } from '#test/scanners/zip-bytes.ts';

const CLI = fileURLToPath(new URL('../../src/cli.ts', import.meta.url));

interface Run {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'airlock-cli-scan-'));
  const files: Readonly<Record<string, Uint8Array | string>> = {
    'good/config.json': '{"model_type": "bert"}',
    'good/model.safetensors': raw(Buffer.from([2, 0, 0, 0, 0, 0, 0, 0]), '{}'),
    'good/sub/README.md': '# A model\n',
    'code/config.json': '{"auto_map": {"AutoModel": "m.M"}}',
    'evil/model.bin': zipOf([{ name: 'm/data.pkl', data: callPickle('os', 'system') }]),
    'evil/README.md': '# A model\n',
    'bomb/data.zip': zipOf([{ name: 'a.txt', data: Buffer.alloc(40_000_000), deflate: true }]),
    'links/state.pt': zipOf([{ name: 'm/data.pkl', data: stateDict({}) }]),
    'odd/a\u001b[2Jb.txt': 'text\n',
    'clone/.git/hooks/post-checkout': '#!/bin/sh\n',
  };
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
  await symlink('state.pt', join(folder, 'links/same.pt'));
});
afterAll(() => rm(folder, { recursive: true }));

/** The command as it is installed, without a server, configuration or keys. */
function airlock(...args: string[]): Promise<Run> {
  const env = { PATH: process.env.PATH, HOME: folder };
  return new Promise((resolve) => {
    execFile(process.execPath, [CLI, 'scan', ...args], { cwd: folder, env }, (error, out, err) =>
      resolve({ status: error ? Number(error.code) : 0, out, err }),
    );
  });
}

describe('airlock scan', () => {
  test.each([
    ['0 when all pass', ['good', 'good/config.json'], 0],
    ['1 when one is review', ['good', 'code'], 1],
    ['2 when one is block', ['code', 'evil', 'good'], 2],
    ['2 when one is unscannable', ['bomb'], 2],
    ['64 without a path', [], 64],
    ['64 for a path that is not there', ['good', 'nowhere'], 64],
    ['64 for an unknown option', ['--quick', 'good'], 64],
  ])('exits with %s', async (_when, args, status) => {
    const run = await airlock(...args);
    expect(run).toMatchObject({ status });
    if (status === 64) expect(run).toMatchObject({ out: '', err: expect.stringContaining('error: ') });
  });

  test('prints one JSON object for each path', async () => {
    const { out } = await airlock('--json', 'good', 'evil', 'code/config.json');
    const reports = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(reports).toMatchObject([
      { path: 'good', verdict: 'pass', findings: [] },
      {
        path: 'evil',
        verdict: 'block',
        findings: [
          { rule: 'pickle-stdlib-import', level: 'block', file: 'model.bin', member: 'm/data.pkl', offset: 35 },
        ],
      },
      {
        path: 'code/config.json',
        verdict: 'review',
        findings: [{ rule: 'custom-code', level: 'review', file: 'config.json' }],
      },
    ]);
    for (const report of reports) expect(Object.keys(report)).toEqual(['path', 'verdict', 'findings', 'attributes']);
    expect(reports[1]).toMatchObject({ attributes: { 'model.bin': { weightsOnly: false } } });
  });

  test('prints the verdict and the findings for people', async () => {
    const { out } = await airlock('evil');
    expect(out).toMatch(
      /^evil: block\n {2}block {3}model\.bin!\/m\/data\.pkl: calls os\.system\("echo benign-test"\) at byte 35 \(REDUCE; imported at byte 2 by GLOBAL\): /,
    );
  });

  test('says once what a rule means and where to read more, and nothing of that where all passes', async () => {
    const { out } = await airlock('evil', 'good');
    expect(out.match(/^ {2}pickle-stdlib-import: Loading the file .+ \(AML\.T\d+\.\d+, CWE-\d+\)$/gm)).toHaveLength(1);
    expect(out).toMatch(/\ngood: pass\n$/);
  });

  test('follows a link inside the folder, and reports one that leads elsewhere', async () => {
    const note = (file: string) => `  note    ${file}: loads under torch's weights-only rules\n`;
    expect(await airlock('links')).toMatchObject({
      status: 0,
      out: `links: pass\n${note('same.pt')}${note('state.pt')}`,
    });
    await symlink('/etc/hostname', join(folder, 'links/out.txt'));
    await symlink('nothing', join(folder, 'links/dangling.txt'));
    const { status, out } = await airlock('--json', 'links');
    expect(status).toBe(1);
    const findings = JSON.parse(out).findings as { file: string; rule: string }[];
    expect(findings.map(({ file, rule }) => `${file} ${rule}`)).toEqual(['dangling.txt link', 'out.txt link']);
  });

  test('does not let a name reach the terminal', async () => {
    const { status, out } = await airlock('odd');
    expect(status).toBe(1);
    expect(out).not.toContain('\u001b');
    expect(out).toContain('can not be part of a snapshot');
  });

  test('says that it did not read what git keeps beside a snapshot', async () => {
    const { status, out } = await airlock('clone');
    expect(status).toBe(1);
    expect(out).toContain('.git: is no regular file and was not read');
  });
});
