// SPDX-License-Identifier: Apache-2.0
import type { PublisherEvidence } from '#src/domain/evidence.ts';
import type { Source } from '#src/domain/manifest.ts';

/** Who stands behind a repo, by upstream's answer about it: the name that upstream uses now, not the one asked for. */
export function publisherOf({ repo, createdAt, lastModified }: Source): PublisherEvidence {
  const slash = repo.id.indexOf('/');
  return {
    namespace: slash < 0 ? '' : repo.id.slice(0, slash),
    ...(createdAt === undefined ? {} : { oldest: createdAt }),
    ...(lastModified === undefined ? {} : { newest: lastModified }),
  };
}
