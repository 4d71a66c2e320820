// SPDX-License-Identifier: Apache-2.0
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, inject, it } from 'vitest';
import { addDataset, addTiny } from '#test/fake-hub/repos.ts';
import { type RunResult, run } from '#test/support/run.ts';
import { useWorld } from '#test/support/world.ts';
import { digestsBelow } from './clients/client.ts';

/** git and git-lfs are refused: what matters is that the person is told the way that works, and that it works. */
const world = useWorld({
  repos: (hub) => {
    addTiny(hub);
    addDataset(hub);
  },
});

/** On a fresh machine that asks nobody for a password. */
async function git(args: readonly string[], cwd?: string): Promise<RunResult> {
  const home = await world.temp('home');
  const env = { PATH: process.env.PATH, HOME: home, GIT_TERMINAL_PROMPT: '0', GIT_CONFIG_NOSYSTEM: '1', LC_ALL: 'C' };
  return run('git', args, { cwd: cwd ?? home, env });
}

/** A checkout with one LFS file that is still a pointer, whose origin is the mirror. */
async function checkout(): Promise<string> {
  const folder = await world.temp('checkout');
  const { lfs } = world.hub.repo('acme/tiny').file('model.safetensors');
  await writeFile(join(folder, '.gitattributes'), '*.safetensors filter=lfs diff=lfs merge=lfs -text\n');
  await writeFile(join(folder, 'model.safetensors'), lfs?.pointer ?? '');
  for (const args of [
    ['init', '--quiet', '--initial-branch=main'],
    ['add', '.'],
    ['-c', 'user.name=A', '-c', 'user.email=a@b.example', 'commit', '--quiet', '--message', 'a pointer'],
    ['remote', 'add', 'origin', `${world.mirror.url}/acme/tiny`],
  ]) {
    const done = await git(args, folder);
    expect(done.status, done.output).toBe(0);
  }
  return folder;
}

const WAY = (option = '') =>
  new RegExp(
    `\\[airlock\\] This mirror serves files, not git repositories\\. Download with: (HF_ENDPOINT=http\\S+ hf download \\S+${option})$`,
    'm',
  );

describe('git', () => {
  it.each([
    ['clone', 'acme/tiny', ''],
    ['ls-remote', 'acme/tiny', ''],
    ['ls-remote', 'acme/tiny.git', ''],
    ['clone', 'datasets/acme/tiny-data', ' --repo-type dataset'],
  ])('%s of %s is refused with the command that works, and upstream is not asked', async (verb, path, option) => {
    const before = world.hub.stats.requests;
    const result = await git([verb, `${world.mirror.url}/${path}`]);
    expect(result.status).toBe(128);
    expect(result.output).toMatch(new RegExp(`^remote: ${WAY(option).source}`, 'm'));
    expect(result.output).toMatch(/^fatal: unable to access '\S+': The requested URL returned error: 403$/m);
    expect(world.hub.stats.requests).toBe(before);
  });

  it('prints a command that downloads the model when it is typed as it stands', async () => {
    const { output } = await git(['clone', `${world.mirror.url}/acme/tiny`]);
    const typed = WAY().exec(output)?.[1] ?? 'false';
    const { home } = await world.person();
    const bin = inject('python')['hub-2.4'];
    const env = { PATH: `${bin}:${process.env.PATH}`, HOME: home, HF_HUB_DISABLE_UPDATE_CHECK: '1' };
    const result = await run('sh', ['-c', typed], { cwd: home, env });
    expect(result.status, result.output).toBe(0);
    expect(result.output).toContain('models--acme--tiny');
  });

  it('push says that the mirror takes nothing', async () => {
    const result = await git(['push', 'origin', 'main'], await checkout());
    expect(result.status).toBe(128);
    expect(result.output).toMatch(/^remote: \[airlock\] This is a read-only mirror\./m);
  });
});

const missing = (await run('git', ['lfs', 'version'])).status === 0 ? undefined : 'git-lfs is not installed';
describe.skipIf(missing !== undefined && process.env.CI !== 'true')('git-lfs', () => {
  it.each(['fetch', 'pull'])('%s prints the command that works, and no file comes', async (verb) => {
    const before = world.hub.stats.requests;
    const folder = await checkout();
    const result = await git(['lfs', verb, 'origin', ...(verb === 'fetch' ? ['main'] : [])], folder);
    expect(result.status).toBe(2);
    expect(result.output).toMatch(WAY());
    expect(result.output).not.toMatch(/[Uu]sername|[Pp]assword/);
    expect(await digestsBelow(join(folder, '.git', 'lfs', 'objects'))).toEqual({});
    expect(world.hub.stats.requests).toBe(before);
  });
});
if (missing !== undefined) it(`git-lfs is skipped: ${missing}`, (test) => test.skip(missing));
