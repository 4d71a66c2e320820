// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gitOidOf, sha256Of } from '#src/domain/digest.ts';
import { parseRepoPath } from '#src/domain/path.ts';
import type { Repo } from '#src/domain/repo.ts';
import type { CommitSha } from '#src/domain/revision.ts';
import { ann, draft, MAIN } from '#test/catalog/drafts.ts';
import type { House } from '#test/support/house.ts';

export interface Published {
  readonly commit: CommitSha;
  readonly files: Readonly<Record<string, string | Uint8Array>>;
  readonly lastModified?: string;
  readonly createdAt?: string;
  /** Upstream's own name, where it is another. */
  readonly upstream?: Repo;
  /** Default: `main` is pinned to it. */
  readonly pinned?: boolean;
}

/** A release with these bytes in the store, as an intake leaves it. */
export async function publishFiles(
  { blobs, publisher }: Pick<House, 'blobs' | 'publisher'>,
  repo: Repo,
  { commit, files, upstream = repo, pinned = true, ...times }: Published,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'airlock-published-'));
  const served = await Promise.all(
    Object.entries(files).map(async ([path, content], i) => {
      const bytes = Buffer.from(content);
      const sha256 = sha256Of(bytes);
      await writeFile(join(folder, String(i)), bytes);
      await blobs.put(sha256, bytes.length, join(folder, String(i)));
      const digests = { sha256, gitOid: gitOidOf(bytes) };
      return { path: parseRepoPath(path), size: bytes.length, ...digests, format: 'text', verdict: 'pass' as const };
    }),
  );
  await rm(folder, { recursive: true });
  const { lastModified = '2026-01-01T00:00:00.000Z', createdAt = lastModified } = times;
  const origin = { url: 'https://hub.test', repo: upstream, lastModified, createdAt };
  const statement = { ...draft(repo, commit), upstream: origin, files: served, withheld: [], excluded: [] };
  if (!(await publisher.publish(statement))) throw new Error(`${repo.id} was not published`);
  if (pinned) await publisher.pin(repo, { ref: MAIN, kind: 'branch', commit }, ann);
}
