// SPDX-License-Identifier: Apache-2.0
import { gitOidOf, sha256Of } from '#src/domain/digest.ts';
import { parseRepoPath } from '#src/domain/path.ts';
import type { Release, ReleaseFile } from '#src/domain/release.ts';
import { commitOf, model } from '#test/catalog/drafts.ts';

export function fileOf(path: string): ReleaseFile {
  const bytes = Buffer.from(`content of ${path}`);
  const file = { path: parseRepoPath(path), size: bytes.length, sha256: sha256Of(bytes), gitOid: gitOidOf(bytes) };
  return path.endsWith('.bin') ? { ...file, lfs: { pointerSize: 130 } } : file;
}

/** A release of these files, with contents made from their paths; what ends in `.bin` is an LFS file. */
export function releaseOf(...paths: string[]): Release {
  return {
    repo: model('acme/tree'),
    upstreamRepo: model('acme/tree'),
    commit: commitOf('a'),
    files: new Map(paths.map((path) => [parseRepoPath(path), fileOf(path)])),
    digest: sha256Of('statement'),
    modelSignature: sha256Of('signature'),
    approvedAt: '2026-01-01T00:00:00.000Z',
    approvedBy: 'policy',
  };
}
