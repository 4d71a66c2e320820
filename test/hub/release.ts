// SPDX-License-Identifier: Apache-2.0
import { Readable } from 'node:stream';
import { gitOidOf, sha256Of } from '#src/domain/digest.ts';
import { parseRepoPath } from '#src/domain/path.ts';
import type { Release, ReleaseFile } from '#src/domain/release.ts';
import type { Repo } from '#src/domain/repo.ts';
import type { BlobStore } from '#src/store/blob-store.ts';
import { commitOf, model } from '#test/catalog/drafts.ts';

export function fileOf(path: string): ReleaseFile {
  const bytes = Buffer.from(`content of ${path}`);
  const digests = { sha256: sha256Of(bytes), gitOid: gitOidOf(bytes) };
  const file = { path: parseRepoPath(path), size: bytes.length, ...digests, verdict: 'pass' as const };
  return path.endsWith('.bin') ? { ...file, lfs: { pointerSize: 130 } } : file;
}

/** A release of these files, with contents made from their paths; what ends in `.bin` is an LFS file. */
export function releaseOf(...paths: string[]): Release {
  return {
    repo: model('acme/tree'),
    upstreamRepo: model('acme/tree'),
    commit: commitOf('a'),
    files: new Map(paths.map((path) => [parseRepoPath(path), fileOf(path)])),
    restricted: false,
    leftOut: new Map(),
    digest: sha256Of('statement'),
    modelSignature: sha256Of('signature'),
    rules: [],
    codes: [],
    approvedAt: '2026-01-01T00:00:00.000Z',
    approvedBy: 'policy',
  };
}

/** A release of these files, and the store that has their bytes. `reads` counts what is asked of it. */
export function stored(
  files: Readonly<Record<string, string | Uint8Array>>,
  repo: Repo = model('acme/tree'),
): { release: Release; blobs: Pick<BlobStore, 'open'>; reads: { count: number; bytes: number } } {
  const contents = new Map<string, Buffer>();
  const entries = Object.entries(files).map(([path, content]): ReleaseFile => {
    const bytes = Buffer.from(content);
    const sha256 = sha256Of(bytes);
    contents.set(sha256, bytes);
    return { path: parseRepoPath(path), size: bytes.length, sha256, gitOid: gitOidOf(bytes), verdict: 'pass' };
  });
  const reads = { count: 0, bytes: 0 };
  const blobs: Pick<BlobStore, 'open'> = {
    open: async (sha256, range) => {
      const bytes = contents.get(sha256)?.subarray(range?.start ?? 0, range && range.end + 1);
      reads.count++;
      reads.bytes += bytes?.length ?? 0;
      return bytes && Readable.from([bytes], { objectMode: false });
    },
  };
  const release = {
    ...releaseOf(),
    repo,
    upstreamRepo: repo,
    files: new Map(entries.map((file) => [file.path, file])),
  };
  return { release, blobs, reads };
}
