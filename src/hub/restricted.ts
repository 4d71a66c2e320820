// SPDX-License-Identifier: Apache-2.0
import type { Context } from 'hono';
import { type Actor, actorOf } from '#src/access/actor.ts';
import { mayRead } from '#src/access/restricted.ts';
import type { Release } from '#src/domain/release.ts';
import { type Repo, repoKey, repoName } from '#src/domain/repo.ts';
import { UNAUTHORIZED } from './read-access.ts';
import type { HubError } from './respond.ts';

/** Undefined where whoever asks may have the release. It needs no look at the index: grants come with the actor. */
export function refusedRestricted(c: Context, release: Pick<Release, 'repo' | 'restricted'>): HubError | undefined {
  const actor = actorOf(c);
  return mayRead(actor, release) ? undefined : restrictedError(release.repo, actor);
}

/** 403 for who is known here, 401 for who is not: the one says what is missing, the other who asks (hub-api 6.1). */
function restrictedError(repo: Repo, actor: Actor | undefined): HubError {
  const name = repoName(repo);
  const command = `airlock token create NAME --owner YOU --grant ${name}`;
  const whose = actor
    ? `your token "${actor.name}" of this mirror was not granted it`
    : 'no token of this mirror was sent';
  const message = `[airlock] ${name} is gated or private upstream: here it is for tokens that were granted it, and ${whose}. Ask the mirror's operators for one (they run: ${command}), then set HF_TOKEN or run: hf auth login`;
  const warningTopic = `airlock-restricted-${repoKey(repo).replaceAll('/', '-')}`;
  return { ...(actor ? { status: 403 } : UNAUTHORIZED), code: 'GatedRepo', message, warningTopic };
}
