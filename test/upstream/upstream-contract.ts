// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { gitOidOf } from '#src/domain/digest.ts';
import { parseRepoPath } from '#src/domain/path.ts';
import { parseRepo } from '#src/domain/repo.ts';
import type { Upstream } from '#src/upstream/upstream.ts';
import { codeOf, errorOf, fileOf, listAll, resolve, sha256From } from './client.ts';

/** One upstream with the repo acme/tiny, and a way to change what is in it. */
export interface World {
  readonly upstream: Upstream;
  /** All files of the repo, as they are from now on. */
  put(files: Readonly<Record<string, string | Buffer>>): Promise<void>;
  remove(): Promise<void>;
  stop(): Promise<void>;
}

export const LARGE = Buffer.alloc(3 * 2 ** 20, 'weights ');
const FILES = {
  'README.md': '---\nlicense: mit\n---\n',
  'config.json': '{}',
  'empty.txt': '',
  'model.safetensors': LARGE,
  'sub/with space and ü.txt': 'odd\n',
  'sub/a#b?c%20d+e.txt': 'odder\n',
  'sub.txt': 'sorted after the folder sub\n',
};

/** What every upstream does, wherever its repos are. */
export function testUpstream(open: () => Promise<World>): void {
  let world: World;
  beforeEach(async () => {
    world = await open();
    await world.put(FILES);
  });
  afterEach(() => world.stop());

  const sha256Of = (bytes: string | Buffer) => createHash('sha256').update(bytes).digest('hex');

  describe('as every upstream', () => {
    it('names one commit for the branch, the commit itself and its first digits', async () => {
      const { commit } = await resolve(world.upstream, 'acme/tiny');
      expect(commit).toMatch(/^[0-9a-f]{40}$/);
      for (const revision of ['main', 'HEAD', commit, commit.slice(0, 8)])
        expect((await resolve(world.upstream, 'acme/tiny', revision)).commit, revision).toBe(commit);
      const refs = await world.upstream.refs(parseRepo('models', 'acme/tiny'));
      expect(refs).toContainEqual({ kind: 'branch', name: 'main', commit });
    });

    it('lists every file with its size and a digest that its bytes have', async () => {
      const source = await resolve(world.upstream, 'acme/tiny');
      const listed = await listAll(world.upstream, source);
      expect(listed.map(({ path }) => String(path)).sort()).toEqual(Object.keys(FILES).sort());
      for (const file of listed) {
        const content = Buffer.from(FILES[file.path as unknown as keyof typeof FILES]);
        expect(file.size, file.path).toBe(content.length);
        if (file.lfs) expect(file.lfs.sha256, file.path).toBe(sha256Of(content));
        else expect(file.gitOid, file.path).toBe(gitOidOf(content));
        expect(await sha256From(world.upstream, source, file)).toMatchObject({ start: 0, sha256: sha256Of(content) });
      }
      expect(listed.find(({ path }) => path === 'model.safetensors')?.lfs).toBeDefined();
    });

    it('gives the rest of a file from an offset on', async () => {
      const source = await resolve(world.upstream, 'acme/tiny');
      const file = await fileOf(world.upstream, source, 'model.safetensors');
      const at = 2 ** 20 + 7;
      const got = await sha256From(world.upstream, source, file, at);
      expect(got).toEqual({ start: at, sha256: sha256Of(LARGE.subarray(at)), size: LARGE.length - at });
    });

    it('names another commit for another content', async () => {
      const before = await resolve(world.upstream, 'acme/tiny');
      await world.put({ ...FILES, 'config.json': '[]' });
      const now = await resolve(world.upstream, 'acme/tiny');
      expect(now.commit).not.toBe(before.commit);
      expect((await fileOf(world.upstream, now, 'config.json')).gitOid).toBe(gitOidOf(Buffer.from('[]')));
    });

    it('says what is not there: repo, revision, commit, file', async () => {
      const source = await resolve(world.upstream, 'acme/tiny');
      expect(await codeOf(resolve(world.upstream, 'acme/none'))).toBe('upstream-repo-not-found');
      expect(await codeOf(world.upstream.refs(parseRepo('models', 'none/tiny')))).toBe('upstream-repo-not-found');
      expect(await codeOf(resolve(world.upstream, 'acme/tiny', 'no-such-branch'))).toBe('upstream-revision-not-found');
      expect(await codeOf(resolve(world.upstream, 'acme/tiny', 'c'.repeat(40)))).toBe('upstream-revision-not-found');
      const file = { ...(await fileOf(world.upstream, source, 'config.json')), path: parseRepoPath('sub/none.json') };
      expect(await codeOf(sha256From(world.upstream, source, file))).toBe('upstream-entry-not-found');
      await world.remove();
      expect(await codeOf(resolve(world.upstream, 'acme/tiny'))).toBe('upstream-repo-not-found');
      expect(await codeOf(listAll(world.upstream, source))).toBe('upstream-repo-not-found');
    });

    it('ends when it is told to stop', async () => {
      const stop = AbortSignal.abort();
      const revision = { type: 'ref', ref: 'main' } as never;
      const error = await errorOf(world.upstream.resolve(parseRepo('models', 'acme/tiny'), revision, stop));
      expect(error.code).toBe('shutting-down');
    });
  });
}
