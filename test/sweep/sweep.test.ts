// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import { chmod, lstat, mkdir, realpath, rename, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Notice } from '#src/attest/notice.ts';
import { gitOidOf, type Sha256, sha256Of } from '#src/domain/digest.ts';
import type { RepoPath } from '#src/domain/path.ts';
import { parseRepo } from '#src/domain/repo.ts';
import type { CommitSha } from '#src/domain/revision.ts';
import type { Found } from '#src/sweep/found.ts';
import { revokedBy } from '#src/sweep/revoked.ts';
import { remove, sweep } from '#src/sweep/sweep.ts';
import type { TreeLimits } from '#src/sweep/tree.ts';
import { useTemp } from '#test/support/temp.ts';
import { cacheFile, localFile } from './cache.ts';
import { noticeOf, revocation } from './notice.ts';

const temp = useTemp();
const BAD = 'a'.repeat(40) as CommitSha;
const GOOD = 'b'.repeat(40) as CommitSha;
const EVIL = parseRepo('models', 'acme/evil');

async function swept(root: string, notice: Notice, options: { hash?: boolean; limits?: Partial<TreeLimits> } = {}) {
  const problems: string[] = [];
  const found: Found[] = [];
  const problem = (path: string, what: string) => void problems.push(`${path}: ${what}`);
  for await (const one of sweep(root, { revoked: revokedBy(notice), hash: false, problem, ...options }))
    found.push(one);
  return { found, problems, paths: found.map(({ path }) => path).sort() };
}

