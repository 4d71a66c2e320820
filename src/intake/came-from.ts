// SPDX-License-Identifier: Apache-2.0
import type { Catalog } from '#src/catalog/catalog.ts';
import type { Source } from '#src/domain/manifest.ts';
import { type Repo, repoKey } from '#src/domain/repo.ts';
import { cameFrom } from '#src/upstream/repo-url.ts';

/**
 * The source, and where the repo's releases came from until now, where that is another upstream. The last release
 * counts: once a person has let one in from the new place, the next ones come from there too.
 */
export async function withOrigin(
  { catalog }: { readonly catalog: Pick<Catalog, 'lastRelease'> },
  asked: Repo,
  source: Source,
): Promise<Source> {
  if (!source.upstream) return source;
  const names = repoKey(asked) === repoKey(source.repo) ? [asked] : [asked, source.repo];
  for (const name of names) {
    const before = await catalog.lastRelease(name);
    if (before && !cameFrom(before.upstream, source.upstream.url))
      return { ...source, upstream: { ...source.upstream, before: before.upstream.url } };
  }
  return source;
}
