// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseRepoPath } from '#src/domain/path.ts';
import type { Release } from '#src/domain/release.ts';
import { buildTree, listTree, pathsInfo } from '#src/hub/tree.ts';
import { fileOf, releaseOf } from './release.ts';

const release = releaseOf('README.md', 'a.bin', 'sub/x', 'sub/deep/y', 'sub/deep/z.bin', 'sub.txt', 'subway/t', 'ü/ß');
const names = (entries: readonly { type: string; path: string }[] | undefined) =>
  entries?.map(({ type, path }) => `${type === 'directory' ? 'd' : 'f'} ${path}`);

describe('listTree', () => {
  it('lists one folder: its files, and its folders once', () => {
    expect(names(listTree(buildTree(release), undefined, false))).toEqual([
      'f README.md',
      'f a.bin',
      'd sub',
      'f sub.txt',
      'd subway',
      'd ü',
    ]);
    expect(names(listTree(buildTree(release), parseRepoPath('sub'), false))).toEqual(['d sub/deep', 'f sub/x']);
  });

  it('lists everything below, folders too, when asked to', () => {
    expect(names(listTree(buildTree(release), parseRepoPath('sub'), true))).toEqual([
      'd sub/deep',
      'f sub/deep/y',
      'f sub/deep/z.bin',
      'f sub/x',
    ]);
    expect(listTree(buildTree(release), undefined, true)).toHaveLength(12);
  });

  it.each(['nothing', 'su', 'sub/dee', 'README.md', 'sub/x'])('%s is no folder', (folder) => {
    expect(listTree(buildTree(release), parseRepoPath(folder), true)).toBeUndefined();
  });

  it('an entry has the digest that upstream uses, and no Xet hash', () => {
    const entries = listTree(buildTree(release), undefined, true) ?? [];
    expect(entries.find(({ path }) => path === 'a.bin')).toEqual({
      type: 'file',
      oid: fileOf('a.bin').gitOid,
      size: 16,
      path: 'a.bin',
      lfs: { oid: fileOf('a.bin').sha256, size: 16, pointerSize: 130 },
    });
    expect(entries.find(({ path }) => path === 'README.md')).not.toHaveProperty('lfs');
    expect(JSON.stringify(entries)).not.toMatch(/xet/i);
  });

  it("a folder's id changes with what is below, and with nothing else", () => {
    const oidOf = (of: Release) => listTree(buildTree(of), undefined, false)?.find(({ path }) => path === 'sub')?.oid;
    expect(oidOf(release)).toMatch(/^[0-9a-f]{40}$/);
    expect(oidOf(releaseOf('sub/x', 'sub/deep/y', 'sub/deep/z.bin', 'other'))).toBe(oidOf(release));
    expect(oidOf(releaseOf('sub/x', 'sub/deep/y'))).not.toBe(oidOf(release));
  });

  it('names exactly the files of the release, each once', () => {
    const path = fc
      .array(fc.constantFrom('a', 'b', 'ab', 'c.bin'), { minLength: 1, maxLength: 4 })
      .map((parts) => parts.join('/'));
    fc.assert(
      fc.property(fc.uniqueArray(path, { minLength: 1 }), (paths) => {
        // A path can not be a file and a folder at once.
        const files = paths.filter((one) => !paths.some((other) => other.startsWith(`${one}/`)));
        const of = releaseOf(...files);
        const listed = listTree(buildTree(of), undefined, true) ?? [];
        expect(listed.filter(({ type }) => type === 'file').map(({ path }) => path)).toEqual(files.toSorted());
        expect(new Set(listed.map(({ path }) => path)).size).toBe(listed.length);
        // Walking folder by folder finds the same.
        const walk = (folder?: string): string[] =>
          (listTree(buildTree(of), folder === undefined ? undefined : parseRepoPath(folder), false) ?? []).flatMap(
            (entry) => (entry.type === 'file' ? [entry.path] : walk(entry.path)),
          );
        expect(walk().toSorted()).toEqual(files.toSorted());
      }),
    );
  });
});

describe('pathsInfo', () => {
  it('answers for files and folders, and leaves out what is not there', () => {
    const asked = ['README.md', 'sub', 'sub/deep', 'nothing', 'su', '../etc/passwd', '', '/', 'sub/', 'a.bin'];
    expect(names(pathsInfo(buildTree(release), asked))).toEqual(['f README.md', 'd sub', 'd sub/deep', 'f a.bin']);
    expect(pathsInfo(buildTree(release), [])).toEqual([]);
  });

  it('says the same as the tree', () => {
    const tree = listTree(buildTree(release), undefined, true) ?? [];
    expect(
      pathsInfo(
        buildTree(release),
        tree.map(({ path }) => path),
      ),
    ).toEqual(tree);
  });
});