async function deleteAll(found: readonly Found[]) {
  const gone: string[] = [];
  for (const one of found) for await (const step of remove(one)) gone.push(step.problem ?? step.path);
  return gone;
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

const commitNotice = noticeOf({ revocations: [revocation({ type: 'commit', repo: EVIL, commit: BAD })] });
const digestNotice = (bytes: string) =>
  noticeOf({ revocations: [revocation({ type: 'digest', digest: sha256Of(bytes) })] });

/** As a mirror writes it that knows the file. */
function knownFile(bytes: string, parts: { served?: boolean } = {}): Notice {
  return noticeOf({
    revocations: [revocation({ type: 'digest', digest: sha256Of(bytes) })],
    releases: [{ repo: EVIL, commit: BAD, revocation: 0 }],
    files: [
      {
        sha256: sha256Of(bytes),
        gitOid: gitOidOf(Buffer.from(bytes)),
        size: bytes.length,
        revocation: 0,
        served: false,
        places: [{ release: 0, path: 'config.json' as RepoPath }],
        ...parts,
      },
    ],
  });
}

describe('in a cache, by names', () => {
  it('every file of a revoked commit is found, and none of another', async () => {
    const hub = await realpath(await temp('hub'));
    const bad = await cacheFile(hub, 'acme/evil', BAD, 'deep/model.bin', 'weights', { lfs: true });
    await cacheFile(hub, 'acme/evil', GOOD, 'model.bin', 'better weights', { lfs: true });
    const { found, problems } = await swept(hub, commitNotice);
    expect(found).toEqual([
      {
        path: bad.link,
        repo: EVIL,
        commit: BAD,
        reason: 'it steals keys',
        ruling: 7,
        by: 'name',
        remove: [bad.blob, bad.link],
      },
    ]);
    expect(problems).toEqual([]);
  });

  it.each([
    ['its repo', { type: 'repo', repo: parseRepo('models', 'Acme/EVIL') }],
    ['its publisher', { type: 'publisher', publisher: 'acme' }],
  ] as const)('all of a repo is found where %s was revoked, whatever the commit', async (_, scope) => {
    const hub = await realpath(await temp('hub'));
    const one = await cacheFile(hub, 'acme/evil', 'c'.repeat(40), 'model.bin', 'never seen here', { lfs: true });
    await cacheFile(hub, 'acmee/evil', GOOD, 'model.bin', 'another publisher', { lfs: true });
    await cacheFile(hub, 'acme', GOOD, 'model.bin', 'a repo of nobody', { lfs: true });
    expect((await swept(hub, noticeOf({ revocations: [revocation(scope)] }))).paths).toEqual([one.link]);
  });

  it('a revoked digest is found by its LFS name in any repo, and in what is left of a broken download', async () => {
    const hub = await realpath(await temp('hub'));
    const one = await cacheFile(hub, 'other/repo', GOOD, 'a.bin', 'evil', { lfs: true });
    const part = `${one.blob.replace(/[0-9a-f]{64}$/, sha256Of('evil'))}.incomplete`;
    await writeFile(part, 'ev');
    expect((await swept(hub, digestNotice('evil'))).paths).toEqual([part, one.link].sort());
  });

  it('a file outside of LFS is found by its git id, and where links are not possible by commit and path', async () => {
    const hub = await realpath(await temp('hub'));
    const one = await cacheFile(hub, 'other/repo', GOOD, 'x.json', 'evil');
    const two = await cacheFile(hub, 'acme/evil', BAD, 'config.json', 'evil', { copied: true });
    await cacheFile(hub, 'acme/evil', BAD, 'other.json', 'as good as it was', { copied: true });
    expect((await swept(hub, knownFile('evil'))).paths).toEqual([one.link, two.link].sort());
  });

  it('bytes that the mirror serves elsewhere are found in the revoked places alone', async () => {
    const hub = await realpath(await temp('hub'));
    const one = await cacheFile(hub, 'acme/evil', BAD, 'config.json', 'a license');
    await cacheFile(hub, 'good/repo', GOOD, 'LICENSE', 'a license');
    expect((await swept(hub, knownFile('a license', { served: true }), { hash: true })).paths).toEqual([one.link]);
  });

  it('a blob that nothing links to is found by its name', async () => {
    const hub = await realpath(await temp('hub'));
    const { blob, link } = await cacheFile(hub, 'other/repo', GOOD, 'a.bin', 'evil', { lfs: true });
    await rename(link, join(hub, 'elsewhere'));
    expect((await swept(hub, digestNotice('evil'))).found).toMatchObject([{ path: blob, remove: [blob] }]);
  });
});

describe('in a folder of hf download --local-dir', () => {
  it.each([
    ['commit', commitNotice],
    ['etag', digestNotice('weights')],
  ])('files are found by the %s beside them', async (_, notice) => {
    const folder = await realpath(await temp('local'));
    const { file, note } = await localFile(folder, BAD, 'sub/model.bin', 'weights', sha256Of('weights'));
    await localFile(folder, GOOD, 'other.bin', 'others', sha256Of('others'));
    const { found } = await swept(folder, notice, { hash: true });
    expect(found).toMatchObject([{ path: file, commit: BAD, by: 'name', remove: [file, note] }]);
  });

  it('a file that was written after its download is somebody’s own: it is told of, and never deleted', async () => {
    const folder = await realpath(await temp('local'));
    const { file } = await localFile(folder, BAD, 'model.bin', 'weights', sha256Of('weights'));
    const later = new Date(Date.now() + 60_000);
    await utimes(file, later, later);
    const { found, problems } = await swept(folder, commitNotice);
    expect(found).toEqual([]);
    expect(problems.join()).toMatch(/model\.bin.*was written after its download/);
  });

  it('a note without a file, or about a file outside, finds nothing', async () => {
    const folder = await realpath(await temp('local'));
    const outside = await realpath(await temp('outside'));
    await writeFile(join(outside, 'model.bin'), 'precious');
    const notes = join(folder, '.cache/huggingface/download');
    await mkdir(join(notes, 'out'), { recursive: true });
    await writeFile(join(notes, 'gone.bin.metadata'), `${BAD}\nx\n1\n`);
    await writeFile(join(notes, 'out/model.bin.metadata'), `${BAD}\nx\n1\n`);
    await symlink(outside, join(folder, 'out'));
    expect((await swept(folder, commitNotice)).found).toEqual([]);
  });
});

describe('by bytes', () => {
  it('finds a renamed copy anywhere, and only where bytes are read', async () => {
    const root = await realpath(await temp('any'));
    await mkdir(join(root, 'deep/er'), { recursive: true });
    await writeFile(join(root, 'deep/er/harmless.txt'), 'evil');
    await writeFile(join(root, 'deep/er/same-size.txt'), 'good');
    expect((await swept(root, knownFile('evil'))).paths).toEqual([]);
    const { found } = await swept(root, knownFile('evil'), { hash: true });
    expect(found).toMatchObject([{ path: join(root, 'deep/er/harmless.txt'), by: 'bytes' }]);
  });

  it('finds a blob under a name of another, and a copied snapshot file', async () => {
    const hub = await realpath(await temp('hub'));
    const one = await cacheFile(hub, 'other/repo', GOOD, 'a.bin', 'innocent', { lfs: true });
    await writeFile(one.blob, 'evil');
    const two = await cacheFile(hub, 'third/repo', GOOD, 'b.bin', 'evil', { copied: true });
    expect((await swept(hub, digestNotice('evil'), { hash: true })).paths).toEqual([one.link, two.link].sort());
  });

  it('leaves chunk caches alone: no whole file is in them', async () => {
    const root = await realpath(await temp('any'));
    await mkdir(join(root, 'xet/host/chunk_cache'), { recursive: true });
    await writeFile(join(root, 'xet/host/chunk_cache/one'), 'evil');
    expect((await swept(root, digestNotice('evil'), { hash: true })).paths).toEqual([]);
  });
});

describe('deleting', () => {
  it('takes the blob and its links, and leaves what another commit needs', async () => {
    const hub = await realpath(await temp('hub'));
    const shared = await cacheFile(hub, 'acme/evil', BAD, 'tokenizer.json', 'shared');
    await cacheFile(hub, 'acme/evil', GOOD, 'tokenizer.json', 'shared').catch(() => undefined);
    const own = await cacheFile(hub, 'acme/evil', BAD, 'model.bin', 'weights', { lfs: true });
    const gone = await deleteAll((await swept(hub, commitNotice)).found);
    expect(gone.sort()).toEqual([own.blob, own.link, shared.link].sort());
    expect([await exists(own.blob), await exists(own.link), await exists(shared.link)]).toEqual([false, false, false]);
    expect(await exists(shared.blob)).toBe(true);
    expect((await swept(hub, commitNotice)).found).toEqual([]);
  });

  it('takes every link to a revoked digest', async () => {
    const hub = await realpath(await temp('hub'));
    const one = await cacheFile(hub, 'acme/evil', BAD, 'a.bin', 'evil', { lfs: true });
    const two = await cacheFile(hub, 'acme/evil', GOOD, 'b.bin', 'evil', { lfs: true });
    await deleteAll((await swept(hub, digestNotice('evil'))).found);
    expect([await exists(one.link), await exists(two.link), await exists(one.blob)]).toEqual([false, false, false]);
  });

  it('leaves a folder alone that became a link meanwhile', async () => {
    const hub = await realpath(await temp('hub'));
    const outside = await realpath(await temp('outside'));
    const { blob } = await cacheFile(hub, 'acme/evil', BAD, 'a.bin', 'evil', { lfs: true });
    const { found } = await swept(hub, commitNotice);
    const blobs = join(blob, '..');
    await rename(blobs, join(outside, 'blobs'));
    await symlink(join(outside, 'blobs'), blobs);
    expect(await deleteAll(found)).toEqual(['leads elsewhere now, and was left alone']);
    expect(await exists(join(outside, 'blobs', sha256Of('evil')))).toBe(true);
  });
});

describe('what a hostile folder holds', () => {
  it('no link is followed: loops, ways out, and links to folders are told or passed over', async () => {
    const hub = await realpath(await temp('hub'));
    const outside = await realpath(await temp('outside'));
    await writeFile(join(outside, 'secret'), 'evil');
    const { link } = await cacheFile(hub, 'acme/evil', BAD, 'model.bin', 'w', { lfs: true });
    const snapshot = join(link, '..');
    await symlink(join(outside, 'secret'), join(snapshot, 'out.bin'));
    await symlink('loop', join(snapshot, 'loop'));
    await symlink('..', join(hub, 'up'));
    await symlink(outside, join(hub, 'models--other--repo'));
    const { found, problems } = await swept(hub, digestNotice('evil'), { hash: true });
    expect(found).toEqual([]);
    expect(problems.map((text) => text.replace(snapshot, ''))).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^\/out\.bin: .*no blob/),
        expect.stringMatching(/^\/loop: .*no blob/),
      ]),
    );
    // Of a revoked commit, such a link goes, and what it leads to stays.
    await deleteAll((await swept(hub, commitNotice)).found);
    expect([await exists(join(snapshot, 'out.bin')), await exists(join(outside, 'secret'))]).toEqual([false, true]);
  });

  it('a pipe is not waited for, and what can not be read is told', async () => {
    const root = await realpath(await temp('any'));
    execFileSync('mkfifo', [join(root, 'pipe')]);
    await writeFile(join(root, 'closed'), 'evil', { mode: 0o000 });
    await chmod(join(root, 'closed'), 0o000);
    const { found, problems } = await swept(root, digestNotice('evil'), { hash: true });
    // Root reads everything.
    expect(found.length + problems.length).toBe(1);
  });

  it('trees that are too deep or too large are read in part, and told', async () => {
    const root = await realpath(await temp('any'));
    await mkdir(join(root, 'a/b/c/d'), { recursive: true });
    await writeFile(join(root, 'a/b/c/d/x'), 'evil');
    await writeFile(join(root, 'a/y'), 'evil');
    const deep = await swept(root, digestNotice('evil'), { hash: true, limits: { depth: 2 } });
    expect(deep.paths).toEqual([join(root, 'a/y')]);
    expect(deep.problems).toEqual([`${join(root, 'a/b/c')}: is more than 2 folders deep and was not read`]);
    const large = await swept(root, digestNotice('evil'), { hash: true, limits: { entries: 1 } });
    expect(large.problems[0]).toContain('more than 1 entries');
  });

  it('names that are no repo are no cache', async () => {
    const hub = await realpath(await temp('hub'));
    for (const name of ['models--..--x', 'models--a--b--c', 'models--', 'buckets--a--b'])
      await mkdir(join(hub, name, 'snapshots', BAD), { recursive: true });
    expect((await swept(hub, commitNotice)).found).toEqual([]);
  });
});

it('a digest is a digest: one that is asked for without files matches every size', async () => {
  const revoked = revokedBy(digestNotice('evil'));
  expect([revoked.mayHaveSize(1), revoked.bytes(sha256Of('evil') as Sha256)?.ruling]).toEqual([true, 7]);
});
