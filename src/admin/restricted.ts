// SPDX-License-Identifier: Apache-2.0
import { type Actor, may } from '#src/access/actor.ts';
import { mayRead } from '#src/access/restricted.ts';
import type { Catalog } from '#src/catalog/catalog.ts';
import { restrictionOf } from '#src/catalog/chosen-release.ts';
import { AirlockError } from '#src/domain/errors.ts';
import type { Release } from '#src/domain/release.ts';
import { type Repo, repoName } from '#src/domain/repo.ts';
import type { Revision } from '#src/domain/revision.ts';

/** @throws AirlockError unauthorized, forbidden: the release is for tokens that were granted it */
export function requireGrant(actor: Actor | undefined, release: Pick<Release, 'repo' | 'restricted'>): void {
  if (mayRead(actor, release)) return;
  const name = repoName(release.repo);
  const text = `${name} is gated or private upstream: here it is for tokens that were granted it. Ask the mirror's operators for one (they run: airlock token create NAME --owner YOU --grant ${name}).`;
  throw new AirlockError(actor ? 'forbidden' : 'unauthorized', text, { repo: name });
}

/** For what is said of a revision, served or not. Who decides sees the evidence of everything. @throws as {@link requireGrant} */
export async function requireGrantFor(
  catalog: Pick<Catalog, 'find' | 'state' | 'lastRestricted'>,
  actor: Actor | undefined,
  repo: Repo,
  revision: Revision,
): Promise<void> {
  if (actor && may(actor, 'inspect')) return;
  const found = await catalog.find(repo, revision);
  if (found.type === 'release') requireGrant(actor, found.release);
  requireGrant(actor, await restrictionOf(catalog, repo));
}
