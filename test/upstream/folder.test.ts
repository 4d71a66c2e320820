// SPDX-License-Identifier: Apache-2.0
import { execFile } from 'node:child_process';
import { appendFile, chmod, cp, mkdir, rename, rm, symlink, truncate, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { beforeEach, describe, expect, it } from 'vitest';
import { createFolderUpstream } from '#src/upstream/folder/folder-upstream.ts';
import type { Upstream } from '#src/upstream/upstream.ts';
import { useTemp } from '#test/support/temp.ts';
import { codeOf, errorOf, fileOf, listAll, resolve, sha256From } from './client.ts';
import { LARGE, testUpstream } from './upstream-contract.ts';

const run = promisify(execFile);
const temp = useTemp();
const YEAR_AGO = new Date(Date.now() - 365 * 24 * 3600 * 1000);

/** Files below a folder, all of them old: what is new is read every time. */
async function write(folder: string, files: Readonly<Record<string, string | Buffer>>): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
    await utimes(join(folder, path), YEAR_AGO, YEAR_AGO);
  }
}

testUpstream(async () => {
  const root = await temp('folder');
  const folder = join(root, 'models/acme/tiny');
  return {
    upstream: createFolderUpstream({ name: 'in-house', root }),
    async put(files) {
      await rm(folder, { recursive: true, force: true });
      await write(folder, files);
    },
    remove: () => rm(folder, { recursive: true }),
    stop: async () => {},
  };
});

/** Root may read everything: as root, what `run` opens is opened as a user who has nothing. */
async function asNobody<T>(open: string, run: () => Promise<T>): Promise<T> {
  if (process.getuid?.() !== 0) return run();
  await chmod(open, 0o755);
  process.seteuid?.(NOBODY);
  return run().finally(() => process.seteuid?.(0));
}
const NOBODY = 65_534;

