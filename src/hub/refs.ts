// SPDX-License-Identifier: Apache-2.0
import type { RepoState } from '#src/catalog/repo-state.ts';
import type { RefKind } from '#src/domain/revision.ts';

interface RefEntry {
  name: string;
  ref: string;
  targetCommit: string;
}

/** `/refs` (hub-api 3.4): what is pinned here and approved. Upstream's heads are not disclosed. */
export function refsOf(
  state: RepoState,
  withPulls: boolean,
): { branches: RefEntry[]; tags: RefEntry[]; converts: RefEntry[]; pullRequests?: RefEntry[] } {
  const of = (kind: RefKind): RefEntry[] =>
    [...state.pins]
      .filter(([, pin]) => pin.kind === kind && state.commits.get(pin.commit)?.status === 'approved')
      .map(([name, pin]) => ({ name: shortName(kind, name), ref: fullName(kind, name), targetCommit: pin.commit }));
  return {
    branches: of('branch'),
    tags: of('tag'),
    converts: of('convert'),
    ...(withPulls ? { pullRequests: of('pull') } : {}),
  };
}

function fullName(kind: RefKind, name: string): string {
  if (kind === 'branch') return `refs/heads/${name}`;
  if (kind === 'tag') return `refs/tags/${name}`;
  return name;
}

function shortName(kind: RefKind, name: string): string {
  return kind === 'convert' ? name.replace(/^refs\/convert\//, '') : name;
}
