// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import { isRepoKind, type Repo, repoIdProblem } from '#src/domain/repo.ts';
import type { Found, Match, Matcher } from './found.ts';
import type { Entry } from './tree.ts';

/*
 * What huggingface_hub keeps of a repo:
 *
 *   models--org--name/blobs/<etag>              bytes, named by sha256 (LFS) or git blob id
 *   models--org--name/snapshots/<commit>/<path> a link to a blob; where links are not possible, the file itself
 *   models--org--name/refs/main                 a commit
 */

/** The repo of a folder by its name; undefined for any other folder. */
export function cachedRepo(folderName: string): Repo | undefined {
  const [kind = '', ...segments] = folderName.split('--');
  const id = segments.join('/');
  return isRepoKind(kind) && segments.length > 0 && repoIdProblem(id) === undefined ? { kind, id } : undefined;
}

interface SnapshotEntry extends Entry {
  readonly commit: string;
  readonly file: string;
  /** Name of the blob that it links to. */
  readonly blob?: string;
}

export async function* sweepCacheFolder(matcher: Matcher, folder: string, repo: Repo): AsyncGenerator<Found> {
  const whole = matcher.byName((revoked) => revoked.repo(repo));
  const blobs = await matchedBlobs(matcher, folder, whole);
  const linked = new Set<string>();
  const needed = new Set<string>();
  const found: { entry: SnapshotEntry; match: Match }[] = [];
  for await (const entry of snapshotEntries(matcher, folder)) {
    const match = whole ?? (await entryMatch(matcher, entry, blobs));
    if (entry.blob) (match ? linked : needed).add(entry.blob);
    if (match) found.push({ entry, match });
  }
  for (const { entry, match } of found) {
    // A blob that another commit needs stays: of the revoked one, the link goes.
    const blob = entry.blob && !needed.has(entry.blob) ? [join(folder, 'blobs', entry.blob)] : [];
    // The blob first: were the link gone and the blob not, nothing would lead to it any more.
    yield { ...match, path: entry.path, repo, commit: entry.commit, remove: [...blob, entry.path] };
  }
  for (const [name, match] of blobs) {
    const path = join(folder, 'blobs', name);
    if (!linked.has(name) && !needed.has(name)) yield { ...match, path, repo, remove: [path] };
  }
}

async function matchedBlobs(matcher: Matcher, folder: string, whole: Match | undefined): Promise<Map<string, Match>> {
  const matches = new Map<string, Match>();
  for await (const { name, path, type } of matcher.tree.entries(join(folder, 'blobs'))) {
    if (type !== 'file') continue;
    // Of a download that broke off, the part that came is there under the same name and an ending.
    const etag = name.replace(/(?:\.[0-9a-f]+)?\.incomplete$/, '');
    const match = whole ?? matcher.byName((revoked) => revoked.named(etag)) ?? (await matcher.byBytes(path));
    if (match) matches.set(name, match);
  }
  return matches;
}

async function* snapshotEntries({ tree, problem }: Matcher, folder: string): AsyncGenerator<SnapshotEntry> {
  const blobs = join(folder, 'blobs');
  for await (const entry of tree.below(join(folder, 'snapshots'))) {
    const [commit = '', ...rest] = entry.from.split('/');
    const file = rest.join('/');
    if (entry.type === 'file') yield { ...entry, commit, file };
    if (entry.type !== 'link') continue;
    const target = await tree.target(entry.path);
    const blob = target?.startsWith(join(blobs, '/')) ? target.slice(blobs.length + 1) : undefined;
    if (blob && !/[\\/]/.test(blob)) yield { ...entry, commit, file, blob };
    else {
      problem(entry.path, 'is a link that leads to no blob of this folder, and was not followed');
      yield { ...entry, commit, file };
    }
  }
}

async function entryMatch(
  matcher: Matcher,
  { commit, file, blob, path, type }: SnapshotEntry,
  blobs: ReadonlyMap<string, Match>,
): Promise<Match | undefined> {
  const named = matcher.byName((revoked) => revoked.commit(commit) ?? revoked.file(commit, file));
  if (named || blob !== undefined) return named ?? blobs.get(blob ?? '');
  return type === 'file' ? matcher.byBytes(path) : undefined;
}
