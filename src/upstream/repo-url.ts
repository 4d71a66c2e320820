// SPDX-License-Identifier: Apache-2.0
import type { Repo } from '#src/domain/repo.ts';

/** A repo's address at the upstream of this base. */
export function repoUrl(base: string, repo: Repo): string {
  return `${base}/${repo.kind === 'models' ? '' : `${repo.kind}/`}${repo.id}`;
}

/** Whether a release, as its statement tells, came from the upstream of this base. */
export function cameFrom({ url, repo }: { readonly url: string; readonly repo: Repo }, base: string): boolean {
  return url === repoUrl(base, repo);
}
