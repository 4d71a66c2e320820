// SPDX-License-Identifier: Apache-2.0
import type { Release } from '#src/domain/release.ts';
import type { Actor } from './actor.ts';

/** Whether somebody, or a stranger, may have a release: what upstream shows to few is for tokens that were granted it. */
export function mayRead(actor: Actor | undefined, { restricted, repo }: Pick<Release, 'restricted' | 'repo'>): boolean {
  return !restricted || (actor?.grants.allow(repo) ?? false);
}