describe('a folder', () => {
  let root: string;
  let folder: string;
  let upstream: Upstream;
  beforeEach(async () => {
    root = await temp('folder');
    folder = join(root, 'models/acme/tiny');
    upstream = createFolderUpstream({ name: 'in-house', root });
    await write(folder, { 'README.md': '# Tiny\n', 'a/b.txt': 'b', 'a.txt': 'a', 'a-b.txt': 'c' });
  });
  const commit = async () => (await resolve(upstream, 'acme/tiny')).commit;

  it('has the tree that git makes of it', async () => {
    await resolve(upstream, 'acme/tiny');
    const git = (...args: string[]) => run('git', args, { cwd: folder });
    await git('init', '-q');
    await git('add', '.');
    const { stdout: tree } = await git('write-tree');
    const env = { ...process.env, ...person('AUTHOR'), ...person('COMMITTER') };
    const { stdout } = await run('git', ['commit-tree', tree.trim(), '-m', 'folder'], { cwd: folder, env });
    // The repository that git made there is none of the files.
    expect(await commit()).toBe(stdout.trim());
  });

  it('is the same commit for the same content, in another place, at another time, in other rights', async () => {
    const before = await commit();
    await cp(folder, join(root, 'models/other/copy'), { recursive: true });
    await chmod(join(root, 'models/other/copy/a.txt'), 0o700);
    expect((await resolve(upstream, 'other/copy')).commit).toBe(before);
    expect((await resolve(createFolderUpstream({ name: 'again', root }), 'acme/tiny')).commit).toBe(before);
    await rename(join(folder, 'a.txt'), join(folder, 'A.txt'));
    expect(await commit()).not.toBe(before);
  });

  it.each<[string, () => Promise<void>]>([
    ['with the same size and the same time', async () => write(folder, { 'a.txt': 'x' })],
    [
      'by another file of the same size and time',
      async () => {
        await write(folder, { 'new.txt': 'x' });
        await rename(join(folder, 'new.txt'), join(folder, 'a.txt'));
      },
    ],
    ['and is longer', () => appendFile(join(folder, 'a.txt'), 'x')],
  ])('sees that a file was replaced %s', async (_, change) => {
    const before = await commit();
    expect(await commit()).toBe(before);
    await change();
    expect(await commit()).not.toBe(before);
  });

  it.each<[string, () => Promise<unknown>, string]>([
    ['a symbolic link', () => symlink('/etc/passwd', join(folder, 'link')), 'which is a symbolic link'],
    ['a link to a folder', () => symlink('/etc', join(folder, 'etc')), 'which is a symbolic link'],
    ['a link that leads nowhere', () => symlink('/nowhere', join(folder, 'link')), 'which is a symbolic link'],
    ['a pipe', () => run('mkfifo', [join(folder, 'pipe')]), 'which is no plain file'],
    ['a backslash', () => writeFile(join(folder, '..\\evil'), ''), 'can not be served'],
    ['a line break', () => writeFile(join(folder, 'a\nb'), ''), 'can not be served'],
    ['git data below', () => write(folder, { 'sub/.git/config': '' }), 'can not be served'],
    [
      'bytes that are no UTF-8',
      () => writeFile(Buffer.concat([Buffer.from(`${folder}/`), Buffer.from([0xff, 0xfe])]), ''),
      'a name that is not UTF-8',
    ],
  ])('with %s keeps its repo out, in words', async (_, make, words) => {
    await make();
    const error = await errorOf(resolve(upstream, 'acme/tiny'));
    expect(error.code).toBe('upstream-listing-invalid');
    expect(error.message).toContain(words);
  });

  it('leaves out what tools leave beside a model', async () => {
    const before = await commit();
    await write(folder, { '.git/config': 'x', '.cache/huggingface/download/a.metadata': 'x' });
    expect(await commit()).toBe(before);
  });

  it('is left by no link, wherever in the path it is', async () => {
    const outside = await temp('outside');
    await write(outside, { 'secret.txt': 'secret' });
    await symlink(outside, join(root, 'models/acme/linked'));
    await symlink(dirname(outside), join(root, 'models/linked'));
    expect(await codeOf(resolve(upstream, 'acme/linked'))).toBe('upstream-repo-not-found');
    expect(await codeOf(resolve(upstream, `linked/${outside.split('/').at(-1)}`))).toBe('upstream-repo-not-found');
    // A directory that is put aside for a link, once its files are known.
    const source = await resolve(upstream, 'acme/tiny');
    const file = await fileOf(upstream, source, 'a/b.txt');
    await rename(join(folder, 'a'), join(root, 'aside'));
    await symlink(join(root, 'aside'), join(folder, 'a'));
    expect(await codeOf(sha256From(upstream, source, file))).toBe('upstream-invalid');
  });

  it('has no repo of one segment: that is the folder of an organisation', async () => {
    expect(await codeOf(resolve(upstream, 'acme'))).toBe('upstream-repo-not-found');
  });

  it('that can not be read is no missing repo', async () => {
    await rename(join(root, 'models'), join(root, 'gone'));
    const error = await errorOf(resolve(upstream, 'acme/tiny'));
    expect(error).toMatchObject({ code: 'upstream-unavailable' });
    expect(error.message).not.toContain(root);
    await rm(root, { recursive: true });
    expect(await codeOf(resolve(upstream, 'acme/tiny'))).toBe('upstream-unavailable');
  });

  it('with a file that nobody may read says which', async () => {
    await chmod(join(folder, 'a.txt'), 0);
    expect(await asNobody(root, () => errorOf(resolve(upstream, 'acme/tiny')))).toMatchObject({
      code: 'upstream-invalid',
      message: expect.stringContaining('"a.txt" can not be read (EACCES)'),
    });
  });

  it('that is being written is waited for a moment, and then refused', async () => {
    await write(folder, { 'model.bin': Buffer.alloc(64 * 2 ** 20, 1) });
    let writing = true;
    const writer = (async () => {
      while (writing) {
        await appendFile(join(folder, 'model.bin'), 'more');
        await new Promise(setImmediate);
      }
    })();
    const error = await errorOf(resolve(upstream, 'acme/tiny'));
    writing = false;
    await writer;
    expect(error).toMatchObject({ code: 'upstream-invalid', message: expect.stringContaining('changes while') });
    expect(await commit()).toMatch(/^[0-9a-f]{40}$/);
  });

  it('gives no byte of a file that changed since it was listed', async () => {
    await write(folder, { 'model.bin': LARGE });
    const source = await resolve(upstream, 'acme/tiny');
    const file = await fileOf(upstream, source, 'model.bin');
    await write(folder, { 'model.bin': Buffer.alloc(LARGE.length, 'x') });
    expect(await codeOf(sha256From(upstream, source, file))).toBe('upstream-invalid');
    await truncate(join(folder, 'model.bin'), 10);
    expect(await codeOf(sha256From(upstream, source, file))).toBe('upstream-invalid');
    expect(await codeOf(listAll(upstream, source))).toBe('upstream-invalid');
    expect(await codeOf(resolve(upstream, 'acme/tiny', source.commit))).toBe('upstream-revision-not-found');
  });
});

function person(role: string): Record<string, string> {
  return {
    [`GIT_${role}_NAME`]: 'hub-airlock',
    [`GIT_${role}_EMAIL`]: '',
    [`GIT_${role}_DATE`]: '1970-01-01T00:00:00Z',
  };
}
